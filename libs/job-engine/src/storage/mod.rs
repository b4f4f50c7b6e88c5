//! Everything the engine asks of a database: the seam.
//!
//! A storage is right when it passes the `conformance` suite. Its clock is the only one that
//! counts: every "now" below is the storage's, never the caller's. The trait may grow with the
//! engine; implement it outside of this workspace at your own risk.

pub mod advancing;
mod audit;
mod batches;
pub mod check;
#[cfg(feature = "conformance")]
#[expect(missing_docs, reason = "the tests are named by what they show")]
pub mod conformance;
mod error_group;
pub mod expiry;
mod history;
mod kinds;
mod limits;
pub mod memory;
mod monitor;
mod operations;
pub mod reasons;
mod recurring;
mod search;
mod seen_limit;
mod slow_answer;
mod throughput;
pub mod turns;
mod why;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use audit::{AuditEntry, AuditLog, CarriedOut, Deed, Order};
pub use batches::{BatchProgress, Batches};
pub use error_group::ErrorGroup;
pub use history::HistoryEntry;
pub use kinds::KindSummary;
pub use limits::{
    HoldUps, LATEST_START, Limit, Limited, Limits, Pause, Rate, Room, Slot, UnfitLimit,
    UnknownKind, UsedLimit,
};
pub use monitor::{
    Counts, Cursor, JobDetails, JobQuery, JobSummary, LogLine, Monitor, Page, QueueSummary,
    ServerSummary,
};
pub use operations::{NewOperation, Operation, OperationId, OperationStatus, Operations};
pub use recurring::{
    Advance, Advanced, DueRecord, DueRecurring, KEPT_RUNS, NewRun, Origin, RecurringPage,
    RecurringQuery, RecurringRecord, RecurringRun, RecurringStorage, RecurringSummary, RunCause,
    UNKNOWN_KIND_PATIENCE,
};
pub use search::{ArgumentTest, Condition, Test, TimeRange, like_pattern};
pub use seen_limit::SeenLimit;
pub use slow_answer::SlowAnswer;
pub use throughput::{Resolution, Throughput};

use self::why::Surroundings;
use crate::batch::BatchId;
use crate::job::ErrorReport;
use crate::new_job::NewJob;
use crate::retention::Retention;
use crate::state::State;
use crate::unique::Duplicate;

/// A job's id. Ids sort by the time of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// An id that no other job has.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of one running server: made at each start, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub Uuid);

impl ServerId {
    /// An id that no other server has or had.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to write about a job: the job and the epoch of its claim.
///
/// Each claim of a job has a higher epoch than the one before. Every write of a worker carries its
/// lease and changes nothing when a later epoch exists or the job was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job that was claimed.
    pub job: JobId,
    /// The number of the claim, rising over all claims of the job.
    pub epoch: i64,
}

/// What a server asks for when its workers are free.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Who asks; its jobs are given back when it dies.
    pub server: ServerId,
    /// From which queues, the first one first.
    pub queues: Vec<String>,
    /// Which kinds it can run. Jobs of other kinds, and those with newer arguments, stay where they
    /// are.
    pub kinds: Vec<KnownKind>,
    /// How many at most.
    pub limit: usize,
}

/// A kind of jobs, as far as a server knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownKind {
    /// A name or an alias.
    pub name: String,
    /// The newest version of arguments that it can read.
    pub version: u32,
}

impl From<&str> for KnownKind {
    /// In its first version.
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: 1,
        }
    }
}

/// The answer to a [`Claim`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// In the order in which they are to begin.
    pub jobs: Vec<ClaimedJob>,
    /// More jobs wait whose limit is used up: look again when a job has ended.
    pub is_held_back: bool,
    /// Look again after this time, for a rate opens then; zero when more can be claimed at once.
    pub again_in: Option<Duration>,
}

impl Claimed {
    /// These jobs, and nothing that is held back.
    pub fn jobs(jobs: Vec<ClaimedJob>) -> Self {
        Self {
            jobs,
            ..Self::default()
        }
    }

    /// Adds what was claimed from another queue.
    pub fn add(&mut self, other: Self) {
        self.jobs.extend(other.jobs);
        self.is_held_back |= other.is_held_back;
        self.again_in = self.again_in.into_iter().chain(other.again_in).min();
    }
}

/// A job that a server has claimed: its state is `Processing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Goes with all that is written about this run.
    pub lease: Lease,
    /// By the name under which it was stored.
    pub kind: String,
    /// The queue from which it was claimed.
    pub queue: String,
    /// JSON text.
    pub arguments: String,
    /// The version of the arguments, from 1.
    pub version: u32,
    /// Which attempt this claim is, from 1. A claim that was returned, snoozed or abandoned by a
    /// crash does not count.
    pub attempt: u32,
    /// How often a process died while it ran this job, the first time perhaps just before.
    pub abandoned: u32,
    /// How long it was `Enqueued` before this claim.
    pub waited: Duration,
    /// It counts towards a rate: it begins within [`LATEST_START`] or is handed back.
    pub is_rated: bool,
    /// Whose job it is.
    pub tenant: Option<String>,
    /// In the order in which they were given.
    pub tags: Vec<String>,
    /// The batch that it is of.
    pub batch: Option<BatchId>,
    /// The trace in which it was enqueued.
    pub trace: Option<String>,
}

/// How a claim ended, and which state follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// → `Succeeded`. `result` is JSON text.
    Succeeded {
        /// How long the run took.
        duration: Duration,
        /// What the job left, as JSON text.
        result: Option<String>,
    },
    /// → `Failed` → `Scheduled`, both in the history: the attempt failed and another one follows.
    Retry {
        /// Why the attempt failed.
        error: ErrorReport,
        /// How long it waits before the next one.
        delay: Duration,
        /// For the `Scheduled` entry, for example `Retry attempt 2 of 10: no route to host`.
        reason: String,
    },
    /// → `Failed`, for good.
    Failed {
        /// Why the last attempt failed.
        error: ErrorReport,
        /// Why there is no further one.
        reason: String,
    },
    /// → `Failed` → `Deleted`, both in the history: the last attempt failed, and nobody wants to
    /// keep the job. The reason is for the `Deleted` entry.
    Discarded {
        /// Why the last attempt failed.
        error: ErrorReport,
        /// Why it is not kept.
        reason: String,
    },
    /// → `Scheduled`, without using up an attempt.
    Snoozed {
        /// How long it waits.
        delay: Duration,
        /// For the `Scheduled` entry.
        reason: String,
    },
    /// → `Enqueued`, without using up an attempt: the server stops and the job has not been run to
    /// its end.
    Returned {
        /// For the `Enqueued` entry.
        reason: String,
    },
}

/// The end of a claim, reported by the worker that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The claim that has ended.
    pub lease: Lease,
    /// How.
    pub outcome: Outcome,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// So much is done.
    pub done: u64,
    /// Of so much. Nobody checks that `done` is not more.
    pub total: u64,
}

/// What a run has said about itself since it was asked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunNotes {
    /// The claim that it is about.
    pub lease: Lease,
    /// Replaces what was said before.
    pub progress: Option<Progress>,
    /// In the order of their numbers.
    pub lines: Vec<NewLine>,
}

/// A line for a job's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// Rises over all runs of the job. A number that is stored already is left as it is.
    pub number: u64,
    /// How long ago it was said.
    pub age: Duration,
    /// What was said, at most 2000 bytes.
    pub text: String,
}

impl NewLine {
    /// The number of a run's line at this place, from 0.
    pub(crate) fn number(lease: Lease, place: usize) -> u64 {
        (lease.epoch.unsigned_abs() << 16) + place as u64
    }
}

/// Whether a storage has taken a write that carried a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The outcome is recorded.
    Accepted,
    /// The lease is no longer valid; nothing was changed.
    Stale,
}

/// A server, as it announces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAnnouncement {
    /// New with every start of a server.
    pub id: ServerId,
    /// For people: host and process id, for example `web-1:4711`.
    pub name: String,
    /// From which queues it claims, the first one first.
    pub queues: Vec<String>,
    /// Which kinds of jobs it can run, by all their names.
    pub kinds: Vec<String>,
    /// How many jobs it runs at the same time.
    pub workers: usize,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heartbeat {
    /// The server is known. `lost` are those of the given leases that are no longer valid; `order`
    /// is what people ask of it now.
    Alive {
        /// In no order.
        lost: Vec<Lease>,
        /// `None` to work as usual.
        order: Option<ServerOrder>,
    },
    /// The server was taken for dead and its jobs were given away. It must stop them all and
    /// announce itself anew under another id.
    Gone,
}

/// What people ask of a running server. It holds for this life of the server alone: one that starts
/// anew, or was taken for dead and goes on under another id, works as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerOrder {
    /// Takes no more jobs; what runs goes on.
    Quiet,
    /// Stops as [`RunningServer::stop`](crate::RunningServer::stop) does, with its grace.
    Stop,
}

impl ServerOrder {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Quiet, Self::Stop];

    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Stop => "stop",
        }
    }

    /// The order of this [`name`](Self::name).
    pub fn of_name(name: &str) -> Result<Self, StorageError> {
        let found = Self::ALL.into_iter().find(|order| order.name() == name);
        found.ok_or_else(|| StorageError::Corrupt(format!("`{name}` is no order to a server")))
    }
}

/// What was taken over from servers that are dead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// These are forgotten.
    pub servers: Vec<ServerId>,
    /// These are `Enqueued` again.
    pub jobs: Vec<JobId>,
}

/// What [`Storage::enqueue_due`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DueJobs {
    /// How many went from `Scheduled` to `Enqueued`.
    pub enqueued: usize,
    /// In how long the next one is due, zero if some are due already; `None` when nothing is
    /// scheduled.
    pub next_in: Option<Duration>,
}

/// What a person asks of a job, on a dashboard or by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// → `Enqueued`, from any state but `Enqueued`; attempts and abandonments start again at zero,
    /// the queue stays. A running claim loses its lease.
    Requeue,
    /// `Scheduled` → `Enqueued`, now; attempts go on.
    TriggerNow,
    /// → `Deleted`, from any state but `Deleted`. A running claim loses its lease.
    Delete,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 3] = [Self::Requeue, Self::TriggerNow, Self::Delete];

    /// The name that storages keep.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requeue => "requeue",
            Self::TriggerNow => "trigger",
            Self::Delete => "delete",
        }
    }

    /// The command of this [`name`](Self::name).
    pub fn of_name(name: &str) -> Result<Self, StorageError> {
        let found = Self::ALL.into_iter().find(|command| command.name() == name);
        found.ok_or_else(|| StorageError::Corrupt(format!("`{name}` is no command")))
    }
}

/// What a person does to a job that they look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The job that they look at.
    pub job: JobId,
    /// When the job that they saw had come into its state; one that has changed since is left as it
    /// is. `None` takes it as it is now.
    pub seen: Option<Timestamp>,
    /// What they want of it.
    pub command: Command,
    /// For the job's history.
    pub reason: String,
    /// For the audit log, when it is done.
    pub deed: Option<Deed>,
}

/// What became of a [`Command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commanded {
    /// The job is in the new state.
    Done,
    /// The job is in this state and the command does not apply; nothing was changed.
    NotApplicable(State),
    /// There is no such job, or it has expired.
    NotFound,
}

/// The storage could not do what was asked; nothing is known to have changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database did not answer or refused. Trying again may help.
    #[error("the job storage is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be understood. Trying again will not help.
    #[error("the job storage holds something unreadable: {0}")]
    Corrupt(String),
}

impl StorageError {
    /// The storage did not answer or refused, for this reason.
    pub fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// Where jobs are kept. All methods may be called at the same time from many tasks and processes.
#[async_trait]
pub trait Storage:
    Batches
    + Monitor
    + Operations
    + AuditLog
    + Limits
    + RecurringStorage
    + Send
    + Sync
    + fmt::Debug
    + 'static
{
    /// Stores the jobs in one transaction, all or none, and wakes waiting workers. A job that is
    /// [`Due::Now`](crate::Due::Now) becomes `Enqueued`, one that continues others `Awaiting`, any
    /// other `Scheduled`, even when its time has passed. An id that is stored already is an error; so
    /// are a parent that is not there and a batch that has ended.
    ///
    /// The answer tells, in no order, which jobs were not stored because others hold their keys. One
    /// that is enqueued again while it holds its key is a duplicate of itself, and no error.
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError>;

    /// Claims jobs that are `Enqueued`: the queues in the given order; within one the tenants in
    /// turn, each job of nobody's belonging to one more tenant; within those by priority (highest
    /// first), then oldest first (by id). The turn goes on where the claim before it ended.
    ///
    /// A paused queue gives nothing, and no claim goes beyond a [`Limit`]; a job that is held back
    /// does not stand in the way of others. A server that is not known, because it never
    /// announced itself, retired or was taken for dead, gets nothing: nobody would notice its death.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError>;

    /// Notes that a run has begun, for a job that was abandoned before: only then does the death of
    /// its server count against it once more, see [`rescue`](Self::rescue).
    async fn begin(&self, lease: Lease) -> Result<Settled, StorageError>;

    /// Keeps what runs say about themselves, until their jobs are removed; the answers are in the
    /// order of `notes`.
    async fn note(&self, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError>;

    /// Records how claims ended, in one transaction; the answers are in the order of `settlements`.
    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, StorageError>;

    /// Moves at most `limit` jobs whose time has come from `Scheduled` to `Enqueued`.
    async fn enqueue_due(&self, limit: usize) -> Result<DueJobs, StorageError>;

    /// Does what a person asks; `reason` goes into the history, for example
    /// `Requeued by ada@example.org`.
    async fn command(
        &self,
        job: JobId,
        command: Command,
        reason: &str,
    ) -> Result<Commanded, StorageError>;

    /// Does what a person asks of a job that they have seen, and writes the deed down, both or
    /// neither. A job that has changed since is [`NotApplicable`](Commanded::NotApplicable).
    async fn act(&self, act: &Act) -> Result<Commanded, StorageError>;

    /// Why a job is where it is and what happens next, in a sentence for people. A server runs when
    /// its last heartbeat is younger than `alive_within`.
    async fn why(&self, job: &JobSummary, alive_within: Duration) -> Result<String, StorageError> {
        let needs_servers = matches!(job.state, State::Enqueued | State::Processing);
        let surroundings = Surroundings {
            now: self.time().await?,
            hold_ups: self.hold_ups(job.id).await?,
            servers: if needs_servers {
                self.servers().await?
            } else {
                Vec::new()
            },
            alive_within,
        };
        Ok(surroundings.why(job))
    }

    /// Removes at most `limit` jobs that expired: those `Succeeded` or `Deleted` for longer than
    /// `retention`, or than their kind's own. Answers how many. Keys that nobody holds any more and
    /// batches that ended so long ago go with them.
    async fn remove_expired(
        &self,
        retention: Retention,
        limit: usize,
    ) -> Result<usize, StorageError>;

    /// Says how long jobs of these kinds are kept, for all servers from now on; `None` is as long as
    /// all others.
    async fn set_retentions(
        &self,
        kinds: &[(String, Option<Retention>)],
    ) -> Result<(), StorageError>;

    /// Makes the server known and starts its pulse: whatever tells others that this process died,
    /// faster than missing heartbeats (a session lock, a file lock), where the storage has such a
    /// thing.
    async fn announce(&self, server: &ServerAnnouncement) -> Result<(), StorageError>;

    /// Tells a server what to do from its next heartbeat on; with `None` it works again. One that
    /// was told to stop stays so. Answers whether this changed anything.
    async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<bool, StorageError>;

    /// Says that the server lives and asks whether it still holds `leases`.
    async fn heartbeat(
        &self,
        server: ServerId,
        leases: &[Lease],
    ) -> Result<Heartbeat, StorageError>;

    /// Takes the server out and gives back what it still holds, without counting it as a crash.
    async fn retire(&self, server: ServerId) -> Result<(), StorageError>;

    /// Gives back what the server holds except `held`, without counting it as a crash; answers how
    /// many. For after a claim whose answer was lost: the jobs were claimed, but nobody runs them.
    async fn give_back_except(
        &self,
        server: ServerId,
        held: &[Lease],
    ) -> Result<usize, StorageError>;

    /// Gives back the jobs of servers whose pulse stopped or whose last heartbeat is at least
    /// `timeout` old, and forgets these servers. It counts as an abandonment for jobs that have none
    /// yet, begun or not, and for others if this run had [begun](Self::begin).
    async fn rescue(&self, timeout: Duration) -> Result<Rescued, StorageError>;

    /// Returns when the pulse of some other server may have stopped and [`rescue`](Self::rescue)
    /// should look; waits for ever in a storage that cannot notice.
    async fn peer_died(&self, me: ServerId);

    /// Returns when leases may have been taken away from those who hold them (jobs deleted,
    /// requeued or rescued while they ran), in this process or, where the storage can tell, in
    /// another one. `seen` is the answer of the call before, 0 at first, so that nothing is missed
    /// between two calls; the answer is never `seen`. A hint: heartbeats find out as well.
    async fn leases_revoked(&self, seen: u64) -> u64;

    /// Returns when jobs may have become `Enqueued` since the last call (enqueued, due, requeued,
    /// rescued), in this process or, where the storage can tell, in another one. Wake-ups are
    /// hints: workers poll as well.
    async fn job_enqueued(&self);

    /// Wakes the workers: for who has just committed a transaction of their own that enqueued.
    fn announce_enqueued(&self);
}

/// A storage that is shared.
pub type SharedStorage = Arc<dyn Storage>;
