use axum::extract::State as Extracted;
use axum::response::{IntoResponse, Response};
use domain::Role;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use job_engine::State;

use crate::api::{Api, SharedApi};
use crate::current_user::bearer_token;
use crate::error::ApiError;
use crate::tokens::Purpose;

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How the process is doing, for Prometheus.
pub async fn get(
    Extracted(api): Extracted<SharedApi>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authorize(&api, &headers).await?;

    let jobs = api
        .adapters
        .storage
        .counts()
        .await
        .map_err(|error| ApiError::Down(error.into()))?;
    for (state, count) in [
        (State::Enqueued, jobs.enqueued),
        (State::Scheduled, jobs.scheduled),
        (State::Awaiting, jobs.awaiting),
        (State::Processing, jobs.processing),
        (State::Succeeded, jobs.succeeded),
        (State::Failed, jobs.failed),
        (State::Deleted, jobs.deleted),
    ] {
        metrics::gauge!("jobs", "state" => state.name()).set(as_float(count));
    }
    metrics::gauge!("hub_connections").set(as_float(api.hub.connections() as u64));
    Ok(([(CONTENT_TYPE, PROMETHEUS_TEXT)], api.metrics.render()).into_response())
}

/// A Super Admin, or who holds the configured token.
async fn authorize(api: &Api, headers: &HeaderMap) -> Result<(), ApiError> {
    let token = bearer_token(headers).ok_or(ApiError::Unauthorized("Please sign in."))?;
    if let Some(expected) = &api.config.metrics_token
        && expected.is(token)
    {
        return Ok(());
    }

    let current = api
        .identity
        .holder(Purpose::Access, token)
        .await?
        .ok_or(ApiError::Unauthorized("Please sign in again."))?;
    if !current.user.has_role(Role::SuperAdmin) {
        return Err(ApiError::Forbidden("This is for Super Admins."));
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge that is off by one in 2^53 is right"
)]
fn as_float(count: u64) -> f64 {
    count as f64
}
