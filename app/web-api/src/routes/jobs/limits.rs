use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use job_engine::storage::{Limit, Limited, Rate, SeenLimit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{actor, down};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::parameters::{PathParameters, QueryParameters};

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
    /// What to say as `seen`.
    pub version: String,
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeenQuery {
    /// The limit's `version` as it was read, or `none` when there was no limit: when it is another
    /// one now, it stays. Without it, whatever limit there is gives way.
    pub seen: Option<String>,
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
    params(("of" = inline(LimitedBy), Path), ("name" = String, Path), SeenQuery),
    request_body = JobLimit,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is not the limit that was seen."),
    ),
)]
pub async fn set_limit(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(path): PathParameters<LimitPath>,
    QueryParameters(asked): QueryParameters<SeenQuery>,
    JsonBody(limit): JsonBody<JobLimit>,
) -> Result<StatusCode, ApiError> {
    let (of, seen) = (path.into(), asked.limit()?);
    let actor = actor(&api, &user);
    actor.set_limit(&of, limit.into(), seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a limit away.
#[utoipa::path(
    delete, path = "/api/job-limits/{of}/{name}", tag = "jobs", operation_id = "removeJobLimit",
    security(("bearer" = [])),
    params(("of" = inline(LimitedBy), Path), ("name" = String, Path), SeenQuery),
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "There is no limit, or it is not the one that was seen."),
    ),
)]
pub async fn remove_limit(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(path): PathParameters<LimitPath>,
    QueryParameters(asked): QueryParameters<SeenQuery>,
) -> Result<StatusCode, ApiError> {
    let (of, seen) = (path.into(), asked.limit()?);
    let actor = actor(&api, &user);
    actor.remove_limit(&of, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl SeenQuery {
    fn limit(&self) -> Result<SeenLimit, ApiError> {
        let Some(version) = &self.seen else {
            return Ok(SeenLimit::Unseen);
        };
        let unknown = || ApiError::invalid("seen", "Give the `version` of a limit, or `none`.");
        SeenLimit::parse(version).ok_or_else(unknown)
    }
}

impl From<LimitPath> for Limited {
    fn from(LimitPath { of, name }: LimitPath) -> Self {
        match of {
            LimitedBy::Queue => Self::Queue(name),
            LimitedBy::Key => Self::Key(name),
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
            version: SeenLimit::version_of(Some(limit)),
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
