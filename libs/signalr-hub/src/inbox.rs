//! What a client has sent and the hub has not read yet: a bounded stream of bytes.

use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

/// Bytes that may wait for the hub; then the transport stops reading from its client.
const CAPACITY: usize = 64 * 1024;

/// Between a transport, which writes, and a session, which reads.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    readable: Notify,
    writable: Notify,
    interrupted: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: BytesMut,
    end: Option<InputEnd>,
    stop: Option<Stop>,
    /// The next bytes come from another socket.
    is_restarting: bool,
    /// The user has proved anew who they are.
    is_refreshed: bool,
    reader_gone: bool,
}

/// Why no more bytes will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InputEnd {
    /// The client closed its side in an orderly way.
    Closed,
    /// The transport broke.
    Lost(String),
}

/// Why the hub ends a connection by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Aborted,
    ClientTimeout,
    Expired,
    Revoked,
    TooSlow,
    Shutdown,
}

/// What a session finds when it looks into the inbox.
#[derive(Debug)]
pub(crate) enum Input {
    Bytes(Bytes),
    End(InputEnd),
    Stop(Stop),
    /// What was read of an incomplete message is void: the client begins anew, on another socket.
    Restart,
    /// The user has proved anew who they are.
    Refreshed,
}

impl Inbox {
    /// Adds bytes, after waiting for room. False when nobody will read them.
    pub(crate) async fn write(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            let writable = self.writable.notified();
            match self.write_some(rest) {
                None => return false,
                Some(written) => rest = &rest[written..],
            }
            if rest.is_empty() {
                return true;
            }
            writable.await;
        }
    }

    /// Says that no more bytes will come. The first reason stays.
    pub(crate) fn end(&self, end: InputEnd) {
        self.lock().end.get_or_insert(end);
        self.readable.notify_one();
        self.writable.notify_waiters();
    }

    /// Says that the next bytes come from another socket.
    pub(crate) fn restart(&self) {
        self.lock().is_restarting = true;
        self.readable.notify_one();
    }

    /// Tells the session that its user has proved anew who they are.
    pub(crate) fn refresh(&self) {
        self.lock().is_refreshed = true;
        self.readable.notify_one();
    }

    /// Tells the session to end at once, whatever bytes are left. The first reason stays.
    pub(crate) fn stop(&self, stop: Stop) {
        self.lock().stop.get_or_insert(stop);
        self.readable.notify_one();
        self.interrupted.notify_waiters();
    }

    /// Waits for what the session has to look at next.
    pub(crate) async fn read(&self) -> Input {
        loop {
            let readable = self.readable.notified();
            if let Some(input) = self.read_now() {
                return input;
            }
            readable.await;
        }
    }

    /// Waits until the session is told to end at once.
    pub(crate) async fn stopped(&self) -> Stop {
        loop {
            let interrupted = self.interrupted.notified();
            if let Some(stop) = self.lock().stop {
                return stop;
            }
            interrupted.await;
        }
    }

    /// Refuses all further bytes: their session has ended.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.reader_gone = true;
        state.bytes = BytesMut::new();
        drop(state);
        self.writable.notify_waiters();
        self.writable.notify_one();
    }

    fn write_some(&self, bytes: &[u8]) -> Option<usize> {
        let mut state = self.lock();
        if state.reader_gone || state.end.is_some() {
            return None;
        }

        let room = if state.is_restarting {
            0
        } else {
            CAPACITY - state.bytes.len()
        };
        let written = bytes.len().min(room);
        state.bytes.extend_from_slice(&bytes[..written]);
        drop(state);
        if written > 0 {
            self.readable.notify_one();
        }
        Some(written)
    }

    fn read_now(&self) -> Option<Input> {
        let mut state = self.lock();
        if let Some(stop) = state.stop {
            return Some(Input::Stop(stop));
        }
        if std::mem::take(&mut state.is_refreshed) {
            return Some(Input::Refreshed);
        }
        if state.bytes.is_empty() && state.is_restarting {
            state.is_restarting = false;
            drop(state);
            self.writable.notify_one();
            return Some(Input::Restart);
        }
        if state.bytes.is_empty() {
            return state.end.clone().map(Input::End);
        }

        // Taking the whole buffer leaves an idle connection without any.
        let bytes = std::mem::take(&mut state.bytes).freeze();
        drop(state);
        self.writable.notify_one();
        Some(Input::Bytes(bytes))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
