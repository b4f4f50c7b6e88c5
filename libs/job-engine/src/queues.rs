use crate::storage::{Limit, Limited, QueueSummary, SharedStorage, StorageError, UnfitLimit};

/// Orders about queues, and how they are. Made by [`Client::queues`](crate::Client::queues).
#[derive(Debug, Clone)]
pub struct Queues {
    storage: SharedStorage,
}

/// The limit was not set.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// It makes no sense; the text says why.
    #[error(transparent)]
    Unfit(#[from] UnfitLimit),
    /// The storage failed. Trying again may help.
    #[error(transparent)]
    Storage(#[from] StorageError),
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

    /// Limits how many jobs of the queue run at the same time or begin within a period, over all
    /// servers together and from their next claim on. Takes the place of an earlier limit.
    pub async fn limit(&self, queue: &str, limit: Limit) -> Result<(), LimitError> {
        limit.check()?;
        let of = Limited::Queue(queue.to_owned());
        Ok(self.storage.set_limit(&of, limit).await?)
    }

    /// Takes the queue's limit away. Answers whether it had one.
    pub async fn unlimit(&self, queue: &str) -> Result<bool, StorageError> {
        let of = Limited::Queue(queue.to_owned());
        self.storage.remove_limit(&of).await
    }

    /// Every queue that has or had a job, is paused or has a limit, by name.
    pub async fn list(&self) -> Result<Vec<QueueSummary>, StorageError> {
        self.storage.queues().await
    }
}
