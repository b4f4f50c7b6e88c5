use std::time::Duration;

use jiff::Timestamp;

use crate::job::Job;
use crate::storage::JobId;

/// A job that is about to be stored: what [`Client`](crate::Client) and the storages' `enqueue`
/// functions take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Made here, so that who enqueues knows it before the transaction commits.
    pub id: JobId,
    /// The job's [`NAME`](Job::NAME).
    pub kind: String,
    /// Default: the job's [`QUEUE`](Job::QUEUE).
    pub queue: String,
    /// Higher runs first within a queue. Default 0.
    pub priority: i16,
    /// The job itself as JSON text.
    pub arguments: String,
    /// When it may run. Default: now.
    pub due: Due,
}

/// When a job may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// As soon as a worker is free.
    Now,
    /// After this long, by the storage's clock.
    After(Duration),
    /// At this time, by the storage's clock.
    At(Timestamp),
}

/// The job cannot be written as JSON, or is larger than [`NewJob::MAX_ARGUMENTS_BYTES`].
#[derive(Debug, thiserror::Error)]
pub enum NewJobError {
    /// Its `Serialize` refuses, for example because of a map whose keys are no strings.
    #[error("the job `{kind}` cannot be written as JSON: {source}")]
    NotJson {
        kind: &'static str,
        source: serde_json::Error,
    },
    /// It carries more than a job should.
    #[error(
        "the job `{kind}` has {bytes} bytes of arguments; at most 262144 are stored. Pass an id instead of the thing itself"
    )]
    TooLarge { kind: &'static str, bytes: usize },
}

impl NewJob {
    /// The most that a job's arguments may take as JSON, in bytes.
    pub const MAX_ARGUMENTS_BYTES: usize = 256 * 1024;

    /// The job, to run at once in its own queue.
    pub fn of<J: Job>(job: &J) -> Result<Self, NewJobError> {
        let arguments = serde_json::to_string(job).map_err(|source| NewJobError::NotJson {
            kind: J::NAME,
            source,
        })?;
        if arguments.len() > Self::MAX_ARGUMENTS_BYTES {
            return Err(NewJobError::TooLarge {
                kind: J::NAME,
                bytes: arguments.len(),
            });
        }

        Ok(Self {
            id: JobId::random(),
            kind: J::NAME.to_owned(),
            queue: J::QUEUE.to_owned(),
            priority: 0,
            arguments,
            due: Due::Now,
        })
    }

    /// Runs it in this queue instead of the job's own.
    pub fn in_queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = queue.into();
        self
    }

    /// Lets it go before (higher) or after (lower) others of its queue.
    pub fn with_priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Runs it after this long.
    pub fn after(mut self, delay: Duration) -> Self {
        self.due = Due::After(delay);
        self
    }

    /// Runs it at this time.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.due = Due::At(time);
        self
    }
}
