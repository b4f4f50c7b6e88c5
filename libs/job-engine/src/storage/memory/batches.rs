use async_trait::async_trait;

use super::MemoryStorage;
use crate::batch::BatchId;
use crate::continuation::Parent;
use crate::storage::{BatchProgress, Batches, JobId, StorageError};

#[async_trait]
impl Batches for MemoryStorage {
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError> {
        Ok(self.tables().batches.get(&id).cloned())
    }

    async fn batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<BatchProgress>, StorageError> {
        Ok(self.tables().newest_batches(before, limit))
    }

    async fn parents(&self, job: JobId, limit: usize) -> Result<Vec<Parent>, StorageError> {
        Ok(self.tables().parents(job, limit))
    }

    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<JobId>, StorageError> {
        Ok(self.tables().children(parent, limit))
    }
}
