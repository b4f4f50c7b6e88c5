//! What waits to be sent to one client: a bounded queue, and what happens when it is full.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

/// Bytes a transport takes at once.
const BATCH: usize = 64 * 1024;

/// How much may wait for one client, and what happens to a client that is slower.
#[derive(Debug, Clone, Copy)]
pub struct OutboxLimits {
    /// Messages that may wait. Default 1,000.
    pub messages: usize,
    /// Bytes that may wait. Default 1 MiB. A single larger message still passes through an empty outbox.
    pub bytes: usize,
    /// What happens when a message finds the outbox full. Default: disconnect.
    pub when_full: WhenFull,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self {
            messages: 1_000,
            bytes: 1024 * 1024,
            when_full: WhenFull::Disconnect,
        }
    }
}

/// What happens to a client that does not keep up. It never delays others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The connection ends; the client may reconnect.
    Disconnect,
    /// The messages that have waited longest are thrown away.
    DropOldest,
    /// Of the messages with the same client method and the same
    /// [key](crate::Recipients::about) only the latest waits; if that is not enough, the oldest go.
    KeepLatest,
}

/// One message on its way to a client.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Bytes,
    pub(crate) kind: Kind,
}

/// What may be done with a message that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call of a client method; may be thrown away.
    Call(Subject),
    /// An answer or question; must arrive.
    Answer,
    /// Of this socket alone: handshake, ping, close, and what stateful reconnect says.
    Control,
    /// A message that another socket has been given already.
    Resent,
}

/// A number that stands for a client method's name and a key: what `KeepLatest` compares.
pub(crate) type Subject = u64;

impl Outgoing {
    pub(crate) fn call(bytes: Bytes, subject: Subject) -> Self {
        let kind = Kind::Call(subject);
        Self { bytes, kind }
    }

    pub(crate) fn answer(bytes: Bytes) -> Self {
        let kind = Kind::Answer;
        Self { bytes, kind }
    }

    pub(crate) fn control(bytes: Bytes) -> Self {
        let kind = Kind::Control;
        Self { bytes, kind }
    }

    /// Whether stateful reconnect numbers it.
    fn is_counted(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::Answer)
    }

    fn resent(bytes: Bytes) -> Self {
        let kind = Kind::Resent;
        Self { bytes, kind }
    }

    fn may_be_dropped(&self) -> bool {
        matches!(self.kind, Kind::Call(_))
    }
}

#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    ready: Notify,
    room: Notify,
    limits: OutboxLimits,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Outgoing>,
    bytes: usize,
    finished: bool,
    sent: Option<Sent>,
}

/// What was given to a socket and may have to be given to another.
#[derive(Debug)]
struct Sent {
    messages: VecDeque<Bytes>,
    bytes: usize,
    limit: usize,
    /// The number of the first of them.
    first: u64,
}

/// The outbox was full and its policy is to disconnect.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

impl Outbox {
    pub(crate) fn bounded(limits: OutboxLimits) -> Self {
        Self {
            queue: Mutex::default(),
            ready: Notify::new(),
            room: Notify::new(),
            limits,
        }
    }

    /// Adds a message without waiting; a full outbox answers by its policy.
    pub(crate) fn push(&self, message: Outgoing) -> Result<(), Overflow> {
        let mut queue = self.lock();
        if queue.finished {
            return Ok(());
        }

        if self.is_full(&queue, &message) {
            self.make_room(&mut queue, &message)?;
        }
        queue.add(message);
        drop(queue);
        self.ready.notify_one();
        Ok(())
    }

    /// Adds a message after waiting for room: for those who produce as fast as the client reads.
    pub(crate) async fn push_when_room(&self, message: Outgoing) {
        loop {
            let room = self.room.notified();
            {
                let mut queue = self.lock();
                if queue.finished {
                    return;
                }
                if !self.is_full(&queue, &message) {
                    queue.add(message);
                    drop(queue);
                    self.ready.notify_one();
                    return;
                }
            }
            room.await;
        }
    }

    /// Waits for messages and takes up to 64 KiB of them (one, if it is larger). None: all is sent.
    pub(crate) async fn take(&self) -> Option<Vec<Outgoing>> {
        loop {
            let ready = self.ready.notified();
            if let Some(batch) = self.take_now() {
                return Some(batch);
            }
            if self.is_finished() {
                return None;
            }
            ready.await;
        }
    }

    /// What waits now, up to 64 KiB.
    pub(crate) fn take_now(&self) -> Option<Vec<Outgoing>> {
        let mut queue = self.lock();
        let batch = queue.take_batch();
        drop(queue);
        if batch.is_empty() {
            return None;
        }

        self.room.notify_waiters();
        Some(batch)
    }

    /// From now on keeps what is sent, up to so many bytes, until the client says it has it.
    pub(crate) fn keep_sent(&self, limit: usize) {
        self.lock().sent = Some(Sent {
            messages: VecDeque::new(),
            bytes: 0,
            limit,
            first: 1,
        });
    }

    /// The client has everything up to this number.
    pub(crate) fn forget_sent(&self, up_to: u64) {
        let mut queue = self.lock();
        if let Some(sent) = &mut queue.sent {
            sent.forget(up_to);
        }
        drop(queue);
        self.ready.notify_one();
    }

    /// Prepares for another socket: `announce` writes the number of the first message it will get.
    pub(crate) fn rewind(&self, announce: impl FnOnce(u64) -> Bytes) {
        let mut queue = self.lock();
        queue
            .messages
            .retain(|message| matches!(message.kind, Kind::Call(_) | Kind::Answer));
        if let Some(sent) = &queue.sent {
            let announcement = Outgoing::control(announce(sent.first));
            let again: Vec<_> = sent
                .messages
                .iter()
                .cloned()
                .map(Outgoing::resent)
                .collect();
            again
                .into_iter()
                .rev()
                .chain([announcement])
                .for_each(|message| queue.messages.push_front(message));
        }
        queue.count_bytes();
        drop(queue);
        self.ready.notify_one();
    }

    /// Throws away what waits, and takes nothing more.
    pub(crate) fn discard(&self) {
        let mut queue = self.lock();
        queue.messages = VecDeque::new();
        queue.bytes = 0;
        drop(queue);
        self.finish();
    }

    /// Nothing more will be added; what waits is still sent.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.ready.notify_waiters();
        self.ready.notify_one();
        self.room.notify_waiters();
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.lock().finished
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().messages.is_empty()
    }

    fn is_full(&self, queue: &Queue, message: &Outgoing) -> bool {
        !queue.messages.is_empty()
            && (queue.messages.len() >= self.limits.messages
                || queue.bytes + message.bytes.len() > self.limits.bytes)
    }

    fn make_room(&self, queue: &mut Queue, message: &Outgoing) -> Result<(), Overflow> {
        match self.limits.when_full {
            WhenFull::Disconnect => return Err(Overflow),
            WhenFull::DropOldest => {}
            WhenFull::KeepLatest => queue.drop_superseded(message),
        }
        while self.is_full(queue, message) {
            if !queue.drop_oldest() {
                return Err(Overflow);
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, message: Outgoing) {
        self.bytes += message.bytes.len();
        self.messages.push_back(message);
    }

    fn take_batch(&mut self) -> Vec<Outgoing> {
        let mut batch = Vec::new();
        let mut taken = 0;
        while let Some(message) = self.messages.front() {
            let length = message.bytes.len();
            if taken > 0 && taken + length > BATCH || !self.may_be_sent(message) {
                break;
            }
            taken += length;
            batch.extend(self.messages.pop_front());
            self.keep(batch.last());
        }

        self.bytes -= taken;
        if self.messages.is_empty() {
            // An idle connection keeps no memory for its busiest moment.
            self.messages = VecDeque::new();
        }
        batch
    }

    fn may_be_sent(&self, message: &Outgoing) -> bool {
        match &self.sent {
            Some(sent) if message.is_counted() => sent.has_room(),
            _ => true,
        }
    }

    fn keep(&mut self, message: Option<&Outgoing>) {
        if let (Some(sent), Some(message)) = (&mut self.sent, message)
            && message.is_counted()
        {
            sent.bytes += message.bytes.len();
            sent.messages.push_back(message.bytes.clone());
        }
    }

    fn count_bytes(&mut self) {
        self.bytes = self
            .messages
            .iter()
            .map(|message| message.bytes.len())
            .sum();
    }

    fn drop_superseded(&mut self, latest: &Outgoing) {
        if latest.may_be_dropped() {
            self.messages.retain(|message| message.kind != latest.kind);
            self.count_bytes();
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.messages.iter().position(Outgoing::may_be_dropped);
        let Some(dropped) = oldest.and_then(|oldest| self.messages.remove(oldest)) else {
            return false;
        };
        self.bytes -= dropped.bytes.len();
        true
    }
}

impl Sent {
    fn has_room(&self) -> bool {
        self.bytes < self.limit
    }

    fn forget(&mut self, up_to: u64) {
        while self.first <= up_to
            && let Some(message) = self.messages.pop_front()
        {
            self.bytes -= message.len();
            self.first += 1;
        }
    }
}
