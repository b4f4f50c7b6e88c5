use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{JobId, StorageError};
use crate::new_job::NewJob;
use crate::recurring::{Schedule, ScheduleError};
use crate::state::State;
use crate::unique::Duplicate;

/// So many entries of a recurring job's history are kept, and beyond them those whose job is still
/// stored.
pub const KEPT_RUNS: i64 = 100;

/// A recurring job is left to servers that know the kind of its job for this long; after that any
/// server creates the occurrence, and says on the recurring job that nobody knows the kind.
pub const UNKNOWN_KIND_PATIENCE: Duration = Duration::from_secs(10);

/// Where recurring jobs are kept. What they mean is the engine's business: a storage keeps texts and
/// times, and sees to it that a change which does not know of an earlier one changes nothing.
#[async_trait]
pub trait RecurringStorage: Send + Sync {
    /// What time it is, by the only clock that counts.
    async fn time(&self) -> Result<Timestamp, StorageError>;

    /// Stores a record: a new one when its revision is 0, else in the place of the one that has
    /// this revision. `false` when there is none (or one already): nothing was changed. The stored
    /// record has the next revision; `created_at`, `changed_at` and `runs` are the storage's own.
    async fn save_recurring(&self, record: &RecurringRecord) -> Result<bool, StorageError>;

    /// Takes the record out, with its history; jobs that were created stay. `false` when there is
    /// none.
    async fn remove_recurring(&self, id: &str) -> Result<bool, StorageError>;

    /// The records whose [`look_at`](RecurringRecord::look_at) has come, the longest ago first: of
    /// jobs of these kinds, and of others after [`UNKNOWN_KIND_PATIENCE`].
    async fn due_recurring(
        &self,
        kinds: &[String],
        limit: usize,
    ) -> Result<DueRecurring, StorageError>;

    /// Carries plans out in one transaction, all of them or, when a job cannot be stored, none:
    /// moves the records on, enqueues the jobs, writes the histories, and forgets what is too old
    /// of them. Answers in order what came of each.
    ///
    /// A job whose id is stored already, or stands in the plans before, is left out with its entry.
    async fn advance_recurring(&self, plans: &[Advance]) -> Result<Vec<Advanced>, StorageError>;

    /// One record.
    async fn recurring_job(&self, id: &str) -> Result<Option<RecurringRecord>, StorageError>;

    /// The records that match, by id.
    async fn recurring_jobs(&self, query: &RecurringQuery) -> Result<RecurringPage, StorageError>;

    /// The history of a recurring job, newest first: at most `limit` entries with a number below
    /// `before`.
    async fn recurring_runs(
        &self,
        id: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<RecurringRun>, StorageError>;

    /// Returns when a record may have been changed by this process since the last call.
    async fn recurring_changed(&self);
}

/// A recurring job as it is stored: in texts, which a server may be unable to read because it is
/// older or its machine does not know the time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurringRecord {
    /// What it is called, for ever.
    pub id: String,
    /// Rises with every change; 0 when it is not stored yet.
    pub revision: i64,
    /// The kind of the job, for lists and for servers that know it.
    pub kind: String,
    /// A [`NewJob`] as JSON text.
    pub job: String,
    /// A [`Schedule::text`].
    pub schedule: String,
    /// An IANA name.
    pub time_zone: String,
    /// What `schedule` was when code last gave it; a person may have changed it since.
    pub code_schedule: String,
    /// What `time_zone` was when code last gave it.
    pub code_time_zone: String,
    /// A [`MissedRuns::name`](crate::recurring::MissedRuns::name).
    pub missed_runs: String,
    /// An [`Overlap::name`](crate::recurring::Overlap::name).
    pub overlap: String,
    /// The next occurrence; `None` while paused.
    pub next_at: Option<Timestamp>,
    /// When a server is to look at it: at the next occurrence, or to try again what went wrong.
    pub look_at: Option<Timestamp>,
    /// Since when it is paused.
    pub paused_at: Option<Timestamp>,
    /// Why it is paused.
    pub paused_because: Option<String>,
    /// What is wrong with it, for people: it cannot be read, or nobody knows the kind of its job.
    pub error: Option<String>,
    /// How many entries its history has had.
    pub runs: i64,
    /// When it was stored for the first time, by the storage's clock.
    pub created_at: Timestamp,
    /// When it was last changed, by people or by moving on.
    pub changed_at: Timestamp,
}

impl RecurringRecord {
    /// The schedule, if this program and this machine can read it.
    pub fn schedule(&self) -> Result<Schedule, ScheduleError> {
        Schedule::parse(&self.schedule, &self.time_zone)
    }

    /// Whether a person gave it another schedule than the code says.
    pub fn is_edited(&self) -> bool {
        self.schedule != self.code_schedule || self.time_zone != self.code_time_zone
    }
}

/// What [`RecurringStorage::due_recurring`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRecurring {
    /// The storage's time at which it looked.
    pub now: Timestamp,
    /// The longest ago first.
    pub due: Vec<DueRecord>,
    /// In how long the next one of the given kinds is due that is not due yet; `None` when there is
    /// none.
    pub next_in: Option<Duration>,
}

/// A recurring job that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRecord {
    /// As it is stored.
    pub record: RecurringRecord,
    /// Which of its latest 100 jobs still live. Empty when its policy is to let runs overlap.
    pub living: Vec<JobId>,
}

/// What is to happen to a recurring job in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Advance {
    /// The recurring job that it is about.
    pub id: String,
    /// The revision that the plan knows.
    pub revision: i64,
    /// The next occurrence; `None` when it is paused.
    pub next_at: Option<Timestamp>,
    /// When a server is to look at it again; `None` never.
    pub look_at: Option<Timestamp>,
    /// What is wrong with it from now on; `None` when nothing is.
    pub error: Option<String>,
    /// The entries that its history gets, oldest first.
    pub runs: Vec<NewRun>,
}

impl Advance {
    /// Whether none of its jobs has to do with any other one: with parents, a batch or a key.
    pub fn is_plain(&self) -> bool {
        let mut jobs = self.runs.iter().filter_map(|run| run.job.as_ref());
        jobs.all(NewJob::is_plain)
    }
}

/// What came of an [`Advance`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advanced {
    /// The record has another revision by now: nothing was changed.
    Stale,
    /// It was carried out, but for these of its jobs, whose unique keys others hold.
    Done(Vec<Duplicate>),
}

/// An entry for the history, with the job that it creates.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The occurrence; of missed ones, the first.
    pub at: Timestamp,
    /// The last of several occurrences.
    pub until: Option<Timestamp>,
    /// Why there is an entry.
    pub cause: RunCause,
    /// What is enqueued with it.
    pub job: Option<NewJob>,
    /// More about it, for people.
    pub note: Option<String>,
}

impl NewRun {
    /// What is noted instead when the job was not stored, because this one holds its unique key.
    pub fn skipped_for(&self, holder: JobId) -> Self {
        let because = format!("The job {holder} holds its unique key");
        let note = match &self.note {
            Some(note) => format!("{note}. {because}"),
            None => because,
        };
        Self {
            cause: RunCause::Skipped,
            job: None,
            note: Some(note),
            ..self.clone()
        }
    }
}

/// Why there is an entry in the history of a recurring job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunCause {
    /// An occurrence was due, and its job was created.
    Due,
    /// An occurrence had been missed, and its job was created late.
    CaughtUp,
    /// A person asked for a run.
    RunNow,
    /// An occurrence was left out because an earlier run still lived.
    Skipped,
    /// Occurrences were missed, and not made up for.
    Missed,
}

impl RunCause {
    /// Every cause.
    pub const ALL: [Self; 5] = [
        Self::Due,
        Self::CaughtUp,
        Self::RunNow,
        Self::Skipped,
        Self::Missed,
    ];

    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "Due",
            Self::CaughtUp => "CaughtUp",
            Self::RunNow => "RunNow",
            Self::Skipped => "Skipped",
            Self::Missed => "Missed",
        }
    }

    /// Reads a [`name`](Self::name).
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// One entry of the history of a recurring job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurringRun {
    /// From 1, rising.
    pub number: i64,
    /// The occurrence; for a run that a person asked for, when they did; of missed occurrences, the
    /// first.
    pub at: Timestamp,
    /// The last of several occurrences.
    pub until: Option<Timestamp>,
    /// Why there is an entry.
    pub cause: RunCause,
    /// More about it, for people.
    pub note: Option<String>,
    /// When the entry was written, and the job enqueued. Later than `at` by the drift.
    pub noted_at: Timestamp,
    /// The job that was created.
    pub job: Option<JobId>,
    /// The job's state, or its last one if it has expired.
    pub state: Option<State>,
    /// How long the job ran, when it succeeded.
    pub duration: Option<Duration>,
}

impl RecurringRun {
    /// How long after its time the occurrence was seen to.
    pub fn drift(&self) -> Duration {
        let since = self.until.unwrap_or(self.at);
        self.noted_at
            .duration_since(since)
            .try_into()
            .unwrap_or_default()
    }
}

/// Which recurring jobs to list. The default lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecurringQuery {
    /// Only those whose id or kind contains this.
    pub containing: Option<String>,
    /// Continues after this id.
    pub after: Option<String>,
    /// How many at most, 1 to 1000. The default 0 means 20.
    pub limit: usize,
}

/// One page of a list of recurring jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecurringPage {
    /// By id.
    pub jobs: Vec<RecurringSummary>,
    /// The id after which the next page starts; `None` on the last page.
    pub next: Option<String>,
}

/// A recurring job in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecurringSummary {
    /// As it is stored.
    pub record: RecurringRecord,
    /// The newest entry of its history.
    pub last: Option<RecurringRun>,
}

/// Where a job comes from that a recurring job created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The recurring job's id.
    pub recurring_job: String,
    /// Which entry of its history.
    pub run: i64,
    /// The occurrence, or when a person asked for the run.
    pub at: Timestamp,
    /// Why it was created.
    pub cause: RunCause,
}
