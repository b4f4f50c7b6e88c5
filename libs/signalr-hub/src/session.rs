//! One client's life with the hub: handshake, messages, farewell.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, atomic::Ordering},
};

use bytes::BytesMut;
use futures_util::FutureExt;

use crate::{
    caller::Caller,
    calls::Calls,
    clients::Asking,
    connection::Connection,
    connections::Client,
    core::Core,
    durable::{Delivery, number_of},
    error::HubError,
    inbox::{Input, InputEnd, Stop},
    options::Transport,
    outbox::Outgoing,
    protocol::{
        Handshake, HandshakeError, Message, MessageReader, Protocol, ProtocolError, read_handshake,
        write_handshake_response,
    },
    resume::{Gap, Resume},
};

/// The first version of the protocols in which a connection can change sockets.
const RESUMING_VERSION: i64 = 2;

/// Serves one connection until it ends.
pub(crate) async fn run(core: Arc<Core>, connection: Arc<Connection>) {
    core.is_listening().await;
    // Boxed, because its memory is not needed for the rest of the connection's life.
    let Some((handshake, rest)) = Box::pin(shake_hands(&core, &connection)).await else {
        return;
    };
    let client = Arc::new(Client {
        protocol: handshake.protocol,
        user_id: connection.user().id.as_deref().map(Arc::from),
        items: Mutex::default(),
        delivery: Delivery::default(),
        connection,
    });
    start_keep_alive(&client);
    allow_resuming(&core, &client.connection, handshake);
    core.connections.add(&client);

    let mut reader = MessageReader::reading(handshake.protocol, core.options.message_limit());
    reader.add(rest.freeze());
    let talked = AssertUnwindSafe(talk(&core, &client, reader)).catch_unwind();
    let ending = talked.await.unwrap_or_else(|_| Ending::panicked());
    say_farewell(&core, &client, &ending);

    core.connections.remove(&client);
    core.give_up_questions(&client).await;
    tracing::debug!(connection = %client.id(), reason = ?ending.reason, "a connection ended");
}

/// How a session ended, and what the client is told about it.
#[derive(Debug)]
struct Ending {
    reason: Option<HubError>,
    allow_reconnect: bool,
}

async fn shake_hands(core: &Core, connection: &Connection) -> Option<(Handshake, BytesMut)> {
    let limit = core.options.handshake_timeout;
    let result = match tokio::time::timeout(limit, receive_handshake(core, connection)).await {
        Err(_) => Err(HandshakeError::Canceled),
        Ok(result) => result.transpose()?,
    };
    let result = result.and_then(|(handshake, rest)| {
        check_protocol(core, connection, handshake)?;
        Ok((handshake, rest))
    });

    let response = write_handshake_response(result.as_ref().map(|_| ()));
    if let Ok((handshake, _)) = &result {
        let is_binary = handshake.protocol.is_binary();
        connection.is_binary.store(is_binary, Ordering::Relaxed);
    }
    connection.send(Outgoing::control(response));
    result.ok()
}

/// Nothing, if the client went away before it was done.
async fn receive_handshake(
    core: &Core,
    connection: &Connection,
) -> Result<Option<(Handshake, BytesMut)>, HandshakeError> {
    let mut received = BytesMut::new();
    loop {
        match connection.inbox.read().await {
            Input::Bytes(bytes) => received.extend_from_slice(&bytes),
            Input::Restart => received.clear(),
            Input::Refreshed => continue,
            Input::End(_) | Input::Stop(_) => return Ok(None),
        }
        let limit = core.options.message_limit();
        if let Some(handshake) = read_handshake(&mut received, limit)? {
            return Ok(Some((handshake, received)));
        }
    }
}

fn check_protocol(
    core: &Core,
    connection: &Connection,
    handshake: Handshake,
) -> Result<(), HandshakeError> {
    if handshake.protocol != Protocol::MessagePack {
        return Ok(());
    }
    let name = || "messagepack".to_owned();
    if !core.options.message_pack {
        return Err(HandshakeError::Protocol(name()));
    }
    if connection.transport() == Some(Transport::ServerSentEvents) {
        return Err(HandshakeError::TextOnly(name()));
    }
    Ok(())
}

fn start_keep_alive(client: &Client) {
    let connection = &client.connection;
    // Polls end by themselves after a time, and so keep the connection alive.
    if connection.transport() != Some(Transport::LongPolling) {
        let _ = connection.pulse.ping.set(client.protocol.ping());
        connection.pulse.pinged.mark(connection.clock.now());
    }
}

/// Only clients of the newest version know how to continue on another socket.
fn allow_resuming(core: &Core, connection: &Connection, handshake: Handshake) {
    let asked = connection.asked_to_resume.load(Ordering::Relaxed);
    let is_possible = connection.transport() == Some(Transport::WebSockets);
    let Some(options) = core.options.connections.stateful_reconnect else {
        return;
    };
    if asked && is_possible && handshake.version >= RESUMING_VERSION {
        connection.outbox.keep_sent(options.buffer_bytes);
        let resume = Resume::counting_from_start(handshake.protocol);
        let _ = connection.resume.set(resume);
    }
}

async fn talk(core: &Arc<Core>, client: &Arc<Client>, reader: MessageReader) -> Ending {
    let aborted = client.connection.aborted.clone();
    let caller = |asking| {
        Caller::of(
            Arc::clone(core),
            Arc::clone(client),
            asking,
            aborted.clone(),
        )
    };

    let connecting = caller(Asking::Connecting);
    if let Err(error) = core.filtered_hub().connected(&connecting).await {
        tracing::warn!(%error, "a hub refused a connection");
        return Ending {
            reason: Some(error),
            allow_reconnect: false,
        };
    }

    core.deliver_to(client);
    let mut calls = Calls::of(Arc::clone(core), Arc::clone(client));
    let ending = receive(core, client, &mut calls, reader).await;
    say_farewell(core, client, &ending);
    client.connection.aborted.cancel();
    calls.finish().await;
    core.filtered_hub()
        .disconnected(&caller(Asking::Connecting), ending.reason.as_ref())
        .await;
    ending
}

/// Handles what the client sends, in order, until the connection ends.
async fn receive(
    core: &Core,
    client: &Arc<Client>,
    calls: &mut Calls,
    mut reader: MessageReader,
) -> Ending {
    loop {
        if let Some(ending) = handle_received(core, client, calls, &mut reader).await {
            return ending;
        }
        match client.connection.inbox.read().await {
            Input::Bytes(bytes) => reader.add(bytes),
            Input::Restart => reader.forget_incomplete(),
            Input::Refreshed => calls.tell_refreshed(),
            Input::Stop(stop) => return stop.into(),
            Input::End(_) if !reader.is_between_messages() => {
                return ProtocolError::Truncated.into();
            }
            Input::End(end) => return end.into(),
        }
    }
}

async fn handle_received(
    core: &Core,
    client: &Arc<Client>,
    calls: &mut Calls,
    reader: &mut MessageReader,
) -> Option<Ending> {
    loop {
        let message = match reader.next() {
            Ok(None) => return None,
            Ok(Some(message)) => message,
            Err(error) => return Some(error.into()),
        };

        mark_heard(client);
        let resume = client.connection.resume.get();
        if resume.is_some_and(|resume| !resume.is_due(&message)) {
            continue;
        }
        let pulse = &client.connection.pulse;
        pulse.is_handling.store(true, Ordering::Relaxed);
        tokio::select! {
            ending = handle(core, client, calls, message) => {
                if ending.is_some() {
                    return ending;
                }
            }
            stop = client.connection.inbox.stopped() => return Some(stop.into()),
            () = patience_ends(core, client) => return Some(InputEnd::Closed.into()),
        }
        mark_heard(client);
        pulse.is_handling.store(false, Ordering::Relaxed);
    }
}

/// Clients that never ping are not expected to: see `Message::Ping`.
fn mark_heard(client: &Client) {
    let heard = &client.connection.pulse.heard;
    if heard.is_set() {
        heard.mark(client.connection.clock.now());
    }
}

/// A client that is gone still gets what it sent handled, unless its earlier calls hold that up for too
/// long.
async fn patience_ends(core: &Core, client: &Client) {
    client.connection.aborted.cancelled().await;
    tokio::time::sleep(core.options.connections.close_timeout).await;
}

async fn handle(
    core: &Core,
    client: &Arc<Client>,
    calls: &mut Calls,
    message: Message,
) -> Option<Ending> {
    match message {
        Message::Invocation(invocation) => calls.start(invocation).await,
        Message::StreamInvocation(invocation) => calls.start_stream(invocation),
        Message::StreamItem { id, item } => calls.upload(&id, item).await,
        Message::CancelInvocation { id } => calls.cancel(&id),
        Message::Completion { id, outcome } => {
            if let Some(number) = number_of(&id) {
                core.acknowledged(client, number);
            } else if let Err(outcome) = calls.end_upload(&id, outcome).await
                && core.answer(client, &id, outcome).await.is_err()
            {
                let reason = "A client answered a question that was put to another one.";
                return Some(HubError::internal("InvalidOperationException", reason).into());
            }
        }
        Message::Close { error } => {
            return Some(Ending {
                reason: error.map(HubError::new),
                allow_reconnect: false,
            });
        }
        Message::Ping => client
            .connection
            .pulse
            .heard
            .mark(client.connection.clock.now()),
        Message::Ack { sequence } => client.connection.outbox.forget_sent(sequence),
        Message::Sequence { sequence } => {
            let resume = client.connection.resume.get();
            if resume.is_some_and(|resume| resume.begin_at(sequence) == Err(Gap)) {
                let error = HubError::internal("InvalidOperationException", Gap::TEXT);
                return Some(error.into());
            }
        }
        Message::Unknown => {}
    }
    None
}

/// Once, however often it is called.
fn say_farewell(core: &Core, client: &Client, ending: &Ending) {
    if !client.connection.end() {
        return;
    }
    let text = ending.reason.as_ref().map(|reason| {
        reason.explain(
            "Connection closed with an error.",
            core.options.detailed_errors,
        )
    });
    let close = client
        .protocol
        .close(text.as_deref(), ending.allow_reconnect);
    client.connection.send(Outgoing::control(close));
}

impl Ending {
    /// The panic itself was reported by the panic hook.
    fn panicked() -> Self {
        Self {
            reason: Some(HubError::internal("Panic", "the hub panicked")),
            allow_reconnect: false,
        }
    }
}

impl From<HubError> for Ending {
    fn from(reason: HubError) -> Self {
        Self {
            reason: Some(reason),
            allow_reconnect: true,
        }
    }
}

impl From<ProtocolError> for Ending {
    fn from(error: ProtocolError) -> Self {
        HubError::internal("InvalidDataException", error.to_string()).into()
    }
}

impl From<InputEnd> for Ending {
    fn from(end: InputEnd) -> Self {
        let reason = match end {
            InputEnd::Closed => None,
            InputEnd::Lost(reason) => Some(HubError::internal("IOException", reason)),
        };
        Self {
            reason,
            allow_reconnect: true,
        }
    }
}

impl From<Stop> for Ending {
    fn from(stop: Stop) -> Self {
        let reason = match stop {
            Stop::ClientTimeout => Some((
                "OperationCanceledException",
                "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.",
            )),
            Stop::TooSlow => Some((
                "OperationCanceledException",
                "The client does not read its messages fast enough.",
            )),
            Stop::Aborted | Stop::Expired | Stop::Revoked | Stop::Shutdown => None,
        };
        Self {
            reason: reason.map(|(name, text)| HubError::internal(name, text)),
            allow_reconnect: stop != Stop::Aborted,
        }
    }
}
