//! How jobs have fared.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use job_engine::storage::{KindSummary, Resolution, Throughput};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{down, milliseconds};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::QueryParameters;

/// How far back to look.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThroughputPeriod {
    /// By the minute.
    #[default]
    Hour,
    /// By the minute.
    Day,
    /// By the hour.
    Week,
    /// By the hour.
    Month,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ThroughputQuery {
    /// Default `hour`.
    #[serde(default)]
    #[param(inline, required = false)]
    period: ThroughputPeriod,
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

/// What happened to jobs lately, oldest first; spans in which nothing happened are missing.
#[utoipa::path(
    get, path = "/api/job-throughput", tag = "jobs", operation_id = "getJobThroughput",
    security(("bearer" = [])),
    params(ThroughputQuery),
    responses(
        (status = 200, body = Vec<JobThroughput>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn throughput(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<ThroughputQuery>,
) -> Result<Json<Vec<JobThroughput>>, ApiError> {
    let storage = &api.adapters.storage;
    let (resolution, length) = asked.period.spans();
    let since = storage.time().await.map_err(down)? - length;
    let spans = storage.throughput(resolution, since).await;
    let spans = spans.map_err(down)?;
    Ok(Json(spans.into_iter().map(Into::into).collect()))
}

/// How each kind of job has fared lately: of the newest thousand jobs that succeeded and the newest
/// thousand that were given up.
#[utoipa::path(
    get, path = "/api/job-kinds", tag = "jobs", operation_id = "listJobKinds",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<JobKind>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn kinds(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<JobKind>>, ApiError> {
    let kinds = api.adapters.storage.kinds().await.map_err(down)?;
    Ok(Json(kinds.into_iter().map(Into::into).collect()))
}

impl ThroughputPeriod {
    /// What it is counted in, and how long it is.
    const fn spans(self) -> (Resolution, SignedDuration) {
        match self {
            Self::Hour => (Resolution::Minute, SignedDuration::from_hours(1)),
            Self::Day => (Resolution::Minute, SignedDuration::from_hours(24)),
            Self::Week => (Resolution::Hour, SignedDuration::from_hours(7 * 24)),
            Self::Month => (Resolution::Hour, SignedDuration::from_hours(30 * 24)),
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
