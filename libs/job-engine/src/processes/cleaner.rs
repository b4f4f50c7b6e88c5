use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::retention::Retention;
use crate::session::Session;
use crate::storage::StorageError;

const BATCH: usize = 1000;
const INTERVAL: Duration = Duration::from_mins(1);

/// Lets the others have the storage between two batches.
const PAUSE: Duration = Duration::from_millis(100);

/// Removes what has expired.
pub(crate) struct Cleaner {
    session: Arc<Session>,
    /// Of the kinds that this server knows, until the storage knows them.
    retentions: Option<KindRetentions>,
}

type KindRetentions = Vec<(String, Option<Retention>)>;

impl Cleaner {
    pub(crate) fn of(session: &Arc<Session>, retentions: KindRetentions) -> Self {
        Self {
            session: session.clone(),
            retentions: Some(retentions),
        }
    }

    async fn tell_retentions(&mut self) -> Result<(), StorageError> {
        if let Some(retentions) = &self.retentions {
            self.session.storage.set_retentions(retentions).await?;
            self.retentions = None;
        }
        Ok(())
    }
}

#[async_trait]
impl Process for Cleaner {
    const NAME: &'static str = "cleaner";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        self.tell_retentions().await?;
        let retention = self.session.options.retention;
        let removed = self
            .session
            .storage
            .remove_expired(retention, BATCH)
            .await?;
        Ok(if removed == BATCH { PAUSE } else { INTERVAL })
    }
}
