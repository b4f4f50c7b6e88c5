use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

const BATCH: usize = 1000;
const INTERVAL: Duration = Duration::from_mins(1);

/// Lets the others have the storage between two batches.
const PAUSE: Duration = Duration::from_millis(100);

/// Removes what has expired.
pub(crate) struct Cleaner {
    session: Arc<Session>,
}

impl Cleaner {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
        }
    }
}

#[async_trait]
impl Process for Cleaner {
    const NAME: &'static str = "cleaner";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let retention = self.session.options.retention;
        let removed = self
            .session
            .storage
            .remove_expired(retention, BATCH)
            .await?;
        Ok(if removed == BATCH { PAUSE } else { INTERVAL })
    }
}
