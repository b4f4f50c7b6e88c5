mod acting;
mod told;

use axum::Json;
use axum::extract::State;
use job_engine::storage::{RecurringQuery, RecurringSummary};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::down;
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::{PathParameters, QueryParameters};

pub use self::acting::{
    __path_pause_recurring, __path_remove_recurring, __path_reschedule, __path_resume_recurring,
    __path_run_recurring, pause_recurring, remove_recurring, reschedule, resume_recurring,
    run_recurring,
};
use self::told::{RecurringJob, RecurringJobRun, shown};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringJobPage {
    pub items: Vec<RecurringJob>,
    /// For the parameter `after` of the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecurringJobsQuery {
    /// Only those whose id or kind contains this.
    pub q: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// 1 to 1000. Default 20.
    pub limit: Option<usize>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunsQuery {
    /// Only runs with a lower number.
    pub before: Option<i64>,
    /// 1 to 1000. Default 50.
    pub limit: Option<usize>,
}

/// The recurring jobs, by id.
#[utoipa::path(
    get, path = "/api/recurring-jobs", tag = "jobs", operation_id = "listRecurringJobs",
    security(("bearer" = [])),
    params(RecurringJobsQuery),
    responses(
        (status = 200, body = RecurringJobPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_recurring(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<RecurringJobsQuery>,
) -> Result<Json<RecurringJobPage>, ApiError> {
    let query = RecurringQuery {
        containing: asked.q,
        after: asked.after,
        limit: asked.limit.unwrap_or_default(),
    };
    let storage = &api.adapters.storage;
    let now = storage.time().await.map_err(down)?;
    let page = storage.recurring_jobs(&query).await.map_err(down)?;
    let items = page.jobs.into_iter();
    Ok(Json(RecurringJobPage {
        items: items.map(|it| shown(it, now)).collect(),
        next: page.next,
    }))
}

/// One recurring job.
#[utoipa::path(
    get, path = "/api/recurring-jobs/{id}", tag = "jobs", operation_id = "getRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = RecurringJob),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get_recurring(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    PathParameters(id): PathParameters<String>,
) -> Result<Json<RecurringJob>, ApiError> {
    let storage = &api.adapters.storage;
    let record = storage.recurring_job(&id).await.map_err(down)?;
    let record = record.ok_or_else(unknown)?;
    let now = storage.time().await.map_err(down)?;
    let last = storage.recurring_runs(&id, None, 1).await.map_err(down)?;
    let last = last.into_iter().next();
    Ok(Json(shown(RecurringSummary { record, last }, now)))
}

/// What became of a recurring job's occurrences, the newest first.
#[utoipa::path(
    get, path = "/api/recurring-jobs/{id}/runs", tag = "jobs", operation_id = "listRecurringJobRuns",
    security(("bearer" = [])),
    params(("id" = String, Path), RunsQuery),
    responses(
        (status = 200, body = Vec<RecurringJobRun>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_runs(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    PathParameters(id): PathParameters<String>,
    QueryParameters(asked): QueryParameters<RunsQuery>,
) -> Result<Json<Vec<RecurringJobRun>>, ApiError> {
    let storage = &api.adapters.storage;
    let record = storage.recurring_job(&id).await.map_err(down)?;
    record.ok_or_else(unknown)?;
    let limit = asked.limit.unwrap_or(50).clamp(1, 1000);
    let runs = storage.recurring_runs(&id, asked.before, limit).await;
    Ok(Json(
        runs.map_err(down)?.into_iter().map(Into::into).collect(),
    ))
}

fn unknown() -> ApiError {
    ApiError::NotFound("There is no recurring job with this id.")
}
