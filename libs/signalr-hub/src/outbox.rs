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
    /// Of the messages to the same client method only the latest waits; if that is not enough, the oldest go.
    KeepLatest,
}

/// One message on its way to a client.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Bytes,
    /// The client method it calls: what `KeepLatest` compares. None: must not be thrown away.
    pub(crate) subject: Option<Subject>,
}

/// A number that stands for a client method's name.
pub(crate) type Subject = u64;

impl Outgoing {
    /// A message that must arrive: answers, pings, the end of a stream.
    pub(crate) fn required(bytes: Bytes) -> Self {
        Self {
            bytes,
            subject: None,
        }
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
        let mut taken = 0;
        let count = self
            .messages
            .iter()
            .take_while(|message| {
                let fits = taken == 0 || taken + message.bytes.len() <= BATCH;
                taken += message.bytes.len();
                fits
            })
            .count();

        let batch: Vec<_> = self.messages.drain(..count).collect();
        self.bytes -= batch
            .iter()
            .map(|message| message.bytes.len())
            .sum::<usize>();
        if self.messages.is_empty() {
            // An idle connection keeps no memory for its busiest moment.
            self.messages = VecDeque::new();
        }
        batch
    }

    fn drop_superseded(&mut self, latest: &Outgoing) {
        if latest.subject.is_some() {
            self.messages
                .retain(|message| message.subject != latest.subject);
            self.bytes = self
                .messages
                .iter()
                .map(|message| message.bytes.len())
                .sum();
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self
            .messages
            .iter()
            .position(|message| message.subject.is_some());
        let Some(dropped) = oldest.and_then(|oldest| self.messages.remove(oldest)) else {
            return false;
        };
        self.bytes -= dropped.bytes.len();
        true
    }
}
