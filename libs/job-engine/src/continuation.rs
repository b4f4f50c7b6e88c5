use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::batch::BatchId;
use crate::storage::JobId;

/// What a job waits for before it may run, while it is `Awaiting`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// All of these have to end.
    pub parents: Vec<Parent>,
    /// How they have to end.
    pub on: ContinueOn,
}

/// How what a job waits for has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContinueOn {
    /// Every parent has to succeed. While one rests as `Failed` the job waits on, for the dead
    /// letter queue is where jobs are taken up again; when one is `Deleted`, so is the job.
    Success,
    /// Every parent has to end: as `Succeeded`, `Failed` or `Deleted`.
    AnyEnd,
}

/// What a job can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Parent {
    /// The job.
    Job(JobId),
    /// All jobs of the batch.
    Batch(BatchId),
}

impl Parent {
    /// What has this id.
    pub const fn of(id: Uuid, is_batch: bool) -> Self {
        if is_batch {
            return Self::Batch(BatchId(id));
        }
        Self::Job(JobId(id))
    }

    /// Its id; jobs and batches have none in common.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Job(JobId(id)) | Self::Batch(BatchId(id)) => id,
        }
    }
}

impl From<JobId> for Parent {
    fn from(job: JobId) -> Self {
        Self::Job(job)
    }
}

impl From<BatchId> for Parent {
    fn from(batch: BatchId) -> Self {
        Self::Batch(batch)
    }
}

impl ContinueOn {
    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::AnyEnd => "AnyEnd",
        }
    }
}

impl Continuation {
    /// For the history of the job that waits.
    pub fn reason(&self) -> String {
        let parents = match self.parents.as_slice() {
            [Parent::Job(job)] => format!("the job {job}"),
            [Parent::Batch(batch)] => format!("the batch {batch}"),
            several => format!("{} others", several.len()),
        };
        match self.on {
            ContinueOn::Success => format!("Waits for {parents} to succeed"),
            ContinueOn::AnyEnd => format!("Waits for {parents} to end"),
        }
    }
}
