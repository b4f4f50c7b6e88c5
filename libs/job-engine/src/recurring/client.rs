use std::io;

use jiff::Timestamp;

use super::plan;
use super::schedule::{Schedule, ScheduleError};
use super::{InvalidId, RecurringJob, Unreadable};
use crate::new_job::NewJobError;
use crate::storage::{
    Advance, CarriedOut, Deed, JobId, Order, RecurringRecord, SharedStorage, StorageError,
};

/// How often a recurring job may be changed by others while it is being changed.
const TRIES: usize = 10;

/// Gives recurring jobs to the engine, and orders about them. Cheap to clone.
///
/// Whatever a person is to see of them (next runs, last runs, errors) is asked of
/// [`RecurringStorage`](crate::storage::RecurringStorage).
#[derive(Debug, Clone)]
pub struct RecurringJobs {
    storage: SharedStorage,
    /// What the audit log says of each change.
    deed: Option<Deed>,
}

/// The recurring job is as it was before, unless the storage's answer was lost.
#[derive(Debug, thiserror::Error)]
pub enum RecurringError {
    /// It cannot be called so.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// The job itself cannot be stored.
    #[error(transparent)]
    Job(#[from] NewJobError),
    /// Its schedule is none.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// What is stored of it cannot be read, so it cannot run.
    #[error("the recurring job `{id}` cannot be read: {why}")]
    Unreadable {
        /// Which recurring job.
        id: String,
        /// What cannot be read of it.
        why: String,
    },
    /// The storage failed. Trying again may help.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl RecurringJobs {
    pub(crate) fn of(storage: SharedStorage) -> Self {
        Self {
            storage,
            deed: None,
        }
    }

    /// Each change is written down as this deed, in one transaction.
    pub(crate) fn written_down(self, deed: Deed) -> Self {
        Self {
            deed: Some(deed),
            ..self
        }
    }

    /// Makes it known, or brings what is known of it up to date; to be called whenever the program
    /// starts.
    ///
    /// Where nothing has changed, nothing is written. A new schedule starts from now. One that is
    /// paused stays paused. A schedule that a person has changed since stays as it is, until the
    /// code says something else than it said before.
    pub async fn add_or_update(&self, job: &RecurringJob) -> Result<(), RecurringError> {
        job.check_id()?;
        for _ in 0..TRIES {
            let stored = self.storage.recurring_job(&job.id).await?;
            let now = self.storage.time().await?;
            let wanted = match &stored {
                None => added(job, now),
                Some(stored) => updated(stored, job, now),
            };
            if Some(&wanted) == stored.as_ref() || self.save(wanted).await? {
                return Ok(());
            }
        }
        Err(always_changing(&job.id).into())
    }

    /// Takes it out, with its history. Jobs that it has created stay. `false` when there is none.
    pub async fn remove(&self, id: &str) -> Result<bool, StorageError> {
        match &self.deed {
            None => self.storage.remove_recurring(id).await,
            Some(deed) => {
                let order = Order::RemoveRecurring { id: id.to_owned() };
                Ok(self.storage.carry_out(&order, deed).await?.is_done())
            }
        }
    }

    /// Creates no jobs any more until it is [resumed](Self::resume); those that exist stay. The
    /// reason is shown with it. `false` when there is none.
    pub async fn pause(&self, id: &str, reason: &str) -> Result<bool, StorageError> {
        self.change(id, |record, now| {
            record.paused_at = record.paused_at.or(Some(now));
            record.paused_because = Some(reason.to_owned());
            record.next_at = None;
            record.look_at = None;
        })
        .await
    }

    /// Goes on with the next occurrence; those of the pause were not wanted and are not made up
    /// for. `false` when there is none.
    pub async fn resume(&self, id: &str) -> Result<bool, StorageError> {
        self.change(id, |record, now| {
            if record.paused_at.take().is_some() {
                record.paused_because = None;
                plan::start(record, now);
            }
        })
        .await
    }

    /// Gives it another schedule, from now on; this is for people, code says it with
    /// [`add_or_update`](Self::add_or_update). Occurrences that are due already under the old
    /// schedule are not made up for. `false` when there is none.
    pub async fn reschedule(&self, id: &str, schedule: &Schedule) -> Result<bool, StorageError> {
        self.change(id, |record, now| set_schedule(record, schedule, now))
            .await
    }

    /// Runs it now, also while it is paused or an earlier run lives. The schedule goes on as if
    /// nothing had happened. The reason goes into its history. When its unique key is held, the answer
    /// is the job that holds it. `None` when there is no such recurring job.
    pub async fn run_now(&self, id: &str, reason: &str) -> Result<Option<JobId>, RecurringError> {
        for _ in 0..TRIES {
            let Some(record) = self.storage.recurring_job(id).await? else {
                return Ok(None);
            };
            let now = self.storage.time().await?;
            let planned = plan::run_now(&record, now, reason);
            let (advance, job) = planned.map_err(|error| unreadable(id, &error))?;
            if let CarriedOut::Done(duplicates) = self.advance(advance).await? {
                let holder = duplicates.first().map(|duplicate| duplicate.of);
                return Ok(Some(holder.unwrap_or(job)));
            }
        }
        Err(always_changing(id).into())
    }

    async fn change(
        &self,
        id: &str,
        change: impl Fn(&mut RecurringRecord, Timestamp) + Send + Sync,
    ) -> Result<bool, StorageError> {
        for _ in 0..TRIES {
            let Some(stored) = self.storage.recurring_job(id).await? else {
                return Ok(false);
            };
            let mut wanted = stored.clone();
            change(&mut wanted, self.storage.time().await?);
            if wanted == stored || self.save(wanted).await? {
                return Ok(true);
            }
        }
        Err(always_changing(id))
    }

    async fn save(&self, record: RecurringRecord) -> Result<bool, StorageError> {
        match &self.deed {
            None => self.storage.save_recurring(&record).await,
            Some(deed) => {
                let order = Order::SaveRecurring(record);
                Ok(self.storage.carry_out(&order, deed).await?.is_done())
            }
        }
    }

    async fn advance(&self, plan: Advance) -> Result<CarriedOut, StorageError> {
        match &self.deed {
            None => {
                let advanced = self.storage.advance_recurring(&[plan]).await?.pop();
                Ok(advanced.into())
            }
            Some(deed) => {
                let order = Order::AdvanceRecurring(plan);
                self.storage.carry_out(&order, deed).await
            }
        }
    }
}

fn added(job: &RecurringJob, now: Timestamp) -> RecurringRecord {
    let schedule = job.schedule.text();
    let time_zone = job.schedule.time_zone().to_owned();
    let mut record = RecurringRecord {
        id: job.id.clone(),
        revision: 0,
        kind: job.job.kind.clone(),
        job: template(job),
        code_schedule: schedule.clone(),
        code_time_zone: time_zone.clone(),
        schedule,
        time_zone,
        missed_runs: job.missed_runs.to_string(),
        overlap: job.overlap.to_string(),
        next_at: None,
        look_at: None,
        paused_at: None,
        paused_because: None,
        error: None,
        runs: 0,
        created_at: now,
        changed_at: now,
    };
    plan::start(&mut record, now);
    record
}

fn updated(stored: &RecurringRecord, job: &RecurringJob, now: Timestamp) -> RecurringRecord {
    let mut record = RecurringRecord {
        kind: job.job.kind.clone(),
        job: template(job),
        missed_runs: job.missed_runs.to_string(),
        overlap: job.overlap.to_string(),
        ..stored.clone()
    };
    let text = job.schedule.text();
    if record.code_schedule != text || record.code_time_zone != job.schedule.time_zone() {
        record.code_schedule = text;
        job.schedule
            .time_zone()
            .clone_into(&mut record.code_time_zone);
        set_schedule(&mut record, &job.schedule, now);
    }
    record
}

/// What it enqueues, as JSON.
fn template(job: &RecurringJob) -> String {
    serde_json::to_string(&job.job).expect("texts and numbers are always JSON")
}

fn set_schedule(record: &mut RecurringRecord, schedule: &Schedule, now: Timestamp) {
    let is_new = record.schedule != schedule.text() || record.time_zone != schedule.time_zone();
    record.schedule = schedule.text();
    schedule.time_zone().clone_into(&mut record.time_zone);
    if is_new && record.paused_at.is_none() {
        plan::start(record, now);
    }
}

fn unreadable(id: &str, why: &Unreadable) -> RecurringError {
    RecurringError::Unreadable {
        id: id.to_owned(),
        why: why.to_string(),
    }
}

fn always_changing(id: &str) -> StorageError {
    let message = format!("the recurring job `{id}` changes all the time");
    StorageError::unavailable(io::Error::other(message))
}
