//! A job as it is told.

use jiff::Timestamp;
use job_engine::job::ErrorReport;
use job_engine::storage::JobSummary;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::milliseconds;

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
    /// That runs it.
    #[schema(required)]
    pub server: Option<Uuid>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobError {
    pub kind: String,
    pub message: String,
    pub details: String,
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
            server: job.server.map(|server| server.0),
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
