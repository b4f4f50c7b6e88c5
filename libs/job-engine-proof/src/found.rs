use std::collections::HashMap;

use job_engine::State;
use job_engine::storage::{Counts, JobId, JobQuery, RecurringQuery, Storage, StorageError};

/// Longer than any story goes on.
const MOST_RUNS: usize = 100_000;

/// What a storage says of all its jobs.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub jobs: HashMap<JobId, FoundJob>,
    /// As the storage counts them.
    pub counts: Counts,
    pub occurrences: Vec<Occurrence>,
}

/// An occurrence of a recurring job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The recurring job's id.
    pub of: String,
    /// Microseconds since the Unix epoch.
    pub at: i64,
    pub job: Option<JobId>,
}

/// What a storage says of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundJob {
    pub state: State,
    /// Oldest first, the present state included.
    pub history: Vec<State>,
    pub queue: String,
}

impl Found {
    /// Reads every job with its history, and every occurrence.
    pub async fn read(storage: &dyn Storage) -> Result<Self, StorageError> {
        let mut found = Self::read_jobs(storage).await?;
        let recurring = storage.recurring_jobs(&RecurringQuery::default()).await?;
        for summary in recurring.jobs {
            let of = summary.record.id;
            let runs = storage.recurring_runs(&of, None, MOST_RUNS).await?;
            found
                .occurrences
                .extend(runs.into_iter().map(|run| Occurrence {
                    of: of.clone(),
                    at: run.at.as_microsecond(),
                    job: run.job,
                }));
        }
        Ok(found)
    }

    async fn read_jobs(storage: &dyn Storage) -> Result<Self, StorageError> {
        let mut found = Self {
            counts: storage.counts().await?,
            ..Self::default()
        };
        let mut query = JobQuery {
            limit: 1000,
            ..JobQuery::default()
        };
        loop {
            let page = storage.jobs(&query).await?;
            for job in page.jobs {
                found.add(storage, job.id).await?;
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn add(&mut self, storage: &dyn Storage, id: JobId) -> Result<(), StorageError> {
        if let Some(details) = storage.job(id).await? {
            let history = details.history.iter().map(|entry| entry.state).collect();
            let state = details.summary.state;
            let queue = details.summary.queue;
            let job = FoundJob {
                state,
                history,
                queue,
            };
            self.jobs.insert(id, job);
        }
        Ok(())
    }
}

impl FoundJob {
    /// How often it was claimed, which is the epoch of its last claim.
    pub fn claims(&self) -> i64 {
        let claims = self.history.iter().filter(|s| **s == State::Processing);
        i64::try_from(claims.count()).expect("a history is short")
    }
}
