//! A bounded run of what `fuzz/` does without end: inputs that are almost right.

use proptest::{prelude::*, sample::Index};
use signalr_hub::fuzz;

const JSON: [&[u8]; 6] = [
    b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Say\",\"arguments\":[1,{\"a\":[null]},\"\\u00e9\"],\"streamIds\":[\"s\"]}\x1e",
    b"{\"type\":2,\"invocationId\":\"1\",\"item\":null}\x1e",
    b"{\"type\":3,\"invocationId\":\"1\",\"result\":[1.5e3,true]}\x1e{\"type\":6}\x1e",
    b"{\"type\":4,\"headers\":{\"a\":\"b\"},\"arguments\":[],\"invocationId\":\"1\",\"target\":\"S\"}\x1e",
    b"{\"type\":7,\"error\":\"x\",\"allowReconnect\":true}\x1e",
    b"{\"type\":9,\"sequenceId\":7}\x1e{\"type\":8,\"sequenceId\":7}\x1e",
];

const MESSAGE_PACK: [&[u8]; 6] = [
    b"\x13\x96\x01\x81\xa1a\xa1b\xa11\xa3Say\x92\x01\x81\xa1a\x91\xc0\x90",
    b"\x07\x94\x02\x80\xa11\xc4\x00",
    b"\x08\x95\x03\x80\xa11\x03\xd6\xff\x02\x91\x06",
    b"\x0b\x96\x04\x80\xa11\xa1S\x90\x91\xa1s",
    b"\x05\x93\x07\xa1x\xc3",
    b"\x03\x92\x09\x07\x03\x92\x08\x07",
];

const HANDSHAKES: [&[u8]; 2] = [
    b"{\"protocol\":\"json\",\"version\":1}\x1e{\"type\":6}\x1e",
    b"{\"version\":2,\"x\":[],\"protocol\":\"messagepack\"}\x1e\x02\x91\x06",
];

/// Right messages, joined, with some bytes replaced, removed and added.
fn almost(right: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let joined = prop::collection::vec(prop::sample::select(right), 1..5);
    let damage = prop::collection::vec((any::<Index>(), any::<u8>(), 0..4u8), 0..6);
    (joined, damage).prop_map(|(messages, damage)| {
        let mut bytes = messages.concat();
        for (at, byte, kind) in damage {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 => bytes.insert(at, byte),
                2 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn damaged_json_is_read_or_refused_wherever_it_is_split(
        input in almost(&JSON),
        split: usize,
    ) {
        fuzz::json(&input, split);
    }

    #[test]
    fn damaged_message_pack_is_read_or_refused_wherever_it_is_split(
        input in almost(&MESSAGE_PACK),
        split: usize,
    ) {
        fuzz::message_pack(&input, split);
    }

    #[test]
    fn damaged_handshakes_are_read_or_refused_wherever_they_are_split(
        input in almost(&HANDSHAKES),
        split: usize,
    ) {
        fuzz::handshake(&input, split);
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused_wherever_they_are_split(
        input in prop::collection::vec(any::<u8>(), 0..300),
        split: usize,
    ) {
        fuzz::json(&input, split);
        fuzz::message_pack(&input, split);
        fuzz::handshake(&input, split);
    }
}
