use std::sync::Arc;

use application::ports::JobControl;
use async_trait::async_trait;
use job_engine::storage::Command;
use job_engine::{JobId, State, Storage, StorageError};

/// What people may do with stored jobs, through the engine's storage.
#[derive(Debug)]
pub struct EngineJobControl {
    storage: Arc<dyn Storage>,
}

impl EngineJobControl {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }
}

#[async_trait]
impl JobControl for EngineJobControl {
    async fn state(&self, job: JobId) -> Result<Option<State>, StorageError> {
        let found = self.storage.job(job).await?;
        Ok(found.map(|job| job.summary.state))
    }

    async fn requeue(&self, job: JobId, reason: &str) -> Result<(), StorageError> {
        // What the command does not apply to is enqueued already.
        self.storage.command(job, Command::Requeue, reason).await?;
        Ok(())
    }
}
