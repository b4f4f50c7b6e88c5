//! The first request: what the hub offers, and the names of the connection to be made.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::Method;
use serde::Serialize;

use super::{Refusal, gate};
use crate::{
    endpoint::{Endpoint, Names},
    options::{Transport, Transports},
    query,
    redirect::Elsewhere,
    user::Token,
};

const NEWEST_VERSION: i64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Offer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    use_stateful_reconnect: Option<bool>,
    negotiate_version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    connection_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<i32>,
    available_transports: Vec<AvailableTransport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AvailableTransport {
    transport: &'static str,
    transfer_formats: &'static [&'static str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SentOn<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

#[derive(Serialize)]
struct Failure {
    error: String,
}

pub(super) async fn negotiate(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    answer(&endpoint, request)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn answer(endpoint: &Endpoint, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    if parts.method != Method::POST {
        return Err(Refusal::MethodNotAllowed);
    }
    let identity = gate::admit(endpoint, &mut parts).await?;
    let redirect = endpoint.options.redirect.as_ref();
    if let Some(elsewhere) = redirect.and_then(|to| to.of(&identity.user, &parts.uri)) {
        return Ok(send_on(&elsewhere));
    }

    let query = parts.uri.query().unwrap_or("");
    let minimum = endpoint.options.minimum_negotiate_version;
    let version = match version(query, minimum.into()) {
        Ok(version) => version,
        Err(error) => return Ok(Json(Failure { error }).into_response()),
    };
    let names = match version {
        0 => Names::OneForBoth,
        _ => Names::IdAndToken,
    };
    let lifetime = match endpoint.options.authentication_refresh {
        Some(_) => identity.seconds_left(endpoint.clock),
        None => None,
    };
    let connection = endpoint.open(identity, names).ok_or(Refusal::Stopping)?;
    let may_resume = endpoint.options.stateful_reconnect.is_some() && asks_to_resume(query);
    connection
        .asked_to_resume
        .store(may_resume, Ordering::Relaxed);
    let offer = Offer {
        use_stateful_reconnect: may_resume.then_some(true),
        negotiate_version: version,
        access_token: connection.ticket.as_ref().map(Token::reveal),
        connection_id: &connection.id,
        connection_token: (version > 0).then_some(&*connection.token),
        token_lifetime_seconds: lifetime,
        available_transports: offered(endpoint.options.transports),
    };
    Ok(Json(offer).into_response())
}

fn send_on(elsewhere: &Elsewhere) -> Response {
    let sent_on = SentOn {
        url: &elsewhere.url,
        access_token: elsewhere.access_token.as_ref().map(Token::reveal),
    };
    Json(sent_on).into_response()
}

fn asks_to_resume(query: &str) -> bool {
    query::find(query, "useStatefulReconnect")
        .is_some_and(|asked| asked.eq_ignore_ascii_case("true"))
}

fn version(query: &str, minimum: i64) -> Result<i64, String> {
    let asked = query::find(query, "negotiateVersion");
    let version: i64 = match asked {
        None => 0,
        Some(asked) => asked
            .parse()
            .map_err(|_| format!("The client requested an invalid protocol version '{asked}'"))?,
    };
    if version < minimum {
        return Err(format!(
            "The client requested version '{version}', but the server does not support this version."
        ));
    }
    Ok(version.min(NEWEST_VERSION))
}

fn offered(transports: Transports) -> Vec<AvailableTransport> {
    let all: [(Transport, &'static [&'static str]); 3] = [
        (Transport::WebSockets, &["Text", "Binary"]),
        (Transport::ServerSentEvents, &["Text"]),
        (Transport::LongPolling, &["Text", "Binary"]),
    ];
    all.into_iter()
        .filter(|(transport, _)| transport.is_in(transports))
        .map(|(transport, transfer_formats)| AvailableTransport {
            transport: transport.name(),
            transfer_formats,
        })
        .collect()
}
