//! WebSockets: one socket, both ways.

mod frame;
mod pump;

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, StatusCode, header, request::Parts};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};

use super::{Refusal, named};
use crate::{
    connect_request::ConnectRequest,
    connection::Connection,
    endpoint::{Endpoint, Names},
    inbox::InputEnd,
    options::Transport,
    owner::Identity,
    place::Turn,
};

/// RFC 6455, section 1.3: proves that the answer comes from a WebSocket server.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

pub(super) fn is_upgrade(parts: &Parts) -> bool {
    has_token(&parts.headers, &header::CONNECTION, "upgrade")
        && has_token(&parts.headers, &header::UPGRADE, "websocket")
}

/// Answers an upgrade; the socket is served as soon as it is there.
pub(super) fn connect(
    endpoint: &Arc<Endpoint>,
    parts: &mut Parts,
    identity: Identity,
) -> Result<Response, Refusal> {
    if !Transport::WebSockets.is_in(endpoint.options.transports) {
        return Err(Refusal::NoSuchTransport(Transport::WebSockets));
    }
    let accept = accept_key(&parts.headers).ok_or(Refusal::BadUpgrade)?;
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let upgrade = upgrade.ok_or(Refusal::BadUpgrade)?;
    let seat = sit_down(endpoint, parts, identity)?;

    endpoint.spawn(serve(Arc::clone(endpoint), seat, upgrade));
    let headers = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response())
}

/// The connection a socket will serve.
enum Seat {
    /// It has no other socket.
    Taken(Arc<Connection>, Turn),
    /// It may still have the socket that the client has given up.
    Reserved(Arc<Connection>),
}

/// Without a name, it is a connection that skipped negotiation.
fn sit_down(endpoint: &Arc<Endpoint>, parts: &Parts, identity: Identity) -> Result<Seat, Refusal> {
    let connection = match named(endpoint, parts)? {
        Some(connection) => connection,
        None => endpoint
            .open(identity, Names::IdAndToken)
            .ok_or(Refusal::Stopping)?,
    };
    if !connection.use_transport(Transport::WebSockets) {
        return Err(Refusal::OtherTransport);
    }
    if connection.can_resume() {
        return Ok(Seat::Reserved(connection));
    }
    if connection.resume.get().is_some() {
        return Err(Refusal::NoSuchConnection);
    }
    let turn = Turn::try_take(&connection).ok_or(Refusal::AlreadyConnected)?;
    endpoint.begin(&connection, ConnectRequest::copy_of(parts));
    Ok(Seat::Taken(connection, turn))
}

async fn serve(endpoint: Arc<Endpoint>, seat: Seat, upgrade: OnUpgrade) {
    let (connection, turn) = match seat {
        Seat::Taken(connection, turn) => (connection, turn),
        Seat::Reserved(connection) => match Turn::take_over(&connection).await {
            Some(turn) if connection.can_resume() => {
                connection.change_socket();
                (connection, turn)
            }
            _ => return,
        },
    };
    let end = match upgrade.await {
        Ok(socket) => {
            let timeout = endpoint.options.close_timeout;
            let pumping = pump::pump(TokioIo::new(socket), &connection, timeout);
            tokio::select! {
                end = pumping => end,
                () = turn.replaced() => return,
            }
        }
        Err(error) => InputEnd::Lost(error.to_string()),
    };
    if matches!(end, InputEnd::Lost(_)) && connection.can_resume() {
        return;
    }
    connection.end_input(end);
    endpoint.remove(&connection);
}

fn accept_key(headers: &HeaderMap) -> Option<String> {
    if headers.get(header::SEC_WEBSOCKET_VERSION)? != "13" {
        return None;
    }
    let mut hash = Sha1::new();
    hash.update(headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes());
    hash.update(ACCEPT_SUFFIX);
    Some(STANDARD.encode(hash.finalize()))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|held| held.trim().eq_ignore_ascii_case(token))
}
