use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

/// Waits for the storage's wake-ups and passes them on.
pub(crate) struct Listener {
    session: Arc<Session>,
}

impl Listener {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
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
        self.session.storage.job_enqueued().await;
    }
}
