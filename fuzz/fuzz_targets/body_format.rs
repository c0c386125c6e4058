//! The first bytes of a body: what they reveal still holds when more bytes have arrived.
#![no_main]

use gatelog_filter::ai::body_format::sniff;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|head: &[u8]| {
    let whole = sniff(head);
    for end in 0..head.len().min(64) {
        let early = sniff(&head[..end]);
        assert!(early.is_none() || early == whole);
    }
});
