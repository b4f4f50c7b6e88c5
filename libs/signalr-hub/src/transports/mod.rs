//! From HTTP requests to connections.

mod gate;
mod long_polling;
mod negotiate;
mod posts;
mod refresh;
mod server_sent_events;
mod web_socket;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{Method, StatusCode, header, request::Parts};

use crate::{connection::Connection, endpoint::Endpoint, options::Transport, query};

pub(crate) fn router(path: &str, endpoint: Arc<Endpoint>) -> Router {
    let path = path.trim_end_matches('/');
    let base = if path.is_empty() { "/" } else { path };
    Router::new()
        .route(base, any(connect))
        .route(&format!("{path}/negotiate"), any(negotiate::negotiate))
        .route(&format!("{path}/refresh"), any(refresh::refresh))
        .with_state(endpoint)
}

async fn connect(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let answered = match parts.method {
        Method::GET => receive(&endpoint, &mut parts).await,
        Method::POST => send(&endpoint, &mut parts, body).await,
        Method::DELETE => end(&endpoint, &mut parts).await,
        _ => Err(Refusal::MethodNotAllowed),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// Answers a request by which a client wants to receive.
async fn receive(endpoint: &Arc<Endpoint>, parts: &mut Parts) -> Result<Response, Refusal> {
    let identity = gate::admit(endpoint, parts).await?;
    if web_socket::is_upgrade(parts) {
        return web_socket::connect(endpoint, parts, identity);
    }
    if server_sent_events::is_wanted(parts) {
        return server_sent_events::connect(endpoint, parts);
    }
    long_polling::poll(endpoint, parts).await
}

async fn send(endpoint: &Endpoint, parts: &mut Parts, body: Body) -> Result<Response, Refusal> {
    gate::admit(endpoint, parts).await?;
    posts::send(endpoint, parts, body).await
}

async fn end(endpoint: &Endpoint, parts: &mut Parts) -> Result<Response, Refusal> {
    gate::admit(endpoint, parts).await?;
    long_polling::end(endpoint, parts)
}

/// The connection a request names by its token.
fn named(endpoint: &Endpoint, parts: &Parts) -> Result<Option<Arc<Connection>>, Refusal> {
    let token = parts.uri.query().and_then(|text| query::find(text, "id"));
    match token.filter(|token| !token.is_empty()) {
        None => Ok(None),
        Some(token) => endpoint
            .find(&token)
            .map(Some)
            .ok_or(Refusal::NoSuchConnection),
    }
}

/// Why a request is not served, in the words clients know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unauthorized,
    Forbidden,
    MethodNotAllowed,
    NoId,
    NoSuchConnection,
    NoSuchTransport(Transport),
    OtherTransport,
    AlreadyConnected,
    NotPolling,
    PostToWebSocket,
    BrokenBody,
    BadUpgrade,
    Stopping,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => unauthorized(),
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::MethodNotAllowed => text(StatusCode::METHOD_NOT_ALLOWED, ""),
            Self::NoId => text(StatusCode::BAD_REQUEST, "Connection ID required"),
            Self::NoSuchConnection => text(StatusCode::NOT_FOUND, "No Connection with that ID"),
            Self::NoSuchTransport(transport) => {
                let name = transport.name();
                let reason = format!("{name} transport not supported by this end point type");
                text(StatusCode::NOT_FOUND, reason)
            }
            Self::OtherTransport => text(
                StatusCode::BAD_REQUEST,
                "Cannot change transports mid-connection",
            ),
            Self::AlreadyConnected => text(StatusCode::CONFLICT, ""),
            Self::NotPolling => text(
                StatusCode::BAD_REQUEST,
                "Cannot terminate this connection using the DELETE endpoint.",
            ),
            Self::PostToWebSocket => text(
                StatusCode::METHOD_NOT_ALLOWED,
                "POST requests are not allowed for WebSocket connections.",
            ),
            Self::BrokenBody => text(StatusCode::BAD_REQUEST, "the body broke off"),
            Self::BadUpgrade => text(StatusCode::BAD_REQUEST, "not a WebSocket request"),
            Self::Stopping => text(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"),
        }
    }
}

/// The body stays empty: clients show a body instead of "Unauthorized".
fn unauthorized() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, "Bearer")],
    )
        .into_response()
}

fn text(status: StatusCode, text: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], text.into()).into_response()
}
