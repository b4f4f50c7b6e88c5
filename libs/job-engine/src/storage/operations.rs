use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Command, JobQuery, StorageError};

/// What is done to all jobs that match a query: kept in the storage, worked off in small pieces by
/// whichever server has time, and gone on with after a crash.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Keeps the operation; a server of this process begins with it at once, others within a second.
    async fn begin_operation(&self, new: &NewOperation) -> Result<(), StorageError>;

    /// The newest operations, at most `limit`.
    async fn operations(&self, limit: usize) -> Result<Vec<Operation>, StorageError>;

    /// One operation.
    async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StorageError>;

    /// Ends it where it is. Answers whether it was still running.
    async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError>;

    /// Carries out the next piece, at most `limit` jobs, of the oldest running operation that no
    /// other server is at: the commands and the progress in one transaction, or in several one after
    /// the other. Answers how many jobs it looked at; `None` when there is nothing to do.
    async fn advance_operation(&self, limit: usize) -> Result<Option<usize>, StorageError>;

    /// Returns when an operation may have been begun by this process since the last call.
    async fn operation_begun(&self);
}

/// An operation's id. Ids sort by the time of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub Uuid);

impl OperationId {
    /// An id that no other operation has.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl std::fmt::Display for OperationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An operation that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperation {
    /// Its own, for ever.
    pub id: OperationId,
    /// What is done to each job.
    pub command: Command,
    /// To which jobs. Those that come into their state after the operation began are left alone.
    pub query: JobQuery,
    /// The query as a person wrote it.
    pub words: String,
    /// Who asks.
    pub actor: String,
    /// Why, for the history of the jobs.
    pub reason: String,
    /// How many jobs matched when it was asked for.
    pub total: u64,
}

/// An operation and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its own, for ever.
    pub id: OperationId,
    /// What is done to each job.
    pub command: Command,
    /// The query as a person wrote it.
    pub words: String,
    /// Who asked.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// How many jobs matched when it was asked for.
    pub total: u64,
    /// On how many it was carried out.
    pub done: u64,
    /// How many had moved on before their turn came, and were left as they are.
    pub skipped: u64,
    /// Whether it goes on.
    pub status: OperationStatus,
    /// When it was asked for, by the storage's clock.
    pub started_at: Timestamp,
    /// When it came to an end; `None` while it runs.
    pub ended_at: Option<Timestamp>,
}

/// Whether an operation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationStatus {
    /// It goes on, on one server after the other if need be.
    Running,
    /// No further job matches.
    Finished,
    /// A person ended it early.
    Stopped,
}

impl OperationStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Running, Self::Finished, Self::Stopped];

    /// The name that storages keep and dashboards show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Finished => "Finished",
            Self::Stopped => "Stopped",
        }
    }

    /// The status of this [`name`](Self::name).
    pub fn of_name(name: &str) -> Result<Self, StorageError> {
        let found = Self::ALL.into_iter().find(|status| status.name() == name);
        found.ok_or_else(|| StorageError::Corrupt(format!("`{name}` is no status of an operation")))
    }
}
