use async_trait::async_trait;
use jiff::Timestamp;

use super::StorageError;

/// What holds jobs back, said by people or by the application and honoured by every server at its
/// next claim. Jobs that are held back stay `Enqueued`.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Stops a queue: nothing is claimed from it until it is resumed; what runs goes on. A queue
    /// that is paused already keeps its time and gets the new name and reason.
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError>;

    /// Lets a queue go on, and wakes waiting workers. Answers whether it was paused.
    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError>;
}

/// Why a queue stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who paused it.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}
