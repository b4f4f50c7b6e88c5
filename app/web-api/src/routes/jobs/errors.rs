use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::storage::ErrorGroup;
use serde::Serialize;
use utoipa::ToSchema;

use super::down;
use super::job::JobError;
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};

/// How many groups of errors are told.
const MOST_GROUPS: usize = 200;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobErrorGroup {
    pub kind: String,
    /// For a search: `group:…`.
    pub group: String,
    /// How many jobs are failed like this now.
    pub jobs: u64,
    /// How many were given up like this since it was first seen.
    pub failures: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub error: JobError,
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

impl From<ErrorGroup> for JobErrorGroup {
    fn from(group: ErrorGroup) -> Self {
        Self {
            kind: group.kind,
            group: group.group,
            jobs: group.jobs,
            failures: group.failures,
            first_at: group.first_at,
            last_at: group.last_at,
            error: group.error.into(),
        }
    }
}
