//! Hub messages as JSON texts, each ended by the byte 0x1E.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Invocation, Message, Outcome, Payload, Protocol, ProtocolError};

const RECORD_SEPARATOR: u8 = 0x1e;

/// Takes one text, without its separator, off the front of `buffer`.
pub(super) fn split(
    buffer: &mut BytesMut,
    scanned: &mut usize,
    limit: usize,
) -> Result<Option<Bytes>, ProtocolError> {
    let end = buffer[*scanned..]
        .iter()
        .position(|byte| *byte == RECORD_SEPARATOR)
        .map(|found| *scanned + found);

    if end.unwrap_or(buffer.len()) >= limit {
        return Err(ProtocolError::TooLarge(limit));
    }
    let Some(end) = end else {
        *scanned = buffer.len();
        return Ok(None);
    };
    *scanned = 0;
    let mut frame = buffer.split_to(end + 1);
    frame.truncate(end);
    Ok(Some(frame.freeze()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "type")]
    kind: Option<i64>,
    invocation_id: Option<String>,
    target: Option<String>,
    #[serde(borrow)]
    arguments: Option<Vec<&'a RawValue>>,
    stream_ids: Option<Vec<String>>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    item: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    result: Option<&'a RawValue>,
    error: Option<String>,
    sequence_id: Option<u64>,
}

/// `null` is a value here; only a property that is absent is none.
fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

pub(super) fn read(frame: &Bytes) -> Result<Message, ProtocolError> {
    let wire: Wire = serde_json::from_slice(frame)?;

    match wire.kind.ok_or(ProtocolError::Missing("type"))? {
        1 => Ok(Message::Invocation(wire.into_invocation(frame)?)),
        2 => wire.into_item(frame),
        3 => wire.into_completion(frame),
        4 => Ok(Message::StreamInvocation(wire.into_invocation(frame)?)),
        5 => Ok(Message::CancelInvocation { id: wire.id()? }),
        6 => Ok(Message::Ping),
        7 => Ok(Message::Close { error: wire.error }),
        8 => Ok(Message::Ack {
            sequence: wire.sequence()?,
        }),
        9 => Ok(Message::Sequence {
            sequence: wire.sequence()?,
        }),
        _ => Ok(Message::Unknown),
    }
}

impl Wire<'_> {
    fn into_invocation(self, frame: &Bytes) -> Result<Invocation, ProtocolError> {
        let arguments = self
            .arguments
            .ok_or(ProtocolError::Missing("arguments"))?
            .into_iter()
            .map(|argument| payload(frame, argument))
            .collect();
        Ok(Invocation {
            id: self.invocation_id.filter(|id| !id.is_empty()),
            target: self.target.ok_or(ProtocolError::Missing("target"))?,
            arguments,
            streams: self.stream_ids.unwrap_or_default(),
        })
    }

    fn into_item(self, frame: &Bytes) -> Result<Message, ProtocolError> {
        let item = self.item.ok_or(ProtocolError::Missing("item"))?;
        Ok(Message::StreamItem {
            item: payload(frame, item),
            id: self.id()?,
        })
    }

    fn into_completion(self, frame: &Bytes) -> Result<Message, ProtocolError> {
        let outcome = match (&self.error, self.result) {
            (Some(_), Some(_)) => return Err(ProtocolError::ResultAndError),
            (Some(error), None) => Outcome::Error(error.clone()),
            (None, Some(result)) => Outcome::Value(payload(frame, result)),
            (None, None) => Outcome::Void,
        };
        Ok(Message::Completion {
            id: self.id()?,
            outcome,
        })
    }

    fn id(self) -> Result<String, ProtocolError> {
        self.invocation_id
            .ok_or(ProtocolError::Missing("invocationId"))
    }

    fn sequence(&self) -> Result<u64, ProtocolError> {
        self.sequence_id.ok_or(ProtocolError::Missing("sequenceId"))
    }
}

fn payload(frame: &Bytes, value: &RawValue) -> Payload {
    Payload {
        protocol: Protocol::Json,
        bytes: frame.slice_ref(value.get().as_bytes()),
    }
}

pub(super) fn invocation(id: Option<&str>, target: &str, arguments: &[u8]) -> Bytes {
    let mut text = b"{\"type\":1".to_vec();
    if let Some(id) = id {
        property(&mut text, "invocationId", string(id).as_bytes());
    }
    property(&mut text, "target", string(target).as_bytes());
    property(&mut text, "arguments", arguments);
    end(text)
}

pub(super) fn stream_item(id: &str, item: &[u8]) -> Bytes {
    let mut text = b"{\"type\":2".to_vec();
    property(&mut text, "invocationId", string(id).as_bytes());
    property(&mut text, "item", item);
    end(text)
}

pub(super) fn completion(id: &str, outcome: &Outcome) -> Bytes {
    let mut text = b"{\"type\":3".to_vec();
    property(&mut text, "invocationId", string(id).as_bytes());
    match outcome {
        Outcome::Void => {}
        Outcome::Value(value) => property(&mut text, "result", &value.bytes),
        Outcome::Error(error) => property(&mut text, "error", string(error).as_bytes()),
    }
    end(text)
}

pub(super) fn close(error: Option<&str>, allow_reconnect: bool) -> Bytes {
    let mut text = b"{\"type\":7".to_vec();
    if let Some(error) = error {
        property(&mut text, "error", string(error).as_bytes());
    }
    if allow_reconnect {
        property(&mut text, "allowReconnect", b"true");
    }
    end(text)
}

fn property(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(b",\"");
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    text.extend_from_slice(value);
}

fn end(mut text: Vec<u8>) -> Bytes {
    text.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
    text.into()
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
