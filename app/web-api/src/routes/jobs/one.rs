//! One job, and what is known of it besides.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::storage::{HistoryEntry, JobDetails, JobSummary, Origin, Progress};
use job_engine::{JobId, Storage, StorageError};
use job_engine_dashboard::{DashboardOptions, Relative, Relatives};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::batches::JobBatch;
use super::job::{Job, JobError};
use super::relatives::{JobRelative, MOST_TOLD};
use super::{down, no_such_job};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::Id;

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
    /// How far the batch is that it is of, while that is stored.
    #[schema(required)]
    pub batch_progress: Option<JobBatch>,
    /// The jobs and batches that it continues, the first hundred.
    pub parents: Vec<JobRelative>,
    /// The jobs that continue it, the first hundred.
    pub children: Vec<JobRelative>,
    /// The trace in which it was enqueued, as W3C's `traceparent` writes it.
    #[schema(required)]
    pub trace: Option<String>,
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
pub struct JobChange {
    pub state: String,
    pub at: Timestamp,
    #[schema(required)]
    pub reason: Option<String>,
    #[schema(required)]
    pub error: Option<JobError>,
    /// What belongs to the state, in Hangfire's names: `Queue`, `EnqueueAt`, `ServerId`, `Attempt`,
    /// `DurationMs`, ...
    #[schema(value_type = BTreeMap<String, Value>)]
    pub facts: Map<String, Value>,
}

/// One job with its history.
#[utoipa::path(
    get, path = "/api/jobs/{id}", tag = "jobs", operation_id = "getJob",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = JobWithHistory),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
) -> Result<Json<JobWithHistory>, ApiError> {
    let storage = &api.adapters.storage;
    let job = storage.job(JobId(id)).await.map_err(down)?;
    let job = job.ok_or_else(no_such_job)?;
    let around = around(&**storage, &job.summary).await.map_err(down)?;
    Ok(Json(JobWithHistory::of(job, around)))
}

async fn around(storage: &dyn Storage, job: &JobSummary) -> Result<Around, StorageError> {
    let alive_within = DashboardOptions::default().server_timeout;
    Ok(Around {
        why: storage.why(job, alive_within).await?,
        progress: storage.progress(job.id).await?,
        relatives: Relatives::of(storage, job, MOST_TOLD).await?,
    })
}

/// What is known about a job beside its details.
struct Around {
    why: String,
    progress: Option<Progress>,
    relatives: Relatives,
}

impl JobWithHistory {
    fn of(details: JobDetails, around: Around) -> Self {
        let told = |relatives: Vec<Relative>| relatives.into_iter().map(Into::into).collect();
        Self {
            job: details.summary.into(),
            why: around.why,
            progress: around.progress.map(Into::into),
            origin: details.origin.map(Into::into),
            batch_progress: around.relatives.batch.map(Into::into),
            parents: told(around.relatives.parents),
            children: told(around.relatives.children),
            trace: details.trace,
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

impl From<HistoryEntry> for JobChange {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            state: entry.state.name().to_owned(),
            at: entry.at,
            reason: entry.reason,
            error: entry.error.map(Into::into),
            facts: entry.facts.into_iter().collect(),
        }
    }
}
