use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::storage::BatchProgress;
use job_engine::{BatchId, Parent};
use job_engine_dashboard::Relative;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::down;
use super::relatives::{JobRelative, MOST_TOLD};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::{Id, QueryParameters};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBatch {
    pub id: Uuid,
    /// How it has ended, or `Processing`.
    pub state: String,
    pub created_at: Timestamp,
    pub jobs: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub deleted: u64,
    /// How many have not ended.
    pub pending: u64,
    /// When the last of its jobs ended; null while some have not.
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBatchWithChildren {
    #[serde(flatten)]
    pub batch: JobBatch,
    /// The jobs that run after it, the first hundred.
    pub children: Vec<JobRelative>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BatchesQuery {
    /// Only batches that were made before this one.
    pub before: Option<Uuid>,
    /// 1 to 1000. Default 50.
    pub limit: Option<usize>,
}

/// The batches, the newest first.
#[utoipa::path(
    get, path = "/api/job-batches", tag = "jobs", operation_id = "listJobBatches",
    security(("bearer" = [])),
    params(BatchesQuery),
    responses(
        (status = 200, body = Vec<JobBatch>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_batches(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<BatchesQuery>,
) -> Result<Json<Vec<JobBatch>>, ApiError> {
    let limit = asked.limit.unwrap_or(50).clamp(1, 1000);
    let before = asked.before.map(BatchId);
    let batches = api.adapters.storage.batches(before, limit).await;
    let batches = batches.map_err(down)?;
    Ok(Json(batches.into_iter().map(Into::into).collect()))
}

/// One batch, and what runs after it.
#[utoipa::path(
    get, path = "/api/job-batches/{id}", tag = "jobs", operation_id = "getJobBatch",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = JobBatchWithChildren),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get_batch(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
) -> Result<Json<JobBatchWithChildren>, ApiError> {
    let storage = &*api.adapters.storage;
    let batch = storage.batch(BatchId(id)).await.map_err(down)?;
    let batch = batch.ok_or(ApiError::NotFound("There is no batch with this id."))?;
    let this = Parent::Batch(batch.id);
    let children = Relative::that_continue(storage, this, MOST_TOLD).await;
    Ok(Json(JobBatchWithChildren {
        batch: batch.into(),
        children: children
            .map_err(down)?
            .into_iter()
            .map(Into::into)
            .collect(),
    }))
}

impl From<BatchProgress> for JobBatch {
    fn from(batch: BatchProgress) -> Self {
        Self {
            state: batch.state().name().to_owned(),
            pending: batch.pending(),
            id: batch.id.0,
            created_at: batch.created_at,
            jobs: batch.jobs,
            succeeded: batch.succeeded,
            failed: batch.failed,
            deleted: batch.deleted,
            ended_at: batch.ended_at,
        }
    }
}
