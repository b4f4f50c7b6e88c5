//! Who may come in: origin, authentication, and the same person at every request.

use http::{HeaderMap, header, request::Parts};

use super::Refusal;
use crate::{
    connection::Connection,
    endpoint::Endpoint,
    front_door::HiddenToken,
    inbox::Stop,
    options::AllowedOrigins,
    owner::{Attempt, Identity, OtherUser},
    query,
    user::{Credentials, Refused, Token},
};

/// Says who makes a request, and takes the token out of its address. A request that names a
/// connection must come from the one who made it.
pub(super) async fn admit(endpoint: &Endpoint, parts: &mut Parts) -> Result<Identity, Refusal> {
    let token = take_token(parts);
    check_origin(endpoint, &parts.headers)?;

    let Some(connection) = super::named(endpoint, parts)? else {
        return authenticate(endpoint, parts, token.as_ref()).await;
    };
    if holds_ticket(&connection, token.as_ref()) {
        return Ok(connection.owner.identity());
    }
    let attempt = connection.owner.begin_proof();
    let identity = authenticate(endpoint, parts, token.as_ref()).await?;
    renew(endpoint, &connection, attempt, identity.clone())?;
    Ok(identity)
}

pub(super) async fn authenticate(
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
        Ok(user) => Ok(Identity::of(user, endpoint.clock)),
        Err(Refused::Unauthorized) => Err(Refusal::Unauthorized),
        Err(Refused::Forbidden) => Err(Refusal::Forbidden),
    }
}

/// Takes what a request says about its user. A change that the application does not allow ends the
/// connection: its user is not any more who may have it.
fn renew(
    endpoint: &Endpoint,
    connection: &Connection,
    attempt: Attempt,
    latest: Identity,
) -> Result<(), Refusal> {
    let before = connection.owner.identity().user;
    let is_same = |_: OtherUser| Refusal::Forbidden;
    connection.owner.check(&latest.user).map_err(is_same)?;

    let refresh = endpoint.options.authentication_refresh.as_ref();
    let refresh = refresh.filter(|_| before.claims != latest.user.claims);
    if refresh.is_some_and(|refresh| !refresh.allows(&before, &latest.user)) {
        connection.stop(Stop::Revoked);
        return Err(Refusal::Forbidden);
    }
    connection.owner.renew(attempt, latest).map_err(is_same)?;
    if refresh.is_some() {
        connection.inbox.refresh();
    }
    Ok(())
}

fn holds_ticket(connection: &Connection, token: Option<&Token>) -> bool {
    match (&connection.ticket, token) {
        (Some(ticket), Some(token)) => ticket.is_same_as(token),
        _ => false,
    }
}

/// The header counts; browsers cannot set it for sockets and event streams and use the query.
pub(super) fn take_token(parts: &mut Parts) -> Option<Token> {
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

pub(super) fn check_origin(endpoint: &Endpoint, headers: &HeaderMap) -> Result<(), Refusal> {
    if is_origin_allowed(&endpoint.options.allowed_origins, headers) {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
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
