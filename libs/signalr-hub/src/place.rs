//! The place of the one request or socket that serves a connection at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::connection::Connection;

#[derive(Debug, Default)]
pub(crate) struct Place {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    latest: u64,
    is_held: bool,
}

/// A request or socket that has the place; dropping it makes the place free.
#[derive(Debug)]
pub(crate) struct Turn {
    connection: Arc<Connection>,
    number: u64,
}

impl Turn {
    /// Takes the place, if it is free.
    pub(crate) fn try_take(connection: &Arc<Connection>) -> Option<Self> {
        let mut state = connection.place.lock();
        if state.is_held {
            return None;
        }
        state.is_held = true;
        state.latest += 1;
        Some(Self::of(connection, state.latest))
    }

    /// Takes the place from whoever has it, as soon as they have left. None: somebody came later.
    pub(crate) async fn take_over(connection: &Arc<Connection>) -> Option<Self> {
        let place = &connection.place;
        let number = place.announce();
        loop {
            let changed = place.changed.notified();
            {
                let mut state = place.lock();
                if state.latest != number {
                    return None;
                }
                if !state.is_held {
                    state.is_held = true;
                    return Some(Self::of(connection, number));
                }
            }
            changed.await;
        }
    }

    /// Waits until somebody wants to take over.
    pub(crate) async fn replaced(&self) {
        let place = &self.connection.place;
        loop {
            let changed = place.changed.notified();
            if place.lock().latest != self.number {
                return;
            }
            changed.await;
        }
    }

    fn of(connection: &Arc<Connection>, number: u64) -> Self {
        connection.set_active(true);
        Self {
            connection: Arc::clone(connection),
            number,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let place = &self.connection.place;
        place.lock().is_held = false;
        self.connection.set_active(false);
        place.changed.notify_waiters();
    }
}

impl Place {
    fn announce(&self) -> u64 {
        let mut state = self.lock();
        state.latest += 1;
        let number = state.latest;
        drop(state);
        self.changed.notify_waiters();
        number
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
