//! What the dashboard knows and does, for programs.

mod batches;
mod engine;
mod operations;
mod queues;
mod recurring;
mod response;
mod servers;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::User;
use http::StatusCode;
use http::header::LOCATION;
use jiff::Timestamp;
use job_engine::storage::{Command, Commanded, Cursor, JobQuery, JobSummary};
use job_engine::{ActError, Actor, JobId, Parent, Storage, StorageError};
use job_engine_dashboard::DashboardOptions;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use self::batches::{__path_get_batch, __path_list_batches, get_batch, list_batches};
pub use self::engine::{
    __path_audit, __path_errors, __path_kinds, __path_overview, __path_throughput, audit, errors,
    kinds, overview, throughput,
};
pub use self::operations::{
    __path_begin, __path_get_operation, __path_list_operations, __path_stop, begin, get_operation,
    list_operations, stop,
};
pub use self::queues::{
    __path_list_limits, __path_list_queues, __path_pause, __path_remove_limit, __path_resume,
    __path_set_limit, list_limits, list_queues, pause, remove_limit, resume, set_limit,
};
pub use self::recurring::{
    __path_get_recurring, __path_list_recurring, __path_list_runs, __path_pause_recurring,
    __path_remove_recurring, __path_reschedule, __path_resume_recurring, __path_run_recurring,
    get_recurring, list_recurring, list_runs, pause_recurring, remove_recurring, reschedule,
    resume_recurring, run_recurring,
};
use self::response::{Around, JobLogLine, JobPage, JobWithHistory};
pub use self::servers::{__path_list_servers, __path_order_server, list_servers, order_server};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, FieldErrors, Problem};
use crate::json_body::JsonBody;
use crate::parameters::{Id, QueryParameters};

/// How many parents and children of a job are told.
const MOST_RELATIVES: usize = 1000;

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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CommandQuery {
    /// The job's `changedAt` as it was read: one that has changed since is left as it is. Without
    /// it, the job is taken as it is now.
    pub seen: Option<Timestamp>,
    /// Why, for the job's history and the audit log.
    pub reason: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only lines with a higher number.
    pub after: Option<u64>,
    /// 1 to 1000. Default 100.
    pub limit: Option<usize>,
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
    let storage = &api.adapters.storage;
    let job = storage.job(JobId(id)).await.map_err(down)?;
    let job = job.ok_or_else(no_such_job)?;
    let around = around(&**storage, &job.summary).await.map_err(down)?;
    Ok(Json(JobWithHistory::of(job, around)))
}

async fn around(storage: &dyn Storage, job: &JobSummary) -> Result<Around, StorageError> {
    let alive_within = DashboardOptions::default().server_timeout;
    let this = Parent::Job(job.id);
    Ok(Around {
        why: storage.why(job, alive_within).await?,
        progress: storage.progress(job.id).await?,
        parents: storage.parents(job.id, MOST_RELATIVES).await?,
        children: storage.children(this, MOST_RELATIVES).await?,
    })
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

fn no_such_job() -> ApiError {
    ApiError::NotFound("There is no job with this id.")
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
    path: Result<Path<OnJob>, axum::extract::rejection::PathRejection>,
    QueryParameters(asked): QueryParameters<CommandQuery>,
) -> Result<StatusCode, ApiError> {
    let Ok(Path(OnJob { id, command })) = path else {
        return Err(ApiError::NotFound("There is nothing at this address."));
    };
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
            ActError::TooMany(total) => Self::Conflict {
                detail: format!("{error} Nothing was changed."),
                errors: FieldErrors::of("expected", format!("Say {total} to go on.")),
            },
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
