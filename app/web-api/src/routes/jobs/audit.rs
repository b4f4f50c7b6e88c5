use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::storage::AuditEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::down;
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::QueryParameters;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only entries with a lower number.
    pub before: Option<u64>,
    /// 1 to 1000. Default 50.
    pub limit: Option<usize>,
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
