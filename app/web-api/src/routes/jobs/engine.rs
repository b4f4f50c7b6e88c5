use axum::Json;
use axum::extract::State;
use jiff::SignedDuration;
use job_engine::storage::Resolution;
use job_engine_dashboard::DashboardOptions;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::down;
use super::response::{JobAuditEntry, JobEngine, JobErrorGroup, JobKind, JobThroughput};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::QueryParameters;

/// How many groups of errors are told.
const MOST_GROUPS: usize = 200;

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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only entries with a lower number.
    pub before: Option<u64>,
    /// 1 to 1000. Default 50.
    pub limit: Option<usize>,
}

/// Whether all is well, in words, and the engine in numbers: jobs by state, queues, servers.
#[utoipa::path(
    get, path = "/api/job-engine", tag = "jobs", operation_id = "getJobEngine",
    security(("bearer" = [])),
    responses(
        (status = 200, body = JobEngine),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn overview(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<JobEngine>, ApiError> {
    let storage = &api.adapters.storage;
    let options = DashboardOptions::default();
    let findings = job_engine_dashboard::findings(&**storage, &options).await;
    let counts = storage.counts().await.map_err(down)?;
    let queues = storage.queues().await.map_err(down)?;
    let servers = storage.servers().await.map_err(down)?;
    Ok(Json(JobEngine {
        findings: findings
            .map_err(down)?
            .into_iter()
            .map(Into::into)
            .collect(),
        counts: counts.into(),
        queues: queues.into_iter().map(Into::into).collect(),
        servers: servers.into_iter().map(Into::into).collect(),
    }))
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

/// The failed jobs, grouped by kind and error, the last seen first.
#[utoipa::path(
    get, path = "/api/job-errors", tag = "jobs", operation_id = "listJobErrors",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<JobErrorGroup>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn errors(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<JobErrorGroup>>, ApiError> {
    let groups = api.adapters.storage.error_groups(MOST_GROUPS).await;
    let groups = groups.map_err(down)?;
    Ok(Json(groups.into_iter().map(Into::into).collect()))
}

/// What people did to jobs, newest first.
#[utoipa::path(
    get, path = "/api/job-audit", tag = "jobs", operation_id = "listJobAudit",
    security(("bearer" = [])),
    params(AuditQuery),
    responses(
        (status = 200, body = Vec<JobAuditEntry>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn audit(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<AuditQuery>,
) -> Result<Json<Vec<JobAuditEntry>>, ApiError> {
    let limit = asked.limit.unwrap_or(50).clamp(1, 1000);
    let entries = api.adapters.storage.audit(asked.before, limit).await;
    let entries = entries.map_err(down)?;
    Ok(Json(entries.into_iter().map(Into::into).collect()))
}
