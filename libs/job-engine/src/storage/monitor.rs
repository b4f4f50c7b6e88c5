use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error_group::ErrorGroup;
use super::history::HistoryEntry;
use super::kinds::KindSummary;
use super::search::{Condition, Test};
use super::throughput::{Resolution, Throughput};
use super::{JobId, Limit, Origin, Pause, Progress, ServerId, ServerOrder, StorageError};
use crate::batch::BatchId;
use crate::job::ErrorReport;
use crate::state::State;

const DEFAULT_ROWS: usize = 20;
const MOST_ROWS: usize = 1000;

/// The read-only questions of a dashboard.
#[async_trait]
pub trait Monitor: Send + Sync {
    /// How many jobs are in each state.
    async fn counts(&self) -> Result<Counts, StorageError>;

    /// The jobs that match, newest change first.
    async fn jobs(&self, query: &JobQuery) -> Result<Page, StorageError>;

    /// How many jobs match, counted up to `most`; where the query continues and its limit do not
    /// matter.
    async fn count(&self, query: &JobQuery, most: u64) -> Result<u64, StorageError>;

    /// One job with its history.
    async fn job(&self, id: JobId) -> Result<Option<JobDetails>, StorageError>;

    /// How far the last run of a job is that said something about it.
    async fn progress(&self, id: JobId) -> Result<Option<Progress>, StorageError>;

    /// The lines of a job's log after number `after` (0 for all), oldest first, at most `limit`.
    async fn log(&self, id: JobId, after: u64, limit: usize) -> Result<Vec<LogLine>, StorageError>;

    /// Every queue that has or had a job, is paused or has a limit, by name.
    async fn queues(&self) -> Result<Vec<QueueSummary>, StorageError>;

    /// What happened since then, oldest first; spans in which nothing happened are missing.
    async fn throughput(
        &self,
        resolution: Resolution,
        since: Timestamp,
    ) -> Result<Vec<Throughput>, StorageError>;

    /// The groups of errors with which jobs rest as `Failed` now, the last seen first.
    async fn error_groups(&self, limit: usize) -> Result<Vec<ErrorGroup>, StorageError>;

    /// Every known server, by name.
    async fn servers(&self) -> Result<Vec<ServerSummary>, StorageError>;

    /// How each kind of job has fared lately, by name: of the newest thousand jobs that succeeded and
    /// the newest thousand that were given up.
    async fn kinds(&self) -> Result<Vec<KindSummary>, StorageError> {
        let mut jobs = Vec::new();
        for state in [State::Succeeded, State::Failed] {
            let newest = JobQuery {
                state: Some(state),
                limit: MOST_ROWS,
                ..JobQuery::default()
            };
            jobs.extend(self.jobs(&newest).await?.jobs);
        }
        Ok(KindSummary::of(jobs))
    }
}

/// How many jobs are in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many wait for a worker.
    pub enqueued: u64,
    /// How many wait for their time, retries among them.
    pub scheduled: u64,
    /// How many wait for other jobs.
    pub awaiting: u64,
    /// Those of `scheduled` that wait for another attempt.
    pub retries: u64,
    /// How many run.
    pub processing: u64,
    /// How many have succeeded and are still kept.
    pub succeeded: u64,
    /// How many rest in the dead letter queue.
    pub failed: u64,
    /// How many were deleted and are still kept.
    pub deleted: u64,
}

/// Which jobs to list. The default lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobQuery {
    /// Only jobs in this state.
    pub state: Option<State>,
    /// Only jobs that failed before and wait for another attempt.
    pub retries_only: bool,
    /// Only jobs of this queue.
    pub queue: Option<String>,
    /// Only jobs of this kind.
    pub kind: Option<String>,
    /// Only jobs that meet all of these.
    pub conditions: Vec<Condition>,
    /// Continues after the last job of the page before.
    pub after: Option<Cursor>,
    /// How many at most, 1 to 1000. The default 0 means 20.
    pub limit: usize,
}

impl JobQuery {
    /// The limit to go by.
    pub fn rows(&self) -> usize {
        match self.limit {
            0 => DEFAULT_ROWS,
            limit => limit.min(MOST_ROWS),
        }
    }

    /// The states of which it can find jobs.
    pub fn states(&self) -> Vec<State> {
        let is_possible = |state: &State| {
            self.state.is_none_or(|wanted| wanted == *state)
                && (!self.retries_only || *state == State::Scheduled)
                && self
                    .conditions
                    .iter()
                    .all(|condition| condition.allows(*state))
        };
        State::ALL.into_iter().filter(is_possible).collect()
    }
}

impl Condition {
    /// Whether a job in this state can meet it.
    fn allows(&self, state: State) -> bool {
        match &self.test {
            Test::State(states) => states.contains(&state) != self.negated,
            Test::Retry if !self.negated => state == State::Scheduled,
            Test::ErrorGroup(_) if !self.negated => state == State::Failed,
            _ => true,
        }
    }
}

/// The place between two pages: the last job of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// When that job came into its state.
    pub changed_at: Timestamp,
    /// Which of those that came into it at that time.
    pub id: JobId,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order that the query asks for.
    pub jobs: Vec<JobSummary>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Cursor>,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummary {
    /// The job's own, for ever.
    pub id: JobId,
    /// By the name under which it is stored.
    pub kind: String,
    /// The queue from which it is claimed.
    pub queue: String,
    /// Higher is sooner; 0 when nobody said.
    pub priority: i16,
    /// Whose job it is.
    pub tenant: Option<String>,
    /// In the order in which they were given.
    pub tags: Vec<String>,
    /// The batch that it is of.
    pub batch: Option<BatchId>,
    /// Where it is in its life.
    pub state: State,
    /// Why it is in this state, when there is more to say than the state itself.
    pub reason: Option<String>,
    /// How many attempts were started and counted.
    pub attempts: u32,
    /// How often a process died while it ran this job.
    pub abandoned: u32,
    /// JSON text.
    pub arguments: String,
    /// The version of the arguments, from 1.
    pub version: u32,
    /// When it was enqueued for the first time, by the storage's clock.
    pub created_at: Timestamp,
    /// When it came into its state.
    pub changed_at: Timestamp,
    /// When it may run, while `Scheduled`.
    pub due_at: Option<Timestamp>,
    /// Who runs it, while `Processing`.
    pub server: Option<ServerId>,
    /// The error of the last failed attempt.
    pub error: Option<ErrorReport>,
    /// How long the run took, when `Succeeded`.
    pub duration: Option<Duration>,
}

/// A job with all that is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDetails {
    /// What lists show of it.
    pub summary: JobSummary,
    /// The trace in which it was enqueued, as W3C's `traceparent` writes it.
    pub trace: Option<String>,
    /// JSON text, when it succeeded with one.
    pub result: Option<String>,
    /// The recurring job that created it, if one did.
    pub origin: Option<Origin>,
    /// Every state it was in, oldest first; the last entry is its state now.
    pub history: Vec<HistoryEntry>,
}

/// What a job said while it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Rises over all runs of the job, with gaps.
    pub number: u64,
    /// When it was said, by the storage's clock.
    pub at: Timestamp,
    /// What was said.
    pub text: String,
}

/// A queue in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSummary {
    /// What it is called.
    pub name: String,
    /// How many of its jobs wait for a worker.
    pub enqueued: u64,
    /// How many of its jobs run.
    pub processing: u64,
    /// Since when its oldest job waits.
    pub oldest_enqueued_at: Option<Timestamp>,
    /// Why nothing is claimed from it, when it is paused.
    pub paused: Option<Pause>,
    /// Its own limit.
    pub limit: Option<Limit>,
}

impl QueueSummary {
    /// A queue without jobs.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            enqueued: 0,
            processing: 0,
            oldest_enqueued_at: None,
            paused: None,
            limit: None,
        }
    }
}

/// A server and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSummary {
    /// New with every start.
    pub id: ServerId,
    /// For people: host and process id, for example `web-1:4711`.
    pub name: String,
    /// From which queues it claims, the first one first.
    pub queues: Vec<String>,
    /// Which kinds of jobs it can run, by all their names.
    pub kinds: Vec<String>,
    /// How many jobs it runs at the same time.
    pub workers: u32,
    /// What it was told to do.
    pub order: Option<ServerOrder>,
    /// How many jobs it runs now.
    pub processing: u64,
    /// When it announced itself, by the storage's clock.
    pub started_at: Timestamp,
    /// When it was last heard of, by the storage's clock.
    pub heartbeat_at: Timestamp,
}
