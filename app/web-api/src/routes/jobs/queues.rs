use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use job_engine::storage::{Limit, Limited, Pause, QueueSummary, Rate, SeenLimit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{actor, down};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;

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

/// How many jobs may run at once, and how many may begin within a period; at least one of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLimit {
    /// 1 to 10000.
    pub at_once: Option<u32>,
    pub rate: Option<JobRate>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRate {
    /// 1 to 10000.
    pub jobs: u32,
    /// 100 to 86400000.
    pub period_ms: u64,
}

/// A queue, a key or a group of keys, and its limit.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitedJobs {
    /// `queue` or `key`.
    pub of: String,
    pub name: String,
    pub limit: JobLimit,
}

/// What a limit is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LimitedBy {
    /// The jobs of a queue.
    Queue,
    /// The jobs with a key, or of each key that begins with the name and a slash.
    Key,
}

#[derive(Debug, Deserialize)]
pub struct LimitPath {
    of: LimitedBy,
    name: String,
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
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is paused already."),
    ),
)]
pub async fn pause(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(queue): Path<String>,
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
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is not paused."),
    ),
)]
pub async fn resume(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(queue): Path<String>,
) -> Result<StatusCode, ApiError> {
    actor(&api, &user).resume_queue(&queue).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every limit that was set, queues first.
#[utoipa::path(
    get, path = "/api/job-limits", tag = "jobs", operation_id = "listJobLimits",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<LimitedJobs>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_limits(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<LimitedJobs>>, ApiError> {
    let limits = api.adapters.storage.limits().await.map_err(down)?;
    Ok(Json(limits.into_iter().map(Into::into).collect()))
}

/// Limits a queue, a key or a group of keys, in place of an earlier limit.
#[utoipa::path(
    put, path = "/api/job-limits/{of}/{name}", tag = "jobs", operation_id = "setJobLimit",
    security(("bearer" = [])),
    params(("of" = inline(LimitedBy), Path), ("name" = String, Path)),
    request_body = JobLimit,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn set_limit(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    path: Result<Path<LimitPath>, axum::extract::rejection::PathRejection>,
    JsonBody(limit): JsonBody<JobLimit>,
) -> Result<StatusCode, ApiError> {
    let of = limited(path)?;
    let actor = actor(&api, &user);
    actor
        .set_limit(&of, limit.into(), SeenLimit::Unseen)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a limit away.
#[utoipa::path(
    delete, path = "/api/job-limits/{of}/{name}", tag = "jobs", operation_id = "removeJobLimit",
    security(("bearer" = [])),
    params(("of" = inline(LimitedBy), Path), ("name" = String, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "There is no limit."),
    ),
)]
pub async fn remove_limit(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    path: Result<Path<LimitPath>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode, ApiError> {
    let of = limited(path)?;
    let actor = actor(&api, &user);
    actor.remove_limit(&of, SeenLimit::Unseen).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn limited(
    path: Result<Path<LimitPath>, axum::extract::rejection::PathRejection>,
) -> Result<Limited, ApiError> {
    let Ok(Path(LimitPath { of, name })) = path else {
        return Err(ApiError::NotFound("There is nothing at this address."));
    };
    Ok(match of {
        LimitedBy::Queue => Limited::Queue(name),
        LimitedBy::Key => Limited::Key(name),
    })
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

impl From<(Limited, Limit)> for LimitedJobs {
    fn from((of, limit): (Limited, Limit)) -> Self {
        let (of, name) = match of {
            Limited::Queue(name) => ("queue", name),
            Limited::Key(name) => ("key", name),
        };
        Self {
            of: of.to_owned(),
            name,
            limit: limit.into(),
        }
    }
}

impl From<Limit> for JobLimit {
    fn from(limit: Limit) -> Self {
        Self {
            at_once: limit.at_once,
            rate: limit.rate.map(|rate| JobRate {
                jobs: rate.jobs,
                period_ms: u64::try_from(rate.period.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }
}

impl From<JobLimit> for Limit {
    fn from(limit: JobLimit) -> Self {
        Self {
            at_once: limit.at_once,
            rate: limit.rate.map(|rate| Rate {
                jobs: rate.jobs,
                period: Duration::from_millis(rate.period_ms),
            }),
        }
    }
}
