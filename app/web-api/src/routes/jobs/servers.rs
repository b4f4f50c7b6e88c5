use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use job_engine::ServerId;
use job_engine::storage::{ServerOrder, ServerSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{actor, down};
use crate::api::SharedApi;
use crate::current_user::SuperAdmin;
use crate::error::{ApiError, Problem};
use crate::parameters::PathParameters;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobServer {
    pub id: Uuid,
    pub name: String,
    pub queues: Vec<String>,
    /// Which kinds of jobs it can run.
    pub kinds: Vec<String>,
    pub workers: u32,
    pub processing: u64,
    /// What it was told to do: `quiet` or `stop`.
    #[schema(required)]
    pub order: Option<String>,
    pub started_at: Timestamp,
    pub heartbeat_at: Timestamp,
}

/// What a server can be told.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobServerOrder {
    /// Take no more jobs; what runs goes on.
    Quiet,
    /// Take jobs again.
    Work,
    /// Stop when running jobs have ended, or their grace is over.
    Stop,
}

#[derive(Debug, Deserialize)]
pub struct OnServer {
    id: Uuid,
    order: JobServerOrder,
}

/// The servers and what they do.
#[utoipa::path(
    get, path = "/api/job-servers", tag = "jobs", operation_id = "listJobServers",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Vec<JobServer>),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list_servers(
    State(api): State<SharedApi>,
    _: SuperAdmin,
) -> Result<Json<Vec<JobServer>>, ApiError> {
    let servers = api.adapters.storage.servers().await.map_err(down)?;
    Ok(Json(servers.into_iter().map(Into::into).collect()))
}

/// Tells a server what to do from its next heartbeat on.
#[utoipa::path(
    post, path = "/api/job-servers/{id}/{order}", tag = "jobs", operation_id = "orderJobServer",
    security(("bearer" = [])),
    params(("id" = Uuid, Path), ("order" = inline(JobServerOrder), Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "It was told so before, or to stop."),
    ),
)]
pub async fn order_server(
    State(api): State<SharedApi>,
    SuperAdmin(user): SuperAdmin,
    PathParameters(OnServer { id, order }): PathParameters<OnServer>,
) -> Result<StatusCode, ApiError> {
    let order = match order {
        JobServerOrder::Quiet => Some(ServerOrder::Quiet),
        JobServerOrder::Work => None,
        JobServerOrder::Stop => Some(ServerOrder::Stop),
    };
    let actor = actor(&api, &user);
    actor.order_server(ServerId(id), order).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ServerSummary> for JobServer {
    fn from(server: ServerSummary) -> Self {
        Self {
            id: server.id.0,
            name: server.name,
            queues: server.queues,
            kinds: server.kinds,
            workers: server.workers,
            processing: server.processing,
            order: server.order.map(|order| order.name().to_owned()),
            started_at: server.started_at,
            heartbeat_at: server.heartbeat_at,
        }
    }
}
