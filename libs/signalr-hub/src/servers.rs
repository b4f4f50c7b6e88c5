//! Which other servers of the hub are alive.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{backplane::Command, core::Core};

/// So many beats may be missed: then a server is gone.
const SILENT_BEATS: u32 = 3;

#[derive(Debug, Default)]
pub(crate) struct Servers {
    /// When each was heard last.
    heard: Mutex<HashMap<String, Instant>>,
}

impl Servers {
    /// Whatever a server says shows that it lives.
    pub(crate) fn heard(&self, server: &str) {
        let now = Instant::now();
        let mut heard = self.lock();
        match heard.get_mut(server) {
            Some(last) => *last = now,
            None => drop(heard.insert(server.to_owned(), now)),
        }
    }

    /// A server says that it ends.
    pub(crate) fn left(&self, server: &str) {
        self.lock().remove(server);
    }

    /// All that were heard during the last three beats.
    pub(crate) fn living(&self, beat: Duration) -> HashSet<String> {
        let mut heard = self.lock();
        heard.retain(|_, last| last.elapsed() < beat * SILENT_BEATS);
        heard.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the others that this server lives, for as long as it does.
pub(crate) async fn beat(core: Weak<Core>, every: Duration) {
    let Some(ready) = core.upgrade() else { return };
    ready.is_listening().await;
    ready.tell_others(Command::Hello).await;
    drop(ready);

    let mut interval = interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(core) = core.upgrade() else { return };
        core.tell_others(Command::Alive).await;
    }
}

impl Core {
    async fn tell_others(self: &Arc<Self>, command: Command) {
        if let Err(error) = self.publish(command).await {
            tracing::debug!(%error, "the other servers do not hear that this one lives");
        }
    }
}
