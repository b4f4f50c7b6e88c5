use std::time::Duration;

use jiff::Timestamp;
use job_engine::job::ErrorReport;
use job_engine::storage::{
    AuditEntry, Counts, ErrorGroup, HistoryEntry, JobDetails, JobSummary, KindSummary, LogLine,
    Operation, Origin, Progress, Throughput,
};
use job_engine::{JobId, Parent};
use job_engine_dashboard::{Finding, Gravity};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::queues::JobQueue;
use super::servers::JobServer;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub queue: String,
    pub state: String,
    pub priority: i16,
    #[schema(required)]
    pub tenant: Option<String>,
    pub tags: Vec<String>,
    #[schema(required)]
    pub batch: Option<Uuid>,
    pub attempts: u32,
    /// As JSON text, so that no number loses a digit. What its kind redacts is hidden.
    pub arguments: String,
    #[schema(required)]
    pub reason: Option<String>,
    #[schema(required)]
    pub error: Option<JobError>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    #[schema(required)]
    pub due_at: Option<Timestamp>,
    #[schema(required)]
    pub duration_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobError {
    pub kind: String,
    pub message: String,
    pub details: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    pub items: Vec<Job>,
    /// For the parameter `after` of the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobWithHistory {
    #[serde(flatten)]
    pub job: Job,
    /// Why it is where it is and what happens next.
    pub why: String,
    /// How far its run is, if that says so.
    #[schema(required)]
    pub progress: Option<JobProgress>,
    /// The recurring job that created it.
    #[schema(required)]
    pub origin: Option<JobOrigin>,
    /// The jobs and batches that it continues, the first thousand.
    pub parents: Vec<JobParent>,
    /// The jobs that continue it, the first thousand.
    pub children: Vec<Uuid>,
    /// As JSON text, when it succeeded with one.
    #[schema(required)]
    pub result: Option<String>,
    /// Every state it was in, oldest first.
    pub history: Vec<JobChange>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobProgress {
    pub done: u64,
    pub total: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobOrigin {
    pub recurring_job: String,
    /// Which entry of its history.
    pub run: i64,
    /// The occurrence, or when a person asked for the run.
    pub at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobParent {
    pub id: Uuid,
    pub is_batch: bool,
}

/// What a job said while it ran.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogLine {
    /// Rises over all runs of the job, with gaps; for the parameter `after`.
    pub number: u64,
    pub at: Timestamp,
    pub text: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobChange {
    pub state: String,
    pub at: Timestamp,
    #[schema(required)]
    pub reason: Option<String>,
    #[schema(required)]
    pub error: Option<JobError>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEngine {
    /// What needs attention, the gravest first; empty when all is well.
    pub findings: Vec<JobFinding>,
    pub counts: JobCounts,
    pub queues: Vec<JobQueue>,
    pub servers: Vec<JobServer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobFinding {
    /// `trouble` or `warning`.
    pub gravity: String,
    pub words: String,
}

/// What happened to jobs within one span of time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobThroughput {
    /// When the span began.
    pub at: Timestamp,
    pub succeeded: u64,
    /// Given up.
    pub failed: u64,
    /// Failed, and another attempt followed.
    pub retried: u64,
    pub deleted: u64,
}

/// How the jobs of a kind have fared lately.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobKind {
    pub kind: String,
    pub succeeded: u64,
    /// Given up.
    pub failed: u64,
    /// Half of those that succeeded were done within this time.
    #[schema(required)]
    pub half_within_ms: Option<u64>,
    /// 95 of 100 of those that succeeded were done within this time.
    #[schema(required)]
    pub most_within_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    pub enqueued: u64,
    pub scheduled: u64,
    /// Those that wait for others to end.
    pub awaiting: u64,
    /// Those of `scheduled` that wait for another attempt.
    pub retries: u64,
    pub processing: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub deleted: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobErrorGroup {
    pub kind: String,
    /// For a search: `group:…`.
    pub group: String,
    /// How many jobs are failed like this now.
    pub jobs: u64,
    /// How many were given up like this since it was first seen.
    pub failures: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub error: JobError,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobOperation {
    pub id: Uuid,
    pub command: String,
    /// To which jobs: a search.
    pub q: String,
    pub actor: String,
    pub reason: String,
    /// How many jobs matched when it was asked for.
    pub total: u64,
    pub done: u64,
    /// How many had moved on and were left as they are.
    pub skipped: u64,
    /// `Running`, `Finished` or `Stopped`.
    pub status: String,
    pub started_at: Timestamp,
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobAuditEntry {
    /// Rises from entry to entry; for the parameter `before`.
    pub number: u64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub target: String,
    #[schema(required)]
    pub reason: Option<String>,
    pub jobs: u64,
}

impl From<JobSummary> for Job {
    fn from(job: JobSummary) -> Self {
        let redactions = application::jobs::registry().redactions();
        let arguments = redactions.hide(&job.kind, &job.arguments).into_owned();
        Self {
            arguments,
            id: job.id.0,
            state: job.state.name().to_owned(),
            duration_ms: job.duration.map(milliseconds),
            error: job.error.map(Into::into),
            kind: job.kind,
            queue: job.queue,
            priority: job.priority,
            tenant: job.tenant,
            tags: job.tags,
            batch: job.batch.map(|batch| batch.0),
            attempts: job.attempts,
            reason: job.reason,
            created_at: job.created_at,
            changed_at: job.changed_at,
            due_at: job.due_at,
        }
    }
}

impl From<ErrorReport> for JobError {
    fn from(error: ErrorReport) -> Self {
        Self {
            kind: error.kind,
            message: error.message,
            details: error.details,
        }
    }
}

/// What is known about a job beside its details.
pub struct Around {
    pub why: String,
    pub progress: Option<Progress>,
    pub parents: Vec<Parent>,
    pub children: Vec<JobId>,
}

impl JobWithHistory {
    pub fn of(details: JobDetails, around: Around) -> Self {
        Self {
            job: details.summary.into(),
            why: around.why,
            progress: around.progress.map(Into::into),
            origin: details.origin.map(Into::into),
            parents: around.parents.into_iter().map(Into::into).collect(),
            children: around.children.iter().map(|job| job.0).collect(),
            result: details.result,
            history: details.history.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Progress> for JobProgress {
    fn from(progress: Progress) -> Self {
        Self {
            done: progress.done,
            total: progress.total,
        }
    }
}

impl From<Origin> for JobOrigin {
    fn from(origin: Origin) -> Self {
        Self {
            recurring_job: origin.recurring_job,
            run: origin.run,
            at: origin.at,
        }
    }
}

impl From<Parent> for JobParent {
    fn from(parent: Parent) -> Self {
        Self {
            id: parent.id(),
            is_batch: matches!(parent, Parent::Batch(_)),
        }
    }
}

impl From<LogLine> for JobLogLine {
    fn from(line: LogLine) -> Self {
        Self {
            number: line.number,
            at: line.at,
            text: line.text,
        }
    }
}

impl From<Finding> for JobFinding {
    fn from(finding: Finding) -> Self {
        let gravity = match finding.gravity {
            Gravity::Trouble => "trouble",
            Gravity::Warning => "warning",
        };
        Self {
            gravity: gravity.to_owned(),
            words: finding.words,
        }
    }
}

impl From<Counts> for JobCounts {
    fn from(counts: Counts) -> Self {
        Self {
            enqueued: counts.enqueued,
            scheduled: counts.scheduled,
            awaiting: counts.awaiting,
            retries: counts.retries,
            processing: counts.processing,
            succeeded: counts.succeeded,
            failed: counts.failed,
            deleted: counts.deleted,
        }
    }
}

impl From<Throughput> for JobThroughput {
    fn from(span: Throughput) -> Self {
        Self {
            at: span.at,
            succeeded: span.succeeded,
            failed: span.failed,
            retried: span.retried,
            deleted: span.deleted,
        }
    }
}

impl From<KindSummary> for JobKind {
    fn from(kind: KindSummary) -> Self {
        Self {
            kind: kind.kind,
            succeeded: kind.succeeded,
            failed: kind.failed,
            half_within_ms: kind.half_within.map(milliseconds),
            most_within_ms: kind.most_within.map(milliseconds),
        }
    }
}

impl From<HistoryEntry> for JobChange {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            state: entry.state.name().to_owned(),
            at: entry.at,
            reason: entry.reason,
            error: entry.error.map(Into::into),
        }
    }
}

impl From<ErrorGroup> for JobErrorGroup {
    fn from(group: ErrorGroup) -> Self {
        Self {
            kind: group.kind,
            group: group.group,
            jobs: group.jobs,
            failures: group.failures,
            first_at: group.first_at,
            last_at: group.last_at,
            error: group.error.into(),
        }
    }
}

impl From<Operation> for JobOperation {
    fn from(operation: Operation) -> Self {
        Self {
            id: operation.id.0,
            command: operation.command.name().to_owned(),
            q: operation.words,
            actor: operation.actor,
            reason: operation.reason,
            total: operation.total,
            done: operation.done,
            skipped: operation.skipped,
            status: operation.status.name().to_owned(),
            started_at: operation.started_at,
            ended_at: operation.ended_at,
        }
    }
}

impl From<AuditEntry> for JobAuditEntry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            number: entry.number,
            at: entry.at,
            actor: entry.deed.actor,
            action: entry.deed.action,
            target: entry.deed.target,
            reason: entry.deed.reason,
            jobs: entry.deed.jobs,
        }
    }
}

pub fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
