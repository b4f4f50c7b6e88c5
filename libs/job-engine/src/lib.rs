//! Persistent background jobs.

pub mod job;
pub mod new_job;
pub mod retry;
pub mod state;
pub mod storage;

pub use job::{Attempt, Failure, Job, JobError};
pub use new_job::{Due, NewJob};
pub use retry::RetryPolicy;
pub use state::State;
pub use storage::{JobId, ServerId, Storage, StorageError};
