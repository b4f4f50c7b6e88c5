//! What is done to one job.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use jiff::Timestamp;
use job_engine::JobId;
use job_engine::storage::{Command, Commanded};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{actor, no_such_job};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, FieldErrors, Problem};
use crate::json_body::JsonBody;
use crate::parameters::{Id, PathParameters, QueryParameters};

/// What can be done to a job.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobCommand {
    /// Back into its queue; attempts start again from one.
    Requeue,
    /// Now instead of at its time.
    Trigger,
    /// Out; it can be requeued until it expires.
    Delete,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommandQuery {
    /// The job's `changedAt` as it was read: one that has changed since is left as it is. Without
    /// it, the job is taken as it is now.
    pub seen: Option<Timestamp>,
    /// Why, for the job's history and the audit log.
    pub reason: Option<String>,
}

/// What is to be different; what is left out is as in the job that is copied.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CopyJob {
    /// As JSON text. What is shown as `[redacted]` stays as it is.
    pub arguments: Option<String>,
    pub queue: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CopiedJob {
    pub id: Uuid,
}

#[derive(Debug, Deserialize)]
pub struct OnJob {
    id: Uuid,
    command: JobCommand,
}

/// Requeues, triggers or deletes a job.
#[utoipa::path(
    post, path = "/api/jobs/{id}/{command}", tag = "jobs", operation_id = "commandJob",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), ("command" = JobCommand, Path), CommandQuery),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It is in a state to which the command does not apply."),
    ),
)]
pub async fn command(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(OnJob { id, command }): PathParameters<OnJob>,
    QueryParameters(asked): QueryParameters<CommandQuery>,
) -> Result<StatusCode, ApiError> {
    let actor = actor(&api, &user);
    let why = asked.reason.unwrap_or_default();
    let commanded = actor.command(JobId(id), asked.seen, command.into(), &why);
    match commanded.await? {
        Commanded::Done => Ok(StatusCode::NO_CONTENT),
        Commanded::NotFound => Err(no_such_job()),
        Commanded::NotApplicable(state) => Err(ApiError::Conflict {
            detail: format!("The job is {state}. Nothing was changed."),
            errors: FieldErrors::default(),
        }),
    }
}

/// Enqueues a job like this one, with other arguments or in another queue.
#[utoipa::path(
    post, path = "/api/jobs/{id}/copies", tag = "jobs", operation_id = "copyJob",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    request_body = CopyJob,
    responses(
        (status = 201, body = CopiedJob, headers(("Location" = String))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn copy(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Id(id): Id,
    JsonBody(asked): JsonBody<CopyJob>,
) -> Result<Response, ApiError> {
    let wanted = job_engine::actor::Copy {
        arguments: asked.arguments,
        queue: asked.queue,
    };
    let redactions = application::jobs::registry().redactions();
    let actor = actor(&api, &user);
    let new = actor.enqueue_copy(JobId(id), &wanted, &redactions).await?;
    let location = [(LOCATION, format!("/api/jobs/{new}"))];
    let copied = Json(CopiedJob { id: new.0 });
    Ok((StatusCode::CREATED, location, copied).into_response())
}

impl From<JobCommand> for Command {
    fn from(command: JobCommand) -> Self {
        match command {
            JobCommand::Requeue => Self::Requeue,
            JobCommand::Trigger => Self::TriggerNow,
            JobCommand::Delete => Self::Delete,
        }
    }
}
