//! Long polling: requests that wait for something to come; what the client sends comes in POSTs.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderName, StatusCode, header, request::Parts};
use hyper::body::{Frame, SizeHint};
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

/// Bytes of an answer that are handed on at a time.
const PIECE: usize = 16 * 1024;

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
            messages(Body::empty())
        }
        Some(turn) => wait(endpoint, connection, turn).await,
    };
    Ok((NOT_TO_BE_STORED, answer).into_response())
}

async fn wait(endpoint: &Endpoint, connection: Arc<Connection>, turn: Turn) -> Response {
    let limit = endpoint.options.long_poll_timeout;
    let taken = tokio::select! {
        biased;
        () = turn.replaced() => return StatusCode::NO_CONTENT.into_response(),
        taken = timeout(limit, connection.outbox.take()) => taken,
    };
    match taken {
        Err(_) => text(StatusCode::OK, ""),
        Ok(Some(batch)) => messages(Body::new(Batch::of(&batch, connection, turn))),
        Ok(None) => {
            endpoint.remove(&connection);
            let status = if connection.has_failed() {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::NO_CONTENT
            };
            status.into_response()
        }
    }
}

fn messages(body: Body) -> Response {
    let content_type = (header::CONTENT_TYPE, "application/octet-stream");
    ([content_type], body).into_response()
}

/// Messages on their way to the client. Its poll is over when they have left.
struct Batch {
    rest: Bytes,
    connection: Arc<Connection>,
    _turn: Turn,
}

impl Batch {
    fn of(messages: &[Outgoing], connection: Arc<Connection>, turn: Turn) -> Self {
        let mut bytes = BytesMut::new();
        for message in messages {
            bytes.extend_from_slice(&message.bytes);
        }
        connection.pulse.sending.mark(connection.clock.now());
        Self {
            rest: bytes.freeze(),
            connection,
            _turn: turn,
        }
    }

    /// Is asked for as there is room: in pieces, so that a client that does not read is noticed.
    fn next(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            return None;
        }
        self.connection
            .pulse
            .sending
            .mark(self.connection.clock.now());
        Some(self.rest.split_to(self.rest.len().min(PIECE)))
    }
}

impl hyper::body::Body for Batch {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.connection.pulse.sending.clear();
    }
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
