//! The first message each way: which protocol the rest is written in. Always JSON.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use super::{Protocol, json};

/// The newest version of the hub protocols; older ones are subsets.
const NEWEST_VERSION: i64 = 2;

/// What client and hub agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) protocol: Protocol,
    pub(crate) version: i64,
}

/// Why there is no agreement; the text is for the client.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum HandshakeError {
    #[error("The protocol '{0}' is not supported.")]
    Protocol(String),
    #[error("The server does not support version {version} of the '{protocol}' protocol.")]
    Version { protocol: String, version: i64 },
    #[error(
        "Cannot use the '{0}' protocol on the current transport. The transport does not support 'Binary' transfer format."
    )]
    TextOnly(String),
    #[error("Handshake was canceled.")]
    Canceled,
    #[error("An unexpected error occurred during connection handshake.")]
    Malformed,
}

#[derive(Deserialize)]
struct Request {
    protocol: String,
    version: i64,
}

/// Takes the handshake off the front of `buffer`. None: more bytes are needed.
pub(crate) fn read_handshake(
    buffer: &mut BytesMut,
    limit: usize,
) -> Result<Option<Handshake>, HandshakeError> {
    let frame = json::split(buffer, &mut 0, limit).map_err(|_| HandshakeError::Canceled)?;
    let Some(frame) = frame else { return Ok(None) };

    let request: Request = serde_json::from_slice(&frame).map_err(|_| HandshakeError::Malformed)?;
    agree(request).map(Some)
}

pub(crate) fn write_handshake_response(result: Result<(), &HandshakeError>) -> Bytes {
    match result {
        Ok(()) => Bytes::from_static(b"{}\x1e"),
        Err(error) => {
            let error = serde_json::json!({ "error": error.to_string() });
            format!("{error}\x1e").into()
        }
    }
}

fn agree(request: Request) -> Result<Handshake, HandshakeError> {
    let Some(protocol) = Protocol::named(&request.protocol) else {
        return Err(HandshakeError::Protocol(request.protocol));
    };
    if request.version > NEWEST_VERSION {
        return Err(HandshakeError::Version {
            protocol: request.protocol,
            version: request.version,
        });
    }
    Ok(Handshake {
        protocol,
        version: request.version,
    })
}
