use axum::Json;
use axum::extract::State;
use http::StatusCode;
use job_engine::storage::{Pause, QueueSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::JobLimit;
use super::{actor, down};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::parameters::PathParameters;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobQueue {
    pub name: String,
    pub enqueued: u64,
    pub processing: u64,
    #[schema(required)]
    pub oldest_enqueued_at: Option<jiff::Timestamp>,
    /// Why nothing is taken from it.
    #[schema(required)]
    pub paused: Option<JobQueuePause>,
    #[schema(required)]
    pub limit: Option<JobLimit>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobQueuePause {
    pub by: String,
    pub reason: String,
    pub since: jiff::Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct PauseJobQueue {
    /// Shown to who wonders why nothing runs.
    pub reason: String,
}

/// The queues: what waits and runs, pauses and limits.
#[utoipa::path(
    get, path = "/api/job-queues", tag = "jobs", operation_id = "listJobQueues",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<JobQueue>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_queues(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<JobQueue>>, ApiError> {
    let queues = api.adapters.storage.queues().await.map_err(down)?;
    Ok(Json(queues.into_iter().map(Into::into).collect()))
}

/// Stops a queue on all servers; what runs goes on.
#[utoipa::path(
    post, path = "/api/job-queues/{queue}/pause", tag = "jobs", operation_id = "pauseJobQueue",
    security(("bearer" = [])),
    params(("queue" = String, Path)),
    request_body = PauseJobQueue,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is paused already."),
    ),
)]
pub async fn pause(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(queue): PathParameters<String>,
    JsonBody(asked): JsonBody<PauseJobQueue>,
) -> Result<StatusCode, ApiError> {
    let actor = actor(&api, &user);
    actor.pause_queue(&queue, &asked.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a paused queue go on.
#[utoipa::path(
    post, path = "/api/job-queues/{queue}/resume", tag = "jobs", operation_id = "resumeJobQueue",
    security(("bearer" = [])),
    params(("queue" = String, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is not paused."),
    ),
)]
pub async fn resume(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(queue): PathParameters<String>,
) -> Result<StatusCode, ApiError> {
    actor(&api, &user).resume_queue(&queue).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<QueueSummary> for JobQueue {
    fn from(queue: QueueSummary) -> Self {
        Self {
            name: queue.name,
            enqueued: queue.enqueued,
            processing: queue.processing,
            oldest_enqueued_at: queue.oldest_enqueued_at,
            paused: queue.paused.map(Into::into),
            limit: queue.limit.map(Into::into),
        }
    }
}

impl From<Pause> for JobQueuePause {
    fn from(pause: Pause) -> Self {
        Self {
            by: pause.by,
            reason: pause.reason,
            since: pause.since,
        }
    }
}
