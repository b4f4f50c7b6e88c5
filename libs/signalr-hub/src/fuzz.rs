//! What no input may do to those who read it: it is never a panic, and where it is split does not matter.
//!
//! For `fuzz/` and the tests, which find the inputs.

use bytes::{Bytes, BytesMut};

use crate::protocol::{
    Handshake, HandshakeError, Message, MessageReader, Protocol, read_handshake,
};

const MESSAGE_LIMIT: usize = 4_096;

/// Reads hub messages in JSON, whole and in two pieces.
pub fn json(input: &[u8], split: usize) {
    read_both_ways(Protocol::Json, input, split);
}

/// Reads hub messages in MessagePack, whole and in two pieces.
pub fn message_pack(input: &[u8], split: usize) {
    read_both_ways(Protocol::MessagePack, input, split);
}

/// Reads a handshake, whole and in two pieces.
pub fn handshake(input: &[u8], split: usize) {
    let (start, rest) = input.split_at(split % (input.len() + 1));
    assert_eq!(shake_hands(&[start, rest]), shake_hands(&[input]));
}

fn read_both_ways(protocol: Protocol, input: &[u8], split: usize) {
    let (start, rest) = input.split_at(split % (input.len() + 1));
    assert_eq!(
        read(protocol, &[start, rest]),
        read(protocol, &[input]),
        "{protocol:?}"
    );
}

/// The messages, and whether nothing after them broke the protocol.
fn read(protocol: Protocol, pieces: &[&[u8]]) -> (Vec<Message>, bool) {
    let mut reader = MessageReader::reading(protocol, MESSAGE_LIMIT);
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

/// What was agreed on, and what of the input is left for the hub.
fn shake_hands(pieces: &[&[u8]]) -> (Result<Option<Handshake>, HandshakeError>, Vec<u8>) {
    let mut received = BytesMut::new();
    let mut result = Ok(None);
    for piece in pieces {
        received.extend_from_slice(piece);
        if result == Ok(None) {
            result = read_handshake(&mut received, MESSAGE_LIMIT);
        }
    }
    let left = match result {
        Ok(_) => received.to_vec(),
        Err(_) => Vec::new(),
    };
    (result, left)
}
