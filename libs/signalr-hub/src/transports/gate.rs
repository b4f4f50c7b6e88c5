//! Who may come in: origin, authentication, and the same person at every request.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, header, request::Parts};

use super::Refusal;
use crate::{
    clock::{Clock, Millis, millis},
    connection::{Connection, Identity},
    endpoint::Endpoint,
    front_door::HiddenToken,
    options::AllowedOrigins,
    query,
    user::{Credentials, Refused, Token, User},
};

/// Says who makes a request, and takes the token out of its address. A request that names a
/// connection must come from the one who made it.
pub(super) async fn admit(endpoint: &Endpoint, parts: &mut Parts) -> Result<Identity, Refusal> {
    let token = take_token(parts);
    if !is_origin_allowed(&endpoint.options.allowed_origins, &parts.headers) {
        return Err(Refusal::Forbidden);
    }

    let connection = super::named(endpoint, parts)?;
    if let Some(connection) = &connection
        && holds_ticket(connection, token.as_ref())
    {
        return Ok(connection.identity());
    }
    let identity = authenticate(endpoint, parts, token.as_ref()).await?;
    if let Some(connection) = connection {
        connection
            .renew(identity.clone())
            .map_err(|_| Refusal::Forbidden)?;
    }
    Ok(identity)
}

async fn authenticate(
    endpoint: &Endpoint,
    parts: &Parts,
    token: Option<&Token>,
) -> Result<Identity, Refusal> {
    let credentials = Credentials {
        token,
        headers: &parts.headers,
        uri: &parts.uri,
    };
    let authenticate = &endpoint.options.authenticate;
    match authenticate.authenticate(&credentials).await {
        Ok(user) => Ok(identity(user, endpoint.clock)),
        Err(Refused::Unauthorized) => Err(Refusal::Unauthorized),
        Err(Refused::Forbidden) => Err(Refusal::Forbidden),
    }
}

fn identity(user: User, clock: Clock) -> Identity {
    Identity {
        expires: user.expires_at.map(|at| moment(at, clock)),
        user: Arc::new(user),
    }
}

fn moment(at: SystemTime, clock: Clock) -> Millis {
    let left = at
        .duration_since(SystemTime::now())
        .unwrap_or(Duration::ZERO);
    clock.now().saturating_add(millis(left))
}

fn holds_ticket(connection: &Connection, token: Option<&Token>) -> bool {
    match (&connection.ticket, token) {
        (Some(ticket), Some(token)) => ticket.is_same_as(token),
        _ => false,
    }
}

/// The header counts; browsers cannot set it for sockets and event streams and use the query.
fn take_token(parts: &mut Parts) -> Option<Token> {
    let in_query = query::take(&mut parts.uri, "access_token").map(Token::from_text);
    let hidden = parts.extensions.remove::<HiddenToken>();
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return bearer(&parts.headers);
    }
    in_query.or(hidden.map(|hidden| hidden.0))
}

fn bearer(headers: &HeaderMap) -> Option<Token> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Token::from_text(token.trim()))
}

fn is_origin_allowed(allowed: &AllowedOrigins, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    match allowed {
        AllowedOrigins::Any => true,
        AllowedOrigins::SameHost => is_same_host(origin, headers),
        AllowedOrigins::Listed(origins) => {
            let is_listed = origins.iter().any(|held| held.eq_ignore_ascii_case(origin));
            is_listed || is_same_host(origin, headers)
        }
    }
}

fn is_same_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    match (host, origin_host) {
        (Some(host), Some(origin)) => host.eq_ignore_ascii_case(origin),
        _ => false,
    }
}
