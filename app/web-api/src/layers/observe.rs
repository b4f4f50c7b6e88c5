use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::request_id;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, counts it, and writes it into the log: the path without its query, which may
/// carry a token.
pub async fn observe(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", MatchedPath::as_str)
        .to_owned();

    let mut response = request_id::with(id, next.run(request)).await;

    let took = started.elapsed();
    let status = response.status().as_u16();
    tracing::info!(
        target: "diquis::access",
        %method,
        path,
        status,
        ms = format_args!("{:.1}", took.as_secs_f64() * 1000.0),
        request = %id,
    );
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());

    let value = HeaderValue::from_str(&id.to_string()).expect("a UUID is visible ASCII");
    response.headers_mut().insert(REQUEST_ID, value);
    response
}
