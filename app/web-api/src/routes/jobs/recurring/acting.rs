//! What is done to a recurring job.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use job_engine::recurring::Schedule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::parameters::PathParameters;
use crate::routes::jobs::actor;

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
    PathParameters(id): PathParameters<String>,
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
    PathParameters(id): PathParameters<String>,
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
    PathParameters(id): PathParameters<String>,
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
    PathParameters(id): PathParameters<String>,
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
    PathParameters(id): PathParameters<String>,
) -> Result<StatusCode, ApiError> {
    actor(&api, &user).remove_recurring(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
