//! Everything that can be on the wire, and the two ways to write it.

mod handshake;
mod json;
mod message_pack;

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use handshake::{Handshake, HandshakeError, read_handshake, write_handshake_response};

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    Json,
    MessagePack,
}

/// One hub message as a client sent it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Message {
    Invocation(Invocation),
    StreamInvocation(Invocation),
    StreamItem {
        id: String,
        item: Payload,
    },
    Completion {
        id: String,
        outcome: Outcome,
    },
    CancelInvocation {
        id: String,
    },
    Ping,
    Close {
        error: Option<String>,
    },
    Ack {
        sequence: u64,
    },
    Sequence {
        sequence: u64,
    },
    /// A type of a later protocol; to be skipped.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invocation {
    /// None: the client does not wait for an answer.
    pub(crate) id: Option<String>,
    pub(crate) target: String,
    pub(crate) arguments: Vec<Payload>,
    pub(crate) streams: Vec<String>,
}

/// How an invocation or a stream ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// A stream's end: no value at all.
    Void,
    Value(Payload),
    Error(String),
}

/// One value, written in one protocol, not yet given a type.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    pub(crate) protocol: Protocol,
    pub(crate) bytes: Bytes,
}

/// Bytes that break the protocol: the connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProtocolError {
    #[error(
        "The maximum message size of {0}B was exceeded. The message size can be configured in HubOptions."
    )]
    TooLarge(usize),
    #[error("Invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("Invalid MessagePack: {0}")]
    MessagePack(String),
    #[error("Missing required property '{0}'.")]
    Missing(&'static str),
    #[error("The 'error' and 'result' properties are mutually exclusive.")]
    ResultAndError,
    #[error("Connection terminated while reading a message.")]
    Truncated,
}

/// A value could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// In JSON: for instance a map whose keys are no text.
    #[error("a value cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// In MessagePack.
    #[error("a value cannot be written as MessagePack")]
    MessagePack(#[from] rmp_serde::encode::Error),
}

/// A value does not have the type that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    MessagePack(#[from] rmp_serde::decode::Error),
}

impl Payload {
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        match self.protocol {
            Protocol::Json => Ok(serde_json::from_slice(&self.bytes)?),
            Protocol::MessagePack => Ok(rmp_serde::from_slice(&self.bytes)?),
        }
    }
}

impl Protocol {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "messagepack" => Some(Self::MessagePack),
            _ => None,
        }
    }

    pub(crate) fn is_binary(self) -> bool {
        self == Self::MessagePack
    }

    pub(crate) fn encode(self, value: &(impl Serialize + ?Sized)) -> Result<Payload, EncodeError> {
        let bytes = match self {
            Self::Json => serde_json::to_vec(value)?,
            Self::MessagePack => message_pack::encode(value)?,
        };
        Ok(Payload {
            protocol: self,
            bytes: bytes.into(),
        })
    }

    /// `arguments` is a list, already written.
    pub(crate) fn invocation(self, id: Option<&str>, target: &str, arguments: &Payload) -> Bytes {
        match self {
            Self::Json => json::invocation(id, target, &arguments.bytes),
            Self::MessagePack => message_pack::invocation(id, target, &arguments.bytes),
        }
    }

    pub(crate) fn stream_item(self, id: &str, item: &Payload) -> Bytes {
        match self {
            Self::Json => json::stream_item(id, &item.bytes),
            Self::MessagePack => message_pack::stream_item(id, &item.bytes),
        }
    }

    pub(crate) fn completion(self, id: &str, outcome: &Outcome) -> Bytes {
        match self {
            Self::Json => json::completion(id, outcome),
            Self::MessagePack => message_pack::completion(id, outcome),
        }
    }

    pub(crate) fn ping(self) -> Bytes {
        match self {
            Self::Json => Bytes::from_static(b"{\"type\":6}\x1e"),
            Self::MessagePack => Bytes::from_static(&[0x02, 0x91, 0x06]),
        }
    }

    pub(crate) fn close(self, error: Option<&str>, allow_reconnect: bool) -> Bytes {
        match self {
            Self::Json => json::close(error, allow_reconnect),
            Self::MessagePack => message_pack::close(error, allow_reconnect),
        }
    }

    pub(crate) fn ack(self, sequence: u64) -> Bytes {
        self.numbered(8, sequence)
    }

    pub(crate) fn sequence(self, sequence: u64) -> Bytes {
        self.numbered(9, sequence)
    }

    fn numbered(self, kind: u8, sequence: u64) -> Bytes {
        match self {
            Self::Json => format!("{{\"type\":{kind},\"sequenceId\":{sequence}}}\x1e").into(),
            Self::MessagePack => message_pack::numbered(kind, sequence),
        }
    }
}

/// Cuts a stream of bytes into hub messages.
#[derive(Debug)]
pub(crate) struct MessageReader {
    protocol: Protocol,
    limit: usize,
    buffer: BytesMut,
    /// Bytes at the buffer's start that are known to hold no end of a message.
    scanned: usize,
}

impl MessageReader {
    pub(crate) fn reading(protocol: Protocol, limit: usize) -> Self {
        Self {
            protocol,
            limit,
            buffer: BytesMut::new(),
            scanned: 0,
        }
    }

    pub(crate) fn add(&mut self, bytes: Bytes) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::from(bytes);
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// The next complete message. None: more bytes are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, ProtocolError> {
        match self.next_frame()? {
            None => Ok(None),
            Some(frame) => match self.protocol {
                Protocol::Json => json::read(&frame).map(Some),
                Protocol::MessagePack => message_pack::read(&frame).map(Some),
            },
        }
    }

    /// Drops the beginning of a message whose end will never come.
    pub(crate) fn forget_incomplete(&mut self) {
        *self = Self::reading(self.protocol, self.limit);
    }

    /// Whether the input may end here.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.buffer.is_empty()
    }

    fn next_frame(&mut self) -> Result<Option<Bytes>, ProtocolError> {
        let frame = match self.protocol {
            Protocol::Json => json::split(&mut self.buffer, &mut self.scanned, self.limit)?,
            Protocol::MessagePack => message_pack::split(&mut self.buffer, self.limit)?,
        };
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 4_096;

    fn read_all(protocol: Protocol, pieces: &[&[u8]]) -> (Vec<Message>, bool) {
        let mut reader = MessageReader::reading(protocol, LIMIT);
        let mut messages = Vec::new();
        for piece in pieces {
            reader.add(Bytes::copy_from_slice(piece));
            loop {
                match reader.next() {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(_) => return (messages, false),
                }
            }
        }
        (messages, true)
    }

    fn invocations(protocol: Protocol, texts: &[String]) -> Vec<u8> {
        let write = |text: &String| {
            let arguments = protocol.encode(&(text, 1)).expect("can be written");
            protocol.invocation(Some(text), "Said", &arguments)
        };
        texts.iter().flat_map(write).collect()
    }

    proptest! {
        #[test]
        fn no_input_breaks_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            read_all(Protocol::Json, &[&bytes]);
            read_all(Protocol::MessagePack, &[&bytes]);
        }

        #[test]
        fn no_damage_breaks_a_reader(at in 0usize..80, byte: u8) {
            for protocol in [Protocol::Json, Protocol::MessagePack] {
                let mut bytes = invocations(protocol, &["one".to_owned(), "two".to_owned()]);
                let at = at % bytes.len();
                bytes[at] = byte;
                read_all(protocol, &[&bytes]);
            }
        }

        #[test]
        fn where_input_is_split_does_not_matter(
            texts in prop::collection::vec(".{1,20}", 1..5),
            split in 0usize..400,
        ) {
            for protocol in [Protocol::Json, Protocol::MessagePack] {
                let bytes = invocations(protocol, &texts);
                let (start, rest) = bytes.split_at(split.min(bytes.len()));

                let (messages, is_sound) = read_all(protocol, &[start, rest]);

                prop_assert!(is_sound);
                prop_assert_eq!(messages.len(), texts.len());
                prop_assert_eq!(messages, read_all(protocol, &[&bytes]).0);
            }
        }
    }

    #[test]
    fn values_nested_too_deeply_are_refused() {
        let mut body = vec![0x96, 1, 0x80, 0xc0, 0xa1, b'x', 0x91];
        body.extend([0x91; 1_000]);
        body.extend([0xc0, 0x90]);
        let [high, low] = u16::try_from(body.len()).expect("short").to_be_bytes();
        let mut bytes = vec![low | 0x80, high << 1 | low >> 7];
        bytes.extend(body);

        assert!(!read_all(Protocol::MessagePack, &[&bytes]).1);
    }

    #[test]
    fn the_shapes_of_message_pack_are_those_of_aspnet() {
        let protocol = Protocol::MessagePack;
        let value = protocol.encode(&42).expect("can be written");
        let completion = |outcome| protocol.completion("xyz", &outcome);

        assert_eq!(protocol.ping(), [0x02, 0x91, 0x06][..]);
        assert_eq!(
            completion(Outcome::Void),
            [8, 0x94, 3, 0x80, 0xa3, b'x', b'y', b'z', 2][..]
        );
        assert_eq!(
            completion(Outcome::Value(value)),
            [9, 0x95, 3, 0x80, 0xa3, b'x', b'y', b'z', 3, 42][..]
        );
    }
}
