use std::sync::atomic::{AtomicU64, Ordering};

use crate::meters;
use crate::storage::Outcome;

/// What a server has done since it started. The numbers are of claims, not of jobs: a job that
/// failed twice and then succeeded counts three times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub succeeded: u64,
    /// Failed, and another attempt follows.
    pub retried: u64,
    /// Given up, and kept or deleted as their policy says.
    pub failed: u64,
    /// Put off by the job itself, or until no other job that may kill its process runs.
    pub snoozed: u64,
    /// Handed back because the server stopped, or because no worker came free in time.
    pub returned: u64,
    /// Ended after their lease was lost; nothing was recorded for them.
    pub stale: u64,
    /// Recorded or not: the storage failed before it answered, and when it was asked again the
    /// lease was no longer valid.
    pub unclear: u64,
}

/// Where a server counts.
#[derive(Debug, Default)]
pub(crate) struct TallySheet {
    succeeded: AtomicU64,
    retried: AtomicU64,
    failed: AtomicU64,
    snoozed: AtomicU64,
    returned: AtomicU64,
    stale: AtomicU64,
    unclear: AtomicU64,
}

impl TallySheet {
    pub(crate) fn read(&self) -> Tally {
        Tally {
            succeeded: self.succeeded.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            snoozed: self.snoozed.load(Ordering::Relaxed),
            returned: self.returned.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
            unclear: self.unclear.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn count(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Succeeded { .. } => &self.succeeded,
            Outcome::Retry { .. } => &self.retried,
            Outcome::Failed { .. } | Outcome::Discarded { .. } => &self.failed,
            Outcome::Snoozed { .. } => &self.snoozed,
            Outcome::Returned { .. } => &self.returned,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_stale(&self) {
        meters::stale();
        self.stale.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_unclear(&self) {
        self.unclear.fetch_add(1, Ordering::Relaxed);
    }
}
