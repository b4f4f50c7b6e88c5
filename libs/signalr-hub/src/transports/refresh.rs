//! Proving anew who one is, without connecting anew.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use serde::Serialize;

use super::{Refusal, gate};
use crate::{
    connection::Connection,
    endpoint::Endpoint,
    owner::Identity,
    user::{AuthenticationRefresh, Token},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Renewed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<i32>,
    /// So that a client that was given a ticket goes on with it, and not with its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

#[derive(Serialize)]
struct Failure {
    error: &'static str,
}

/// Why a refresh changes nothing, in the words clients know.
enum Rejected {
    Disabled,
    NoId,
    NoSuchConnection,
    /// Whoever knows the connection's public name would know its secret.
    NoSecret,
    Unproved,
    OtherUser,
    NotAllowed,
}

pub(super) async fn refresh(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let token = gate::take_token(&mut parts);
    if parts.method != Method::POST {
        return Refusal::MethodNotAllowed.into_response();
    }
    if let Err(refusal) = gate::check_origin(&endpoint, &parts.headers) {
        return refusal.into_response();
    }
    match renew(&endpoint, &parts, token.as_ref()).await {
        Ok(connection) => renewed(&endpoint, &connection),
        Err(rejected) => rejected.into_response(),
    }
}

async fn renew(
    endpoint: &Endpoint,
    parts: &Parts,
    token: Option<&Token>,
) -> Result<Arc<Connection>, Rejected> {
    let refresh = endpoint.options.authentication_refresh.as_ref();
    let refresh = refresh.ok_or(Rejected::Disabled)?;
    let connection = super::named(endpoint, parts)
        .map_err(|_| Rejected::NoSuchConnection)?
        .ok_or(Rejected::NoId)?;
    if !connection.has_secret() {
        return Err(Rejected::NoSecret);
    }

    let attempt = connection.owner.begin_proof();
    let latest = gate::authenticate(endpoint, parts, token)
        .await
        .map_err(|_| Rejected::Unproved)?;
    check(&connection, &latest, refresh)?;
    connection
        .owner
        .renew(attempt, latest)
        .map_err(|_| Rejected::OtherUser)?;
    connection.inbox.refresh();
    Ok(connection)
}

fn check(
    connection: &Connection,
    latest: &Identity,
    refresh: &AuthenticationRefresh,
) -> Result<(), Rejected> {
    let owner = &connection.owner;
    owner.check(&latest.user).map_err(|_| Rejected::OtherUser)?;
    if refresh.allows(&owner.identity().user, &latest.user) {
        Ok(())
    } else {
        Err(Rejected::NotAllowed)
    }
}

fn renewed(endpoint: &Endpoint, connection: &Connection) -> Response {
    let identity = connection.owner.identity();
    Json(Renewed {
        token_lifetime_seconds: identity.seconds_left(endpoint.clock),
        access_token: connection.ticket.as_ref().map(Token::reveal),
    })
    .into_response()
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Disabled => (StatusCode::NOT_FOUND, "refresh_disabled"),
            Self::NoId => (StatusCode::BAD_REQUEST, "missing_connection_token"),
            Self::NoSuchConnection => (StatusCode::NOT_FOUND, "connection_not_found"),
            Self::NoSecret => (StatusCode::BAD_REQUEST, "unsupported_negotiate_version"),
            Self::Unproved => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::OtherUser => (StatusCode::FORBIDDEN, "user_changed"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "permission_change_rejected"),
        };
        (status, Json(Failure { error })).into_response()
    }
}
