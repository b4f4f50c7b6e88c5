//! Server-Sent Events: one endless answer down; what the client sends comes in POSTs.

use std::{io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderName, header, request::Parts};

use super::{Refusal, named};
use crate::{
    connect_request::ConnectRequest, connection::Connection, endpoint::Endpoint, inbox::InputEnd,
    options::Transport, outbox::Outgoing, place::Turn,
};

/// Makes browsers see at once that the stream is open.
const OPENING: Bytes = Bytes::from_static(b":\r\n");

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache,no-store"),
    (header::PRAGMA, "no-cache"),
    (header::CONTENT_ENCODING, "identity"),
];

pub(super) fn is_wanted(parts: &Parts) -> bool {
    parts
        .headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/event-stream"))
}

pub(super) fn connect(endpoint: &Arc<Endpoint>, parts: &Parts) -> Result<Response, Refusal> {
    if !Transport::ServerSentEvents.is_in(endpoint.options.transports) {
        return Err(Refusal::NoSuchTransport(Transport::ServerSentEvents));
    }
    let connection = named(endpoint, parts)?.ok_or(Refusal::NoId)?;
    if !connection.use_transport(Transport::ServerSentEvents) {
        return Err(Refusal::OtherTransport);
    }
    let turn = Turn::try_take(&connection).ok_or(Refusal::AlreadyConnected)?;
    endpoint.begin(&connection, ConnectRequest::copy_of(parts));

    let events = Events {
        endpoint: Arc::clone(endpoint),
        connection,
        is_open: false,
        _turn: turn,
    };
    let body = stream::unfold(events, |mut events| async {
        let event = events.next().await?;
        Some((event, events))
    });
    Ok((HEADERS, Body::from_stream(body)).into_response())
}

/// Lives as long as the answer: it is dropped when either side has ended it.
struct Events {
    endpoint: Arc<Endpoint>,
    connection: Arc<Connection>,
    is_open: bool,
    _turn: Turn,
}

impl Events {
    /// Is called once there is room for another event, so the last one has left. An error breaks the answer off.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if !self.is_open {
            self.is_open = true;
            return Some(Ok(OPENING));
        }
        let connection = &self.connection;
        connection.pulse.sending.clear();
        tokio::select! {
            biased;
            () = connection.severed.notified() => Some(Err(io::ErrorKind::TimedOut.into())),
            batch = connection.outbox.take() => match batch {
                Some(batch) => {
                    connection.pulse.sending.mark(connection.clock.now());
                    Some(Ok(event(&batch)))
                }
                None if connection.has_failed() => Some(Err(io::ErrorKind::ConnectionAborted.into())),
                None => None,
            },
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.connection.end_input(InputEnd::Closed);
        self.endpoint.remove(&self.connection);
    }
}

/// One event with all messages of a batch. A line feed would end its data, so each line is said to be
/// data.
fn event(batch: &[Outgoing]) -> Bytes {
    let messages: Vec<u8> = batch
        .iter()
        .flat_map(|message| message.bytes.iter().copied())
        .collect();
    let mut event = Vec::with_capacity(messages.len() + 16);
    for line in messages.split(|byte| *byte == b'\n') {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        event.extend_from_slice(b"\r\n");
    }
    event.extend_from_slice(b"\r\n");
    event.into()
}
