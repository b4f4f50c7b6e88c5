use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use jiff::Timestamp;
use job_engine::storage::{Operation, OperationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::command::JobCommand;
use super::{actor, down, search};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::json_body::JsonBody;
use crate::parameters::Id;

/// How many operations are told.
const SHOWN: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobOperation {
    pub id: Uuid,
    pub command: String,
    /// To which jobs: a search.
    pub q: String,
    pub actor: String,
    pub reason: String,
    /// How many jobs matched when it was asked for.
    pub total: u64,
    pub done: u64,
    /// How many had moved on and were left as they are.
    pub skipped: u64,
    /// `Running`, `Finished` or `Stopped`.
    pub status: String,
    pub started_at: Timestamp,
    #[schema(required)]
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeginJobOperation {
    pub command: JobCommand,
    /// To which jobs: a search, which must say something.
    pub q: String,
    /// Why, for the history of the jobs and the audit log.
    pub reason: String,
    /// How many jobs you expect. When more match, but for a hundredth, nothing is done. Needed for a
    /// deletion of more than 10000.
    pub expected: Option<u64>,
}

/// Does something to all jobs that a search finds, in the background.
#[utoipa::path(
    post, path = "/api/job-operations", tag = "jobs", operation_id = "beginJobOperation",
    security(("bearer" = [])),
    request_body = BeginJobOperation,
    responses(
        (status = 202, body = JobOperation, headers(("Location" = String))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "More jobs match than were expected; `errors.expected` says how many."),
    ),
)]
pub async fn begin(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    JsonBody(asked): JsonBody<BeginJobOperation>,
) -> Result<Response, ApiError> {
    if asked.q.trim().is_empty() {
        return Err(ApiError::invalid("q", "Say to which jobs."));
    }
    let query = search(&asked.q)?;
    let actor = actor(&api, &user);
    let (command, reason) = (asked.command.into(), &asked.reason);
    let begun = actor.begin_operation(command, query, &asked.q, reason, asked.expected);
    let id = begun.await?;

    let location = [(LOCATION, format!("/api/job-operations/{id}"))];
    let operation = found(&api, id).await?;
    Ok((StatusCode::ACCEPTED, location, operation).into_response())
}

/// What was asked for all jobs of a search, newest first.
#[utoipa::path(
    get, path = "/api/job-operations", tag = "jobs", operation_id = "listJobOperations",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<JobOperation>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_operations(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<JobOperation>>, ApiError> {
    let operations = api.adapters.storage.operations(SHOWN).await;
    let operations = operations.map_err(down)?;
    Ok(Json(operations.into_iter().map(Into::into).collect()))
}

/// One operation and how far it is.
#[utoipa::path(
    get, path = "/api/job-operations/{id}", tag = "jobs", operation_id = "getJobOperation",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = JobOperation),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn get_operation(
    State(api): State<SharedApi>,
    _: SuperAdmin,
    Id(id): Id,
) -> Result<Json<JobOperation>, ApiError> {
    found(&api, OperationId(id)).await
}

/// Ends an operation where it is; what was done stays done.
#[utoipa::path(
    post, path = "/api/job-operations/{id}/stop", tag = "jobs", operation_id = "stopJobOperation",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = JobOperation),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn stop(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    Id(id): Id,
) -> Result<Json<JobOperation>, ApiError> {
    let stopped = actor(&api, &user).stop_operation(OperationId(id)).await;
    stopped.map_err(down)?;
    found(&api, OperationId(id)).await
}

async fn found(api: &SharedApi, id: OperationId) -> Result<Json<JobOperation>, ApiError> {
    let operation = api.adapters.storage.operation(id).await.map_err(down)?;
    let operation = operation.ok_or(ApiError::NotFound("There is no operation with this id."))?;
    Ok(Json(operation.into()))
}

impl From<Operation> for JobOperation {
    fn from(operation: Operation) -> Self {
        Self {
            id: operation.id.0,
            command: operation.command.name().to_owned(),
            q: operation.words,
            actor: operation.actor,
            reason: operation.reason,
            total: operation.total,
            done: operation.done,
            skipped: operation.skipped,
            status: operation.status.name().to_owned(),
            started_at: operation.started_at,
            ended_at: operation.ended_at,
        }
    }
}
