//! Jobs that come again and again.
//!
//! [`Client::recurring`](crate::Client::recurring) leads here.

mod client;
#[cfg(test)]
mod clock_changes;
mod cron;
mod interval;
mod occurrence;
pub(crate) mod plan;
mod policies;
mod schedule;

use uuid::Uuid;

use crate::new_job::{Due, NewJob, NewJobError};
use crate::storage::{JobId, RecurringRecord};

pub use client::{RecurringError, RecurringJobs};
pub use policies::{MissedRuns, Overlap, UnknownPolicy};
pub use schedule::{Schedule, ScheduleError};

/// A job that is to run at every occurrence of a schedule: what
/// [`RecurringJobs::add_or_update`] takes.
///
/// ```
/// # use job_engine::{Attempt, Job, JobError, NewJob};
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct SendDigest;
/// # impl Job for SendDigest {
/// #     const NAME: &'static str = "send_digest";
/// #     type Context = ();
/// #     async fn run(&self, _: &(), _: &Attempt) -> Result<(), JobError> { Ok(()) }
/// # }
/// use job_engine::recurring::{MissedRuns, Overlap, RecurringJob, Schedule};
///
/// let schedule = Schedule::cron("0 7 * * MON-FRI")?.in_time_zone("Europe/Berlin")?;
/// let digest = RecurringJob::new("morning-digest", &SendDigest, schedule)?
///     .missed_runs(MissedRuns::Ignorable)
///     .overlap(Overlap::Skip);
/// assert_eq!(digest.job.queue, "default");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RecurringJob {
    /// What it is called, for ever: 1 to 100 letters, digits and `-`, `_`, `.`, `:`.
    pub id: String,
    /// What is enqueued at each occurrence, under an id of the occurrence's own.
    pub job: NewJob,
    /// When.
    pub schedule: Schedule,
    /// What becomes of occurrences at whose time no server ran. Default: one run for all of them.
    pub missed_runs: MissedRuns,
    /// What to do while an earlier run still lives. Default: run beside it.
    pub overlap: Overlap,
}

/// An id that a recurring job cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be the id of a recurring job: it takes 1 to 100 letters, digits and `-`, `_`, `.`, `:`"
)]
pub struct InvalidId(String);

impl RecurringJob {
    /// Runs the job at every occurrence of the schedule, in the job's own queue.
    pub fn new<J: crate::Job>(
        id: impl Into<String>,
        job: &J,
        schedule: Schedule,
    ) -> Result<Self, NewJobError> {
        Ok(Self::enqueuing(id, NewJob::of(job)?, schedule))
    }

    /// Enqueues such a job at every occurrence of the schedule: for one with a queue or a priority
    /// of its own.
    pub fn enqueuing(id: impl Into<String>, job: NewJob, schedule: Schedule) -> Self {
        Self {
            id: id.into(),
            job: NewJob {
                id: JobId(Uuid::nil()),
                due: Due::Now,
                ..job
            },
            schedule,
            missed_runs: MissedRuns::default(),
            overlap: Overlap::default(),
        }
    }

    /// Does this about occurrences that were missed.
    pub fn missed_runs(mut self, missed_runs: MissedRuns) -> Self {
        self.missed_runs = missed_runs;
        self
    }

    /// Does this while an earlier run still lives.
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    pub(crate) fn check_id(&self) -> Result<(), InvalidId> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if (1..=100).contains(&self.id.len()) && self.id.bytes().all(is_allowed) {
            return Ok(());
        }
        Err(InvalidId(self.id.clone()))
    }
}

/// What is stored of a recurring job, read.
pub(crate) struct Definition {
    pub(crate) job: NewJob,
    pub(crate) schedule: Schedule,
    pub(crate) missed_runs: MissedRuns,
    pub(crate) overlap: Overlap,
}

/// What is stored cannot be read here; the text is for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(transparent)]
    Policy(#[from] UnknownPolicy),
    #[error("the job that it enqueues cannot be read: {0}")]
    Job(#[from] serde_json::Error),
}

impl Definition {
    pub(crate) fn read(record: &RecurringRecord) -> Result<Self, Unreadable> {
        Ok(Self {
            schedule: record.schedule()?,
            missed_runs: record.missed_runs.parse()?,
            overlap: record.overlap.parse()?,
            job: serde_json::from_str(&record.job)?,
        })
    }
}
