//! Continuing a connection on another socket (stateful reconnect).
//!
//! Both sides count the messages they get. Each tells the other how far it is, and after a change of
//! sockets sends again what the other has not confirmed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::protocol::{Message, Protocol};

/// How far a connection has come with what its client sends.
#[derive(Debug)]
pub(crate) struct Resume {
    protocol: Protocol,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The number of the last message on the present socket.
    current: u64,
    /// The highest number handled.
    handled: u64,
    /// The highest number confirmed to the client.
    confirmed: u64,
    /// On another socket, nothing counts before the client has said where it begins.
    awaits_sequence: bool,
}

/// The client says it sent messages that never came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gap;

impl Gap {
    pub(crate) const TEXT: &str = "Sequence ID greater than amount of messages we've received.";
}

impl Resume {
    pub(crate) fn counting_from_start(protocol: Protocol) -> Self {
        Self {
            protocol,
            counts: Mutex::default(),
        }
    }

    /// Counts a message; false if it is to be skipped, because it was handled on an earlier socket.
    pub(crate) fn is_due(&self, message: &Message) -> bool {
        if !is_counted(message) {
            return true;
        }
        let mut counts = self.lock();
        if counts.awaits_sequence {
            return false;
        }
        counts.current += 1;
        let is_due = counts.current > counts.handled;
        counts.handled = counts.handled.max(counts.current);
        is_due
    }

    /// The client says which number its next message has.
    pub(crate) fn begin_at(&self, sequence: u64) -> Result<(), Gap> {
        let mut counts = self.lock();
        if sequence > counts.handled + 1 {
            return Err(Gap);
        }
        counts.current = sequence.saturating_sub(1);
        counts.awaits_sequence = false;
        Ok(())
    }

    pub(crate) fn change_socket(&self) {
        self.lock().awaits_sequence = true;
    }

    /// What to tell the client if it has sent more since it was told last.
    pub(crate) fn confirmation(&self) -> Option<Bytes> {
        let mut counts = self.lock();
        if counts.confirmed == counts.handled {
            return None;
        }
        counts.confirmed = counts.handled;
        Some(self.protocol.ack(counts.handled))
    }

    /// What tells the client which number the next message to it has.
    pub(crate) fn announcement(&self, sequence: u64) -> Bytes {
        self.protocol.sequence(sequence)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_counted(message: &Message) -> bool {
    match message {
        Message::Invocation(_)
        | Message::StreamInvocation(_)
        | Message::StreamItem { .. }
        | Message::Completion { .. }
        | Message::CancelInvocation { .. } => true,
        Message::Ping
        | Message::Close { .. }
        | Message::Ack { .. }
        | Message::Sequence { .. }
        | Message::Unknown => false,
    }
}
