//! What the dashboard knows and does, for programs.

mod engine;
mod operations;
mod response;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use domain::User;
use http::StatusCode;
use jiff::Timestamp;
use job_engine::storage::{Command, Commanded, Cursor, JobQuery, StorageError};
use job_engine::{ActError, Actor, JobId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use self::engine::{__path_audit, __path_errors, __path_overview, audit, errors, overview};
pub use self::operations::{
    __path_begin, __path_get_operation, __path_list_operations, __path_stop, begin, get_operation,
    list_operations, stop,
};
use self::response::{JobPage, JobWithHistory};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, FieldErrors, Problem};
use crate::parameters::{Id, QueryParameters};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListJobsQuery {
    /// A search as on the dashboard, for example `state:failed kind:send_email created:<2h`.
    pub q: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// 1 to 1000. Default 20.
    pub limit: Option<usize>,
}

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

#[derive(Debug, Deserialize)]
pub struct OnJob {
    id: Uuid,
    command: JobCommand,
}

/// The jobs that a search finds, newest change first.
#[utoipa::path(
    get, path = "/api/jobs", tag = "jobs", operation_id = "listJobs",
    security(("bearer" = [])),
    params(ListJobsQuery),
    responses(
        (status = 200, body = JobPage),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    QueryParameters(asked): QueryParameters<ListJobsQuery>,
) -> Result<Json<JobPage>, ApiError> {
    let query = JobQuery {
        after: asked.after.as_deref().map(cursor).transpose()?,
        limit: asked.limit.unwrap_or_default(),
        ..search(asked.q.as_deref().unwrap_or_default())?
    };
    let page = api.adapters.storage.jobs(&query).await.map_err(down)?;
    Ok(Json(JobPage {
        items: page.jobs.into_iter().map(Into::into).collect(),
        next: page
            .next
            .map(|next| format!("{}~{}", next.id, next.changed_at.as_microsecond())),
    }))
}

/// One job with its history.
#[utoipa::path(
    get, path = "/api/jobs/{id}", tag = "jobs", operation_id = "getJob",
    security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = JobWithHistory),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
) -> Result<Json<JobWithHistory>, ApiError> {
    let job = api.adapters.storage.job(JobId(id)).await.map_err(down)?;
    let job = job.ok_or(ApiError::NotFound("There is no job with this id."))?;
    Ok(Json(job.into()))
}

/// Requeues, triggers or deletes a job.
#[utoipa::path(
    post, path = "/api/jobs/{id}/{command}", tag = "jobs", operation_id = "commandJob",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), ("command" = JobCommand, Path)),
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
    path: Result<Path<OnJob>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Ok(Path(OnJob { id, command })) = path else {
        return Err(ApiError::NotFound("There is nothing at this address."));
    };
    let actor = actor(&api, &user);
    let commanded = actor.command(JobId(id), None, command.into(), "").await?;
    match commanded {
        Commanded::Done => Ok(StatusCode::NO_CONTENT),
        Commanded::NotFound => Err(ApiError::NotFound("There is no job with this id.")),
        Commanded::NotApplicable(state) => Err(ApiError::Conflict {
            detail: format!("The job is {state}. Nothing was changed."),
            errors: FieldErrors::default(),
        }),
    }
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

/// Who acts, with the audit log at their side.
fn actor(api: &SharedApi, user: &User) -> Actor {
    let storage = Arc::clone(&api.adapters.storage);
    Actor::new(storage, user.email.to_string()).acting("over the API")
}

fn search(words: &str) -> Result<JobQuery, ApiError> {
    let conditions = job_engine_dashboard::parse_search(words, Timestamp::now());
    let conditions = conditions.map_err(|problems| ApiError::invalid("q", problems.join(" ")))?;
    Ok(JobQuery {
        conditions,
        ..JobQuery::default()
    })
}

fn cursor(text: &str) -> Result<Cursor, ApiError> {
    let parsed = text.split_once('~').and_then(|(id, changed_at)| {
        Some(Cursor {
            id: JobId(id.parse().ok()?),
            changed_at: Timestamp::from_microsecond(changed_at.parse().ok()?).ok()?,
        })
    });
    parsed.ok_or_else(|| ApiError::invalid("after", "Give the `next` of a page."))
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> Self {
        let conflict = |detail| Self::Conflict {
            detail,
            errors: FieldErrors::default(),
        };
        match error {
            ActError::Unfit(words) => Self::Malformed(words),
            ActError::NotFound(_) => Self::NotFound("There is nothing of this name."),
            ActError::MovedOn(words) => conflict(format!("{words} Nothing was changed.")),
            ActError::Storage(error) => down(error),
        }
    }
}

fn down(error: StorageError) -> ApiError {
    match error {
        StorageError::Unavailable(_) => ApiError::Down(error.into()),
        StorageError::Corrupt(_) => ApiError::Internal(error.into()),
    }
}
