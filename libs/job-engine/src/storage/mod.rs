//! Everything the engine asks of a database: the seam.
//!
//! A storage is right when it passes the `conformance` suite. Its clock is the only one that
//! counts: every "now" below is the storage's, never the caller's. The trait may grow with the
//! engine; implement it outside of this workspace at your own risk.

pub mod advancing;
mod audit;
mod batches;
pub mod check;
mod claims;
mod commands;
#[cfg(feature = "conformance")]
#[expect(missing_docs, reason = "the tests are named by what they show")]
pub mod conformance;
mod error;
mod error_group;
pub mod expiry;
mod history;
mod ids;
mod kinds;
mod limits;
mod marks;
pub mod memory;
mod monitor;
mod notes;
mod operations;
pub mod reasons;
mod recurring;
mod rings;
mod search;
mod seen_limit;
mod servers;
mod settlements;
mod slow_answer;
mod stand_by;
mod throughput;
pub mod turns;
mod why;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use audit::{AuditEntry, AuditLog, CarriedOut, Deed, Order};
pub use batches::{BatchProgress, Batches};
pub use claims::{Claim, Claimed, ClaimedJob, KnownKind, Lease};
pub use commands::{Act, Command, Commanded};
pub use error::StorageError;
pub use error_group::ErrorGroup;
pub use history::HistoryEntry;
pub use ids::{JobId, ServerId};
pub use kinds::KindSummary;
pub use limits::{
    HoldUps, LATEST_START, Limit, Limited, Limits, Pause, Rate, Room, Slot, UnfitLimit,
    UnknownKind, UsedLimit,
};
pub use marks::Marks;
pub use monitor::{
    Counts, Cursor, JobDetails, JobQuery, JobSummary, LogLine, Monitor, Page, QueueSummary,
    ServerSummary,
};
pub use notes::{NewLine, Progress, RunNotes};
pub use operations::{NewOperation, Operation, OperationId, OperationStatus, Operations};
pub use recurring::{
    Advance, Advanced, DueRecord, DueRecurring, KEPT_RUNS, NewRun, Origin, RecurringPage,
    RecurringQuery, RecurringRecord, RecurringRun, RecurringStorage, RecurringSummary, RunCause,
    UNKNOWN_KIND_PATIENCE,
};
pub use rings::Rings;
pub use search::{ArgumentTest, Condition, Test, TimeRange, like_pattern, literal_part};
pub use seen_limit::SeenLimit;
pub use servers::{Heartbeat, Rescued, ServerAnnouncement, ServerOrder};
pub use settlements::{Outcome, Settled, Settlement};
pub use slow_answer::SlowAnswer;
pub use stand_by::{Reservation, Seated, Seats, StandBy, StandBys};
pub use throughput::{Resolution, Throughput};

use self::why::Surroundings;
use crate::new_job::NewJob;
use crate::retention::Retention;
use crate::state::State;
use crate::unique::Duplicate;

/// What [`Storage::enqueue_due`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DueJobs {
    /// How many went from `Scheduled` to `Enqueued`.
    pub enqueued: usize,
    /// In how long the next one is due, zero if some are due already; `None` when nothing is
    /// scheduled.
    pub next_in: Option<Duration>,
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

    /// Returns when jobs may have become `Enqueued` (enqueued, due, requeued, rescued), in this
    /// process or, where the storage can tell, in another one. `seen` is as for
    /// [`leases_revoked`](Self::leases_revoked). Wake-ups are hints: workers poll as well.
    async fn job_enqueued(&self, seen: u64) -> u64;

    /// Wakes the workers: for who has just committed a transaction of their own that enqueued.
    fn announce_enqueued(&self);

    /// Lets jobs be claimed for this server, until it is dropped, by whoever enqueues them here: in
    /// the transaction that stores them, and as a [`claim`](Self::claim) would that finds nothing
    /// else. Such jobs wake nobody. A storage may do without, where it would gain nothing.
    fn stand_by(&self, _server: &Arc<dyn StandBy>) {}
}

/// A storage that is shared.
pub type SharedStorage = Arc<dyn Storage>;
