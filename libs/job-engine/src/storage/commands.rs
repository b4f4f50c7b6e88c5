//! What people ask of a job.

use jiff::Timestamp;

use super::{Deed, JobId, StorageError};
use crate::state::State;

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
