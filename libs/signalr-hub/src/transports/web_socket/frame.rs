//! WebSocket frames (RFC 6455), as a server reads and writes them.
//!
//! Payload is passed on as it comes in: hub messages find their ends by themselves, so no frame is ever
//! kept whole, however long it says it is.

use bytes::{Buf, Bytes, BytesMut};

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const MAX_CONTROL_PAYLOAD: u64 = 125;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

pub(super) const CLOSE_NORMAL: u16 = 1000;
pub(super) const CLOSE_PROTOCOL_ERROR: u16 = 1002;
pub(super) const CLOSE_ERROR: u16 = 1011;

/// What a client's bytes mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Some bytes of a message.
    Payload(BytesMut),
    /// To be answered with a pong of the same payload.
    Ping(Bytes),
    Pong,
    Close,
}

/// The client broke the rules of RFC 6455.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken WebSocket frame: {0}")]
pub(super) struct BrokenFrame(&'static str);

/// Reads the frames of one client.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    payload: Option<Payload>,
    /// Within a message of several frames.
    is_fragmented: bool,
}

/// The rest of a frame whose header was read.
#[derive(Debug)]
struct Payload {
    opcode: u8,
    mask: [u8; 4],
    left: u64,
}

impl FrameReader {
    /// The next piece in `input`. None: more bytes are needed.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, BrokenFrame> {
        loop {
            if self.payload.is_none() {
                self.payload = self.read_header(input)?;
            }
            let Some(payload) = &mut self.payload else {
                return Ok(None);
            };
            let piece = if payload.is_control() {
                payload.control(input)
            } else {
                payload.some(input)
            };
            if payload.left == 0 {
                self.payload = None;
            }
            match piece {
                // An empty frame; there may be another.
                Some(Piece::Payload(bytes)) if bytes.is_empty() => {}
                piece => return Ok(piece),
            }
        }
    }

    fn read_header(&mut self, input: &mut BytesMut) -> Result<Option<Payload>, BrokenFrame> {
        let [first, second, ..] = **input else {
            return Ok(None);
        };
        let length_bytes = match second & !MASKED {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if input.len() < 2 + length_bytes + 4 {
            Self::check(first, second)?;
            return Ok(None);
        }
        let opcode = Self::check(first, second)?;
        self.track_fragments(first, opcode)?;

        input.advance(2);
        let left = match length_bytes {
            0 => u64::from(second & !MASKED),
            width => input.get_uint(width),
        };
        if opcode >= CLOSE && left > MAX_CONTROL_PAYLOAD {
            return Err(BrokenFrame("a control frame is too long"));
        }
        let mask = input.get_u32().to_be_bytes();
        Ok(Some(Payload { opcode, mask, left }))
    }

    fn check(first: u8, second: u8) -> Result<u8, BrokenFrame> {
        let opcode = first & 0x0f;
        if first & RESERVED != 0 {
            return Err(BrokenFrame("reserved bits are set"));
        }
        if second & MASKED == 0 {
            return Err(BrokenFrame("a client's frame is not masked"));
        }
        match opcode {
            CONTINUATION | TEXT | BINARY => Ok(opcode),
            CLOSE | PING | PONG if first & FINAL != 0 => Ok(opcode),
            CLOSE | PING | PONG => Err(BrokenFrame("a control frame is fragmented")),
            _ => Err(BrokenFrame("an unknown kind of frame")),
        }
    }

    fn track_fragments(&mut self, first: u8, opcode: u8) -> Result<(), BrokenFrame> {
        if opcode >= CLOSE {
            return Ok(());
        }
        if (opcode == CONTINUATION) != self.is_fragmented {
            return Err(BrokenFrame("the parts of a message are mixed up"));
        }
        self.is_fragmented = first & FINAL == 0;
        Ok(())
    }
}

impl Payload {
    fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }

    /// As much as is there.
    fn some(&mut self, input: &mut BytesMut) -> Option<Piece> {
        let length = input
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if length == 0 && self.left > 0 {
            return None;
        }
        Some(Piece::Payload(self.take(input, length)))
    }

    /// All or nothing: control frames are short.
    fn control(&mut self, input: &mut BytesMut) -> Option<Piece> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX);
        if input.len() < length {
            return None;
        }
        let payload = self.take(input, length);
        Some(match self.opcode {
            PING => Piece::Ping(payload.freeze()),
            PONG => Piece::Pong,
            _ => Piece::Close,
        })
    }

    fn take(&mut self, input: &mut BytesMut, length: usize) -> BytesMut {
        let mut taken = input.split_to(length);
        for (byte, mask) in taken.iter_mut().zip(self.mask.iter().cycle()) {
            *byte ^= mask;
        }
        self.mask.rotate_left(length % 4);
        self.left -= length as u64;
        taken
    }
}

/// Writes the header of a frame that is a whole message.
pub(super) fn message_header(into: &mut Vec<u8>, is_binary: bool, length: usize) {
    let opcode = if is_binary { BINARY } else { TEXT };
    header(into, opcode, length);
}

pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(2 + payload.len());
    header(&mut frame, PONG, payload.len());
    frame.extend_from_slice(payload);
    frame
}

pub(super) fn close(code: u16) -> Vec<u8> {
    let mut frame = Vec::with_capacity(4);
    header(&mut frame, CLOSE, 2);
    frame.extend_from_slice(&code.to_be_bytes());
    frame
}

fn header(into: &mut Vec<u8>, opcode: u8, length: usize) {
    into.push(FINAL | opcode);
    if let Ok(short @ ..=125) = u8::try_from(length) {
        into.push(short);
    } else if let Ok(medium) = u16::try_from(length) {
        into.push(126);
        into.extend_from_slice(&medium.to_be_bytes());
    } else {
        into.push(127);
        into.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut frame = Vec::new();
        header(&mut frame, first & 0x0f, payload.len());
        frame[0] = first;
        frame[1] |= MASKED;
        frame.extend_from_slice(&mask);
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        frame
    }

    fn payload_of(pieces: &[&[u8]]) -> Result<Vec<u8>, BrokenFrame> {
        let mut reader = FrameReader::default();
        let mut input = BytesMut::new();
        let mut payload = Vec::new();
        for piece in pieces {
            input.extend_from_slice(piece);
            while let Some(piece) = reader.next(&mut input)? {
                if let Piece::Payload(bytes) = piece {
                    payload.extend_from_slice(&bytes);
                }
            }
        }
        Ok(payload)
    }

    proptest! {
        #[test]
        fn no_input_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = payload_of(&[&bytes]);
        }

        #[test]
        fn payload_is_read_wherever_its_frames_are_split(
            payload in prop::collection::vec(any::<u8>(), 0..2_000),
            split in 0usize..2_040,
        ) {
            let (first, second) = payload.split_at(payload.len() / 3);
            let mut bytes = masked(TEXT, first);
            bytes.extend(masked(FINAL | PING, b"ping"));
            bytes.extend(masked(FINAL | CONTINUATION, second));
            let (start, rest) = bytes.split_at(split.min(bytes.len()));

            prop_assert_eq!(payload_of(&[start, rest]), Ok(payload));
        }
    }

    #[test]
    fn the_longest_lengths_are_read() {
        let payload = vec![7; 70_000];

        assert_eq!(
            payload_of(&[&masked(FINAL | BINARY, &payload)]),
            Ok(payload)
        );
    }

    #[test]
    fn frames_against_the_rules_are_refused() {
        for (frame, rule) in [
            (vec![FINAL | TEXT, 0], "not masked"),
            (masked(0xc1, b""), "reserved bits"),
            (masked(FINAL | 0x3, b""), "unknown kind"),
            (masked(PING, b""), "control frame is fragmented"),
            (masked(FINAL | PING, &[0; 126]), "too long"),
            (masked(FINAL | CONTINUATION, b""), "mixed up"),
            (
                [masked(TEXT, b""), masked(FINAL | TEXT, b"")].concat(),
                "mixed up",
            ),
        ] {
            let broken = payload_of(&[&frame]).expect_err(rule);
            assert!(broken.to_string().contains(rule), "{broken}");
        }
    }
}
