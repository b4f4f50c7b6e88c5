use async_trait::async_trait;
use jiff::Timestamp;

use super::{JobId, StorageError};
use crate::batch::BatchId;
use crate::continuation::Parent;
use crate::state::State;

/// Many jobs as one thing, and who waits for whom.
#[async_trait]
pub trait Batches: Send + Sync {
    /// How far a batch is; `None` when there is none of this id, or it has expired.
    async fn batch(&self, id: BatchId) -> Result<Option<BatchProgress>, StorageError>;

    /// The newest batches, at most `limit`: those made before this one, when it is given.
    async fn batches(
        &self,
        before: Option<BatchId>,
        limit: usize,
    ) -> Result<Vec<BatchProgress>, StorageError>;

    /// What a job continues, whether it waits still or not, at most `limit`, by id.
    async fn parents(&self, job: JobId, limit: usize) -> Result<Vec<Parent>, StorageError>;

    /// The jobs that continue this one, whether they wait still or not, at most `limit`, by id.
    async fn children(&self, parent: Parent, limit: usize) -> Result<Vec<JobId>, StorageError>;
}

/// How far a batch is. The numbers are kept up to date, not counted when asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProgress {
    /// The batch.
    pub id: BatchId,
    /// When the first of its jobs was stored.
    pub created_at: Timestamp,
    /// All its jobs.
    pub jobs: u64,
    /// How many of them are `Succeeded`.
    pub succeeded: u64,
    /// How many of them are `Failed`: in the dead letter queue.
    pub failed: u64,
    /// How many of them are `Deleted`.
    pub deleted: u64,
    /// When the last of its jobs ended; `None` while some have not.
    pub ended_at: Option<Timestamp>,
}

impl BatchProgress {
    /// How many of its jobs have not ended.
    pub const fn pending(&self) -> u64 {
        self.jobs - self.succeeded - self.failed - self.deleted
    }

    /// [How it has ended](Self::end), or `Processing`.
    pub fn state(&self) -> State {
        self.end().unwrap_or(State::Processing)
    }

    /// How the whole of it has ended: `Failed` when any of its jobs is, else `Deleted` when any is,
    /// else `Succeeded`. `None` while some have not ended.
    pub const fn end(&self) -> Option<State> {
        if self.pending() > 0 {
            return None;
        }
        Some(if self.failed > 0 {
            State::Failed
        } else if self.deleted > 0 {
            State::Deleted
        } else {
            State::Succeeded
        })
    }
}
