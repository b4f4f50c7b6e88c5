//! Long polling: requests that wait for something to come; what the client sends comes in POSTs.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use http::{HeaderName, StatusCode, header, request::Parts};
use tokio::time::timeout;

use super::{Refusal, named, text};
use crate::{
    connect_request::ConnectRequest, connection::Connection, endpoint::Endpoint, inbox::InputEnd,
    options::Transport, outbox::Outgoing, place::Turn,
};

const NOT_TO_BE_STORED: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-cache, no-store"),
    (header::PRAGMA, "no-cache"),
    (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
];

/// Answers a poll: with messages, with nothing after a time, or with 204 when there will be no more.
pub(super) async fn poll(endpoint: &Arc<Endpoint>, parts: &Parts) -> Result<Response, Refusal> {
    if !Transport::LongPolling.is_in(endpoint.options.transports) {
        return Err(Refusal::NoSuchTransport(Transport::LongPolling));
    }
    let connection = named(endpoint, parts)?.ok_or(Refusal::NoId)?;
    if !connection.use_transport(Transport::LongPolling) {
        return Err(Refusal::OtherTransport);
    }
    let answer = match Turn::take_over(&connection).await {
        None => StatusCode::NO_CONTENT.into_response(),
        // The first poll only connects, and its answer says so.
        Some(_turn) if connection.request().is_none() => {
            endpoint.begin(&connection, ConnectRequest::copy_of(parts));
            messages(&[])
        }
        Some(turn) => wait(endpoint, &connection, &turn).await,
    };
    Ok((NOT_TO_BE_STORED, answer).into_response())
}

async fn wait(endpoint: &Endpoint, connection: &Connection, turn: &Turn) -> Response {
    let limit = endpoint.options.long_poll_timeout;
    tokio::select! {
        biased;
        () = turn.replaced() => StatusCode::NO_CONTENT.into_response(),
        taken = timeout(limit, connection.outbox.take()) => match taken {
            Err(_) => text(StatusCode::OK, ""),
            Ok(Some(batch)) => messages(&batch),
            Ok(None) => {
                endpoint.remove(connection);
                StatusCode::NO_CONTENT.into_response()
            }
        },
    }
}

fn messages(batch: &[Outgoing]) -> Response {
    let mut body = BytesMut::new();
    for message in batch {
        body.extend_from_slice(&message.bytes);
    }
    (
        [(header::CONTENT_TYPE, "application/octet-stream")],
        Body::from(body.freeze()),
    )
        .into_response()
}

/// Ends a connection that polls; its outstanding poll is told that there will be no more.
pub(super) fn end(endpoint: &Endpoint, parts: &Parts) -> Result<Response, Refusal> {
    let connection = named(endpoint, parts)?.ok_or(Refusal::NoId)?;
    if connection.transport() != Some(Transport::LongPolling) {
        return Err(Refusal::NotPolling);
    }
    connection.outbox.discard();
    connection.end_input(InputEnd::Closed);
    endpoint.remove(&connection);
    Ok(text(StatusCode::ACCEPTED, ""))
}
