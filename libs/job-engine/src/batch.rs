use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::continuation::ContinueOn;
use crate::new_job::{NewJob, NewJobError};

/// The id of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub Uuid);

impl BatchId {
    /// An id that no other batch and no job has.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Many jobs as one thing: stored together, counted together, and waited for together.
///
/// It exists from its first job on and is open until all its jobs have ended. Until then any of its
/// jobs may add others: [`NewJob::in_batch`] with [`Attempt::batch`](crate::Attempt::batch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Made here, so that who enqueues knows it before the transaction commits.
    pub id: BatchId,
    /// The jobs of the batch, and behind them those that continue it.
    pub jobs: Vec<NewJob>,
}

impl Batch {
    /// A batch of these jobs.
    pub fn of(jobs: impl IntoIterator<Item = NewJob>) -> Self {
        let id = BatchId::random();
        Self {
            id,
            jobs: jobs.into_iter().map(|job| job.in_batch(id)).collect(),
        }
    }

    /// Runs this job once the whole batch has ended like this. It is not of the batch itself.
    pub fn then(mut self, job: NewJob, on: ContinueOn) -> Result<Self, NewJobError> {
        self.jobs.push(job.continuing([self.id], on)?);
        Ok(self)
    }
}
