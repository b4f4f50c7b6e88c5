//! Hub messages as MessagePack arrays, each after its length.

use bytes::{Buf, Bytes, BytesMut};
use rmp::{Marker, decode, encode as write};
use serde::Serialize;

use super::{EncodeError, Invocation, Message, Outcome, Payload, Protocol, ProtocolError};

/// A length takes up to five bytes of seven bits each.
const MAX_LENGTH_BYTES: usize = 5;
const MAX_LENGTH: u64 = 0x7fff_ffff;
/// Values nested deeper than this are refused, so that no input can exhaust the stack.
const MAX_DEPTH: u32 = 64;

/// Structures become maps with their field names, as clients expect.
pub(super) fn encode(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, EncodeError> {
    Ok(rmp_serde::to_vec_named(value)?)
}

/// Takes one array, without its length, off the front of `buffer`.
pub(super) fn split(buffer: &mut BytesMut, limit: usize) -> Result<Option<Bytes>, ProtocolError> {
    let Some((length, prefix)) = length_prefix(buffer)? else {
        return Ok(None);
    };
    if prefix.saturating_add(length) > limit {
        return Err(ProtocolError::TooLarge(limit));
    }
    if buffer.len() < prefix + length {
        return Ok(None);
    }
    buffer.advance(prefix);
    Ok(Some(buffer.split_to(length).freeze()))
}

fn length_prefix(buffer: &[u8]) -> Result<Option<(usize, usize)>, ProtocolError> {
    let mut length = 0u64;
    for (index, byte) in buffer.iter().take(MAX_LENGTH_BYTES).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            if length > MAX_LENGTH {
                return Err(broken("a message over 2 GiB"));
            }
            let length = usize::try_from(length).map_err(broken)?;
            return Ok(Some((length, index + 1)));
        }
    }
    if buffer.len() >= MAX_LENGTH_BYTES {
        return Err(broken("a length of more than five bytes"));
    }
    Ok(None)
}

pub(super) fn read(frame: &Bytes) -> Result<Message, ProtocolError> {
    let mut reader = Reader { frame, rest: frame };
    let items = reader.array()?;
    if items == 0 {
        return Err(broken("an empty message"));
    }

    match reader.integer()? {
        1 => Ok(Message::Invocation(reader.invocation(items)?)),
        2 => reader.stream_item(),
        3 => reader.completion(),
        4 => Ok(Message::StreamInvocation(reader.invocation(items)?)),
        5 => {
            reader.skip()?;
            Ok(Message::CancelInvocation {
                id: reader.string()?,
            })
        }
        6 => Ok(Message::Ping),
        7 => Ok(Message::Close {
            error: reader.optional_string()?,
        }),
        8 => Ok(Message::Ack {
            sequence: reader.integer()?,
        }),
        9 => Ok(Message::Sequence {
            sequence: reader.integer()?,
        }),
        _ => Ok(Message::Unknown),
    }
}

struct Reader<'a> {
    frame: &'a Bytes,
    rest: &'a [u8],
}

impl Reader<'_> {
    fn invocation(&mut self, items: u32) -> Result<Invocation, ProtocolError> {
        self.skip()?; // headers
        let id = self.optional_string()?.filter(|id| !id.is_empty());
        let target = self.string()?;
        let arguments = self.list(Self::payload)?;
        // Clients from before upload streams send five items.
        let streams = match items {
            ..=5 => Vec::new(),
            _ => self.list(Self::string)?,
        };
        Ok(Invocation {
            id,
            target,
            arguments,
            streams,
        })
    }

    fn stream_item(&mut self) -> Result<Message, ProtocolError> {
        self.skip()?;
        Ok(Message::StreamItem {
            id: self.string()?,
            item: self.payload()?,
        })
    }

    fn completion(&mut self) -> Result<Message, ProtocolError> {
        self.skip()?;
        let id = self.string()?;
        let outcome = match self.integer()? {
            1 => Outcome::Error(self.string()?),
            2 => Outcome::Void,
            3 => Outcome::Value(self.payload()?),
            _ => return Err(broken("an unknown kind of result")),
        };
        Ok(Message::Completion { id, outcome })
    }

    fn array(&mut self) -> Result<u32, ProtocolError> {
        decode::read_array_len(&mut self.rest).map_err(broken)
    }

    fn integer(&mut self) -> Result<u64, ProtocolError> {
        decode::read_int(&mut self.rest).map_err(broken)
    }

    fn string(&mut self) -> Result<String, ProtocolError> {
        let (text, rest) = decode::read_str_from_slice(self.rest).map_err(broken)?;
        self.rest = rest;
        Ok(text.to_owned())
    }

    fn optional_string(&mut self) -> Result<Option<String>, ProtocolError> {
        match self.rest.first() {
            Some(byte) if Marker::from_u8(*byte) == Marker::Null => {
                self.rest.advance(1);
                Ok(None)
            }
            _ => self.string().map(Some),
        }
    }

    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, ProtocolError>,
    ) -> Result<Vec<T>, ProtocolError> {
        let count = self.array()?;
        // Each item takes a byte at least: a false count cannot reserve memory.
        if count as usize > self.rest.len() {
            return Err(ProtocolError::Truncated);
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn payload(&mut self) -> Result<Payload, ProtocolError> {
        let start = self.rest;
        self.skip()?;
        let length = start.len() - self.rest.len();
        Ok(Payload {
            protocol: Protocol::MessagePack,
            bytes: self.frame.slice_ref(&start[..length]),
        })
    }

    fn skip(&mut self) -> Result<(), ProtocolError> {
        self.skip_nested(MAX_DEPTH)
    }

    fn skip_nested(&mut self, depth: u32) -> Result<(), ProtocolError> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| broken("values are nested too deeply"))?;
        let marker = decode::read_marker(&mut self.rest).map_err(|error| broken(error.0))?;

        let (bytes, items) = self.extent(marker)?;
        if self.rest.len() < bytes {
            return Err(ProtocolError::Truncated);
        }
        self.rest.advance(bytes);
        (0..items).try_for_each(|_| self.skip_nested(depth))
    }

    /// How many bytes and how many nested values follow a marker and its length.
    fn extent(&mut self, marker: Marker) -> Result<(usize, u64), ProtocolError> {
        Ok(match marker {
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
                (0, 0)
            }
            Marker::Reserved => return Err(broken("a reserved marker")),
            Marker::U8 | Marker::I8 => (1, 0),
            Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
            Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
            Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
            Marker::FixStr(length) => (length.into(), 0),
            Marker::Str8 | Marker::Bin8 => (self.length(1)?, 0),
            Marker::Str16 | Marker::Bin16 => (self.length(2)?, 0),
            Marker::Str32 | Marker::Bin32 => (self.length(4)?, 0),
            Marker::FixExt2 => (3, 0),
            Marker::FixExt4 => (5, 0),
            Marker::FixExt8 => (9, 0),
            Marker::FixExt16 => (17, 0),
            Marker::Ext8 => (self.length(1)? + 1, 0),
            Marker::Ext16 => (self.length(2)? + 1, 0),
            Marker::Ext32 => (self.length(4)? + 1, 0),
            Marker::FixArray(items) => (0, items.into()),
            Marker::Array16 => (0, self.length(2)? as u64),
            Marker::Array32 => (0, self.length(4)? as u64),
            Marker::FixMap(pairs) => (0, u64::from(pairs) * 2),
            Marker::Map16 => (0, self.length(2)? as u64 * 2),
            Marker::Map32 => (0, self.length(4)? as u64 * 2),
        })
    }

    fn length(&mut self, width: usize) -> Result<usize, ProtocolError> {
        if self.rest.len() < width {
            return Err(ProtocolError::Truncated);
        }
        usize::try_from(self.rest.get_uint(width)).map_err(broken)
    }
}

fn broken(reason: impl std::fmt::Display) -> ProtocolError {
    ProtocolError::MessagePack(reason.to_string())
}

pub(super) fn invocation(id: Option<&str>, target: &str, arguments: &[u8]) -> Bytes {
    let mut body = start(6, 1, true);
    optional_string(&mut body, id);
    string(&mut body, target);
    body.extend_from_slice(arguments);
    write_to_memory(write::write_array_len(&mut body, 0));
    end(&body)
}

pub(super) fn stream_item(id: &str, item: &[u8]) -> Bytes {
    let mut body = start(4, 2, true);
    string(&mut body, id);
    body.extend_from_slice(item);
    end(&body)
}

pub(super) fn completion(id: &str, outcome: &Outcome) -> Bytes {
    let (items, kind) = match outcome {
        Outcome::Error(_) => (5, 1),
        Outcome::Void => (4, 2),
        Outcome::Value(_) => (5, 3),
    };
    let mut body = start(items, 3, true);
    string(&mut body, id);
    write_to_memory(write::write_uint(&mut body, kind));
    match outcome {
        Outcome::Void => {}
        Outcome::Value(value) => body.extend_from_slice(&value.bytes),
        Outcome::Error(error) => string(&mut body, error),
    }
    end(&body)
}

pub(super) fn close(error: Option<&str>, allow_reconnect: bool) -> Bytes {
    let mut body = start(3, 7, false);
    optional_string(&mut body, error);
    write_to_memory(write::write_bool(&mut body, allow_reconnect));
    end(&body)
}

pub(super) fn numbered(kind: u8, sequence: u64) -> Bytes {
    let mut body = start(2, kind, false);
    write_to_memory(write::write_uint(&mut body, sequence));
    end(&body)
}

fn start(items: u32, kind: u8, with_headers: bool) -> Vec<u8> {
    let mut body = Vec::new();
    write_to_memory(write::write_array_len(&mut body, items));
    write_to_memory(write::write_uint(&mut body, kind.into()));
    if with_headers {
        write_to_memory(write::write_map_len(&mut body, 0));
    }
    body
}

fn end(body: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(MAX_LENGTH_BYTES + body.len());
    let mut length = body.len();
    while length > 0x7f {
        framed.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    framed.push(u8::try_from(length).expect("seven bits"));
    framed.extend_from_slice(body);
    framed.into()
}

fn optional_string(body: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(body, text),
        None => write_to_memory(write::write_nil(body)),
    }
}

fn string(body: &mut Vec<u8>, text: &str) {
    write_to_memory(write::write_str(body, text));
}

fn write_to_memory<T, E: std::fmt::Debug>(result: Result<T, E>) {
    result.expect("writing to memory does not fail");
}
