//! Jobs that a server takes for its workers.

use std::time::Duration;

use super::{JobId, ServerId};
use crate::batch::BatchId;

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
