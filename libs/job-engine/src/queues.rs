use crate::storage::{QueueSummary, SharedStorage, StorageError};

/// Orders about queues, and how they are. Made by [`Client::queues`](crate::Client::queues).
#[derive(Debug, Clone)]
pub struct Queues {
    storage: SharedStorage,
}

impl Queues {
    pub(crate) fn of(storage: &SharedStorage) -> Self {
        Self {
            storage: storage.clone(),
        }
    }

    /// Stops a queue on all servers: they claim nothing more from it, while running jobs go on and
    /// jobs can still be enqueued. It stays paused over restarts, until it is resumed. A queue may
    /// be paused before its first job.
    ///
    /// `by` and `reason` are shown to who wonders why nothing runs.
    pub async fn pause(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError> {
        self.storage.pause_queue(queue, by, reason).await
    }

    /// Lets a paused queue go on. Answers whether it was paused.
    pub async fn resume(&self, queue: &str) -> Result<bool, StorageError> {
        self.storage.resume_queue(queue).await
    }

    /// Every queue that has or had a job or is paused, by name.
    pub async fn list(&self) -> Result<Vec<QueueSummary>, StorageError> {
        self.storage.queues().await
    }
}
