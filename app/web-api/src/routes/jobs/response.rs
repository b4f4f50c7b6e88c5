use jiff::Timestamp;
use job_engine::job::ErrorReport;
use job_engine::storage::{
    AuditEntry, ErrorGroup, HistoryEntry, JobDetails, JobSummary, Operation, QueueSummary,
    ServerSummary,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// As JSON text, when it succeeded with one.
    #[schema(required)]
    pub result: Option<String>,
    /// Every state it was in, oldest first.
    pub history: Vec<JobChange>,
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
    pub counts: JobCounts,
    pub queues: Vec<JobQueue>,
    pub servers: Vec<JobServer>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    pub enqueued: u64,
    pub scheduled: u64,
    pub retries: u64,
    pub processing: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub deleted: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobQueue {
    pub name: String,
    pub enqueued: u64,
    pub processing: u64,
    pub is_paused: bool,
    #[schema(required)]
    pub oldest_enqueued_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobServer {
    pub id: Uuid,
    pub name: String,
    pub queues: Vec<String>,
    pub workers: u32,
    pub processing: u64,
    pub started_at: Timestamp,
    pub heartbeat_at: Timestamp,
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
            duration_ms: job
                .duration
                .map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
            error: job.error.map(Into::into),
            kind: job.kind,
            queue: job.queue,
            priority: job.priority,
            tenant: job.tenant,
            tags: job.tags,
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

impl From<JobDetails> for JobWithHistory {
    fn from(details: JobDetails) -> Self {
        Self {
            job: details.summary.into(),
            result: details.result,
            history: details.history.into_iter().map(Into::into).collect(),
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

impl From<QueueSummary> for JobQueue {
    fn from(queue: QueueSummary) -> Self {
        Self {
            is_paused: queue.paused.is_some(),
            name: queue.name,
            enqueued: queue.enqueued,
            processing: queue.processing,
            oldest_enqueued_at: queue.oldest_enqueued_at,
        }
    }
}

impl From<ServerSummary> for JobServer {
    fn from(server: ServerSummary) -> Self {
        Self {
            id: server.id.0,
            name: server.name,
            queues: server.queues,
            workers: server.workers,
            processing: server.processing,
            started_at: server.started_at,
            heartbeat_at: server.heartbeat_at,
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
