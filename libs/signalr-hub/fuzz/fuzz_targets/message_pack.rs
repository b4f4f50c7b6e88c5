#![no_main]

use libfuzzer_sys::fuzz_target;

// The first byte says where the rest is split.
fuzz_target!(|input: &[u8]| {
    if let Some((split, input)) = input.split_first() {
        signalr_hub::fuzz::message_pack(input, usize::from(*split));
    }
});
