use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::Process;
use crate::session::Session;
use crate::storage::{Heartbeat, StorageError};

/// Many jobs that are deleted one after the other do not make the heart beat faster than this.
const PAUSE: Duration = Duration::from_millis(25);

/// Says that this server lives, and learns which leases it has lost: at once where the storage
/// tells that some were taken away.
pub(crate) struct Heart {
    session: Arc<Session>,
    revocations_seen: AtomicU64,
}

/// Since when this server's heartbeats have been answered without a gap, and the storage's clock was
/// not set.
#[derive(Debug)]
pub(crate) struct Health {
    answered: Mutex<Answered>,
}

#[derive(Debug, Clone, Copy)]
struct Answered {
    since: Instant,
    last: Instant,
}

impl Heart {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
            revocations_seen: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Process for Heart {
    const NAME: &'static str = "heartbeat";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let session = &self.session;
        let leases = session.leases.held();
        match session.storage.heartbeat(session.server, &leases).await? {
            Heartbeat::Alive { lost, order } => {
                session.leases.lose(&lost);
                session.obey(order);
            }
            Heartbeat::Gone => session.gone.cancel(),
        }

        session.health.answered(session.options.heartbeat_interval);
        Ok(session.options.heartbeat_interval)
    }

    async fn woken(&self) {
        sleep(PAUSE).await;
        let seen = self.revocations_seen.load(Ordering::Relaxed);
        let news = self.session.storage.leases_revoked(seen).await;
        self.revocations_seen.store(news, Ordering::Relaxed);
    }
}

impl Health {
    pub(crate) fn begin() -> Self {
        let now = Instant::now();
        Self {
            answered: Mutex::new(Answered {
                since: now,
                last: now,
            }),
        }
    }

    fn answered(&self, interval: Duration) {
        let now = Instant::now();
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if is_gap(answered.last, now, interval) {
            answered.since = now;
        }
        answered.last = now;
    }

    /// Whatever was known of the others' heartbeats is known no more.
    pub(crate) fn begin_again(&self) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.since = Instant::now();
    }

    /// For how long the storage has answered without a gap, by a clock that nobody has set; zero
    /// during an outage.
    pub(crate) fn steady_for(&self, interval: Duration) -> Duration {
        let now = Instant::now();
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if is_gap(answered.last, now, interval) {
            return Duration::ZERO;
        }
        now - answered.since
    }
}

fn is_gap(last: Instant, now: Instant, interval: Duration) -> bool {
    now - last > 3 * interval
}
