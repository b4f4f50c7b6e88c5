use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

/// Waits for the storage's wake-ups and passes them on.
pub(crate) struct Listener {
    session: Arc<Session>,
    wake_ups_seen: AtomicU64,
}

impl Listener {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
            wake_ups_seen: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Process for Listener {
    const NAME: &'static str = "listener";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        self.session.enqueued.notify_one();
        Ok(Duration::MAX)
    }

    async fn woken(&self) {
        let seen = self.wake_ups_seen.load(Ordering::Relaxed);
        let news = self.session.storage.job_enqueued(seen).await;
        self.wake_ups_seen.store(news, Ordering::Relaxed);
    }
}
