use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::SharedApi;
use crate::error::{ApiError, Problem};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthResponse {
    pub status: HealthStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HealthStatus {
    Healthy,
}

/// A database that takes longer is not there for anyone.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process runs.
#[utoipa::path(
    get, path = "/health/live", tag = "health", operation_id = "isLive",
    responses((status = 200, body = HealthResponse)),
)]
pub async fn live() -> Json<HealthResponse> {
    let status = HealthStatus::Healthy;
    Json(HealthResponse { status })
}

/// The process can do its work: its database answers.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "isReady",
    responses(
        (status = 200, body = HealthResponse),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn ready(State(api): State<SharedApi>) -> Response {
    match tokio::time::timeout(PATIENCE, api.adapters.is_ready()).await {
        Ok(Ok(())) => live().await.into_response(),
        Ok(Err(error)) => ApiError::from(error).into_response(),
        Err(_) => ApiError::Unavailable("The database does not answer.").into_response(),
    }
}
