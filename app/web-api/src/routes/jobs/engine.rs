use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::down;
use super::response::{JobAuditEntry, JobCounts, JobEngine, JobErrorGroup};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::QueryParameters;

/// How many groups of errors are told.
const MOST_GROUPS: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only entries with a lower number.
    pub before: Option<u64>,
    /// 1 to 1000. Default 50.
    pub limit: Option<usize>,
}

/// The job engine in numbers: jobs by state, queues, servers.
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
    let counts = storage.counts().await.map_err(down)?;
    let queues = storage.queues().await.map_err(down)?;
    let servers = storage.servers().await.map_err(down)?;
    Ok(Json(JobEngine {
        counts: JobCounts {
            enqueued: counts.enqueued,
            scheduled: counts.scheduled,
            retries: counts.retries,
            processing: counts.processing,
            succeeded: counts.succeeded,
            failed: counts.failed,
            deleted: counts.deleted,
        },
        queues: queues.into_iter().map(Into::into).collect(),
        servers: servers.into_iter().map(Into::into).collect(),
    }))
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
