//! Every URL, and what happens around all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Uri};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::api::{Api, SharedApi};
use crate::error::ApiError;
use crate::layers::observe::observe;
use crate::layers::panics;
use crate::layers::security_headers::{IsHttps, security_headers};
use crate::layers::time_limit::time_limit;
use crate::routes::metrics;
use crate::{dashboard, frontend, openapi};

/// The largest body of a request to the API.
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// The API and everything else. `stop` ends answers that would go on.
pub fn router(api: &SharedApi, stop: CancellationToken) -> Router {
    let (api_routes, description) = openapi::described_routes().split_for_parts();
    let description = openapi::as_json(&description);

    api_routes
        .route("/metrics", get(metrics::get))
        .route("/api/openapi.json", get(async || json(description)))
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(Arc::clone(api))
        .nest(dashboard::PATH, dashboard::router(api, stop))
        .route("/hangfire/", get(dashboard::without_slash))
        .layer(from_fn(time_limit))
        .merge(api.hub.router())
        .fallback(elsewhere)
        .layer(same_origin(api))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn_with_state(
            IsHttps(api.is_https()),
            security_headers,
        ))
        .layer(from_fn(observe))
}

fn json(description: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], description).into_response()
}

/// Programs get a problem, browsers a page.
async fn elsewhere(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let is_for_programs = ["/api", "/hubs", "/health", "/metrics"]
        .iter()
        .any(|start| {
            let rest = uri.path().strip_prefix(start);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    if is_for_programs {
        return ApiError::NotFound("There is nothing at this address.").into_response();
    }
    frontend::serve(&method, &uri, &headers)
}

/// Nothing is changed by a request that another site's page has sent.
fn same_origin(api: &Api) -> CsrfLayer<fn(ProtectionError) -> Response> {
    CsrfLayer::new()
        .add_trusted_origin(api.config.public_url.as_str())
        .expect("a public URL is an origin")
        .with_rejection_response(|_| {
            ApiError::Forbidden("This was sent by a page of another site.").into_response()
        })
}
