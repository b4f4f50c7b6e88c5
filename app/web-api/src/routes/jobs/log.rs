use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use job_engine::JobId;
use job_engine::storage::LogLine;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{down, no_such_job};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::{Id, QueryParameters};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only lines with a higher number.
    pub after: Option<u64>,
    /// 1 to 1000. Default 100.
    pub limit: Option<usize>,
}

/// What a job said while it ran.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLogLine {
    /// Rises over all runs of the job, with gaps; for the parameter `after`.
    pub number: u64,
    pub at: Timestamp,
    pub text: String,
}

/// What a job said while it ran, oldest first.
#[utoipa::path(
    get, path = "/api/jobs/{id}/log", tag = "jobs", operation_id = "getJobLog",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), LogQuery),
    responses(
        (status = 200, body = Vec<JobLogLine>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn log(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
    QueryParameters(asked): QueryParameters<LogQuery>,
) -> Result<Json<Vec<JobLogLine>>, ApiError> {
    let storage = &api.adapters.storage;
    let job = storage.job(JobId(id)).await.map_err(down)?;
    job.ok_or_else(no_such_job)?;
    let limit = asked.limit.unwrap_or(100).clamp(1, 1000);
    let lines = storage.log(JobId(id), asked.after.unwrap_or_default(), limit);
    let lines = lines.await.map_err(down)?;
    Ok(Json(lines.into_iter().map(Into::into).collect()))
}

impl From<LogLine> for JobLogLine {
    fn from(line: LogLine) -> Self {
        Self {
            number: line.number,
            at: line.at,
            text: line.text,
        }
    }
}
