use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Advance, Advanced, Limit, Limited, NewOperation, OperationId, RecurringRecord, SeenLimit,
    ServerId, ServerOrder, StorageError,
};
use crate::new_job::NewJob;
use crate::unique::Duplicate;

/// What people did, for ever.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Does what a person orders and writes the deed down, in one transaction: both or neither.
    /// What changes nothing is not written down.
    async fn carry_out(&self, order: &Order, deed: &Deed) -> Result<CarriedOut, StorageError>;

    /// Writes down what was done elsewhere.
    async fn record(&self, deed: &Deed) -> Result<(), StorageError>;

    /// What was written down, newest first: at most `limit` entries, those before the entry with
    /// this number.
    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StorageError>;
}

/// What a person orders of the engine. Each does what the storage's method of its name does; what is
/// asked of a single job is an [`Act`](super::Act).
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// [`Storage::enqueue`](super::Storage::enqueue), of one job.
    Enqueue(NewJob),
    /// [`Limits::pause_queue`](super::Limits::pause_queue), unless it is paused already.
    PauseQueue {
        /// Which queue.
        queue: String,
        /// Who pauses it.
        by: String,
        /// Why, for those who wonder.
        reason: String,
    },
    /// [`Limits::resume_queue`](super::Limits::resume_queue).
    ResumeQueue {
        /// Which queue.
        queue: String,
    },
    /// [`Limits::set_limit`](super::Limits::set_limit), unless another one is in force than was seen.
    SetLimit {
        /// What is limited.
        of: Limited,
        /// The limit from now on.
        limit: Limit,
        /// What was in force when the person looked.
        seen: SeenLimit,
    },
    /// [`Limits::remove_limit`](super::Limits::remove_limit), unless another one is in force than was
    /// seen.
    RemoveLimit {
        /// What is limited.
        of: Limited,
        /// What was in force when the person looked.
        seen: SeenLimit,
    },
    /// [`Storage::order_server`](super::Storage::order_server).
    OrderServer {
        /// Which server.
        server: ServerId,
        /// What it is to do; `None` to work as usual.
        order: Option<ServerOrder>,
    },
    /// [`Operations::begin_operation`](super::Operations::begin_operation).
    BeginOperation(NewOperation),
    /// [`Operations::stop_operation`](super::Operations::stop_operation).
    StopOperation(OperationId),
    /// [`RecurringStorage::save_recurring`](super::RecurringStorage::save_recurring).
    SaveRecurring(RecurringRecord),
    /// [`RecurringStorage::remove_recurring`](super::RecurringStorage::remove_recurring).
    RemoveRecurring {
        /// Which recurring job.
        id: String,
    },
    /// [`RecurringStorage::advance_recurring`](super::RecurringStorage::advance_recurring), of one
    /// recurring job.
    AdvanceRecurring(Advance),
}

/// What came of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarriedOut {
    /// Nothing was changed.
    Nothing,
    /// It was done, but for these jobs, whose unique keys others hold.
    Done(Vec<Duplicate>),
}

impl CarriedOut {
    /// Whether anything was changed.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl From<bool> for CarriedOut {
    /// `true` when something was changed.
    fn from(changed: bool) -> Self {
        if changed {
            Self::Done(Vec::new())
        } else {
            Self::Nothing
        }
    }
}

impl From<Option<Advanced>> for CarriedOut {
    fn from(advanced: Option<Advanced>) -> Self {
        match advanced {
            Some(Advanced::Done(duplicates)) => Self::Done(duplicates),
            Some(Advanced::Stale) | None => Self::Nothing,
        }
    }
}

/// Something that a person did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deed {
    /// Who.
    pub actor: String,
    /// What, in a word or two, for example `requeue`.
    pub action: String,
    /// On what: a job's id, a search, a queue.
    pub target: String,
    /// Why, if they said so.
    pub reason: Option<String>,
    /// On how many jobs.
    pub jobs: u64,
}

/// A deed with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Rises from entry to entry.
    pub number: u64,
    /// When it was done, by the storage's clock.
    pub at: Timestamp,
    /// What was done, by whom and why.
    pub deed: Deed,
}
