//! How a run ends.

use std::time::Duration;

use super::Lease;
use crate::job::ErrorReport;

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
    /// What the job was run with, as JSON text, for storages that make it easier to find by that. Empty
    /// where nobody looked.
    pub arguments: String,
}

impl Settlement {
    /// Of a job that was not run, or of which nothing has to be found.
    pub fn new(lease: Lease, outcome: Outcome) -> Self {
        Self {
            lease,
            outcome,
            arguments: String::new(),
        }
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
