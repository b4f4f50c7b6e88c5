//! What a run says about itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Lease;

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
