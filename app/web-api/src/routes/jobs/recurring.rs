use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use jiff::Timestamp;
use job_engine::recurring::Schedule;
use job_engine::storage::{RecurringQuery, RecurringRecord, RecurringRun, RecurringSummary};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{actor, down, milliseconds};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::parameters::QueryParameters;

/// How many of the next runs are told.
const NEXT_RUNS: usize = 5;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringJob {
    pub id: String,
    pub kind: String,
    /// A cron expression, or `@every` and an interval.
    pub schedule: String,
    pub time_zone: String,
    /// The schedule in words, if this program can read it.
    #[schema(required)]
    pub in_words: Option<String>,
    /// Whether a person gave it another schedule than the code says.
    pub is_edited: bool,
    #[schema(required)]
    pub paused_at: Option<Timestamp>,
    #[schema(required)]
    pub paused_because: Option<String>,
    /// What is wrong with it.
    #[schema(required)]
    pub error: Option<String>,
    /// Its next occurrences, five at most; none while it is paused.
    pub next_runs: Vec<Timestamp>,
    #[schema(required)]
    pub last_run: Option<RecurringJobRun>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringJobRun {
    /// Rises from run to run; for the parameter `before`.
    pub number: i64,
    /// The occurrence, or when a person asked for the run.
    pub at: Timestamp,
    /// The last of several occurrences.
    #[schema(required)]
    pub until: Option<Timestamp>,
    /// `Due`, `CaughtUp`, `RunNow`, `Skipped` or `Missed`.
    pub cause: String,
    #[schema(required)]
    pub note: Option<String>,
    #[schema(required)]
    pub job: Option<Uuid>,
    /// The job's state, or its last one if it has expired.
    #[schema(required)]
    pub state: Option<String>,
    #[schema(required)]
    pub duration_ms: Option<u64>,
}

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

#[derive(Debug, Deserialize, ToSchema)]
pub struct PauseRecurringJob {
    /// Shown with it.
    #[serde(default)]
    pub reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RescheduleRecurringJob {
    /// A cron expression, or `@every` and an interval.
    pub schedule: String,
    /// An IANA name. Default `UTC`.
    pub time_zone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedJob {
    pub id: Uuid,
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
    Path(id): Path<String>,
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
    Path(id): Path<String>,
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

/// Runs it now; the schedule goes on as if nothing had happened.
#[utoipa::path(
    post, path = "/api/recurring-jobs/{id}/run", tag = "jobs", operation_id = "runRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 201, body = CreatedJob),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn run_recurring(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<CreatedJob>), ApiError> {
    let job = actor(&api, &user).run_recurring(&id).await?;
    Ok((StatusCode::CREATED, Json(CreatedJob { id: job.0 })))
}

/// Creates no jobs any more until it is resumed.
#[utoipa::path(
    post, path = "/api/recurring-jobs/{id}/pause", tag = "jobs", operation_id = "pauseRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    request_body = PauseRecurringJob,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn pause_recurring(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(id): Path<String>,
    JsonBody(asked): JsonBody<PauseRecurringJob>,
) -> Result<StatusCode, ApiError> {
    let actor = actor(&api, &user);
    actor.pause_recurring(&id, &asked.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on with the next occurrence.
#[utoipa::path(
    post, path = "/api/recurring-jobs/{id}/resume", tag = "jobs", operation_id = "resumeRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn resume_recurring(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    actor(&api, &user).resume_recurring(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives it another schedule, from now on.
#[utoipa::path(
    put, path = "/api/recurring-jobs/{id}/schedule", tag = "jobs", operation_id = "rescheduleRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    request_body = RescheduleRecurringJob,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn reschedule(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(id): Path<String>,
    JsonBody(asked): JsonBody<RescheduleRecurringJob>,
) -> Result<StatusCode, ApiError> {
    let zone = asked.time_zone.as_deref();
    let zone = zone.unwrap_or(Schedule::DEFAULT_TIME_ZONE);
    let schedule = Schedule::parse(&asked.schedule, zone)
        .map_err(|error| ApiError::invalid("schedule", error.to_string()))?;
    actor(&api, &user).reschedule(&id, &schedule).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes it out, with its history. Jobs that it has created stay.
#[utoipa::path(
    delete, path = "/api/recurring-jobs/{id}", tag = "jobs", operation_id = "removeRecurringJob",
    security(("bearer" = [])),
    params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove_recurring(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    actor(&api, &user).remove_recurring(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn unknown() -> ApiError {
    ApiError::NotFound("There is no recurring job with this id.")
}

fn shown(RecurringSummary { record, last }: RecurringSummary, now: Timestamp) -> RecurringJob {
    let schedule = record.schedule().ok();
    let is_paused = record.paused_at.is_some();
    let coming = schedule.as_ref().filter(|_| !is_paused);
    RecurringJob {
        in_words: schedule.as_ref().map(Schedule::in_words),
        next_runs: coming
            .map(|schedule| schedule.upcoming(now).take(NEXT_RUNS).collect())
            .unwrap_or_default(),
        is_edited: record.is_edited(),
        last_run: last.map(Into::into),
        ..facts(record)
    }
}

/// What stands in the record.
fn facts(record: RecurringRecord) -> RecurringJob {
    RecurringJob {
        id: record.id,
        kind: record.kind,
        schedule: record.schedule,
        time_zone: record.time_zone,
        in_words: None,
        is_edited: false,
        paused_at: record.paused_at,
        paused_because: record.paused_because,
        error: record.error,
        next_runs: Vec::new(),
        last_run: None,
    }
}

impl From<RecurringRun> for RecurringJobRun {
    fn from(run: RecurringRun) -> Self {
        Self {
            number: run.number,
            at: run.at,
            until: run.until,
            cause: run.cause.name().to_owned(),
            note: run.note,
            job: run.job.map(|job| job.0),
            state: run.state.map(|state| state.name().to_owned()),
            duration_ms: run.duration.map(milliseconds),
        }
    }
}
