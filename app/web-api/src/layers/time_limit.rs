use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

const LIMIT: Duration = Duration::from_secs(30);

/// Gives up on a request that takes too long.
pub async fn time_limit(request: Request, next: Next) -> Response {
    tokio::time::timeout(LIMIT, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::Unavailable("This took too long.").into_response())
}
