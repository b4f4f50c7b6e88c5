//! What clients send that cannot send on the transport they receive on.

use axum::{body::Body, response::Response};
use http::{StatusCode, request::Parts};
use http_body_util::BodyExt;

use super::{Refusal, named, text};
use crate::{connection::Connection, endpoint::Endpoint, options::Transport};

/// Passes a body on to the hub as it comes in, as fast as the hub reads it.
pub(super) async fn send(
    endpoint: &Endpoint,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let connection = named(endpoint, parts)?.ok_or(Refusal::NoId)?;
    if connection.transport() == Some(Transport::WebSockets) {
        return Err(Refusal::PostToWebSocket);
    }
    let _turn = connection.posting.lock().await;
    pass_on(&connection, body).await?;
    Ok(text(StatusCode::OK, ""))
}

async fn pass_on(connection: &Connection, mut body: Body) -> Result<(), Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BrokenBody)?;
        if let Ok(bytes) = frame.into_data()
            && !connection.inbox.write(&bytes).await
        {
            return Err(Refusal::NoSuchConnection);
        }
    }
    Ok(())
}
