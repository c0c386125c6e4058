//! Bodies of any kind: the usage found does not depend on how a body is split.
#![no_main]

use gatelog_filter::ai::usage::{BodyReader, Findings, Side};
use libfuzzer_sys::fuzz_target;

fn read(side: Side, chunks: &[&[u8]]) -> (Findings, bool, bool) {
    let mut reader = BodyReader::new(side, None, Some(4_096));
    for chunk in chunks {
        reader.read(chunk);
    }
    (reader.findings().clone(), reader.is_streamed(), reader.is_unknown())
}

fuzz_target!(|data: &[u8]| {
    let Some((at, body)) = data.split_first_chunk::<2>() else { return };
    let (one, other) = body.split_at(usize::from(u16::from_le_bytes(*at)).min(body.len()));
    for side in [Side::Request, Side::Response] {
        let whole = read(side, &[body]);
        let parts = read(side, &[one, other]);
        assert_eq!(whole, parts);
        let usage = whole.0.usage();
        assert!([usage.input, usage.output, usage.total].into_iter().flatten().all(|count| count >= 0));
    }
});
