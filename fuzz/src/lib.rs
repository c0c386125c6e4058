//! Shared by the fuzz targets: a body decoded whole and in parts must give the same result.

use gatelog_filter::ai::decode::{Budget, Decoder, Limits, Stop};

/// Small bounds, so that the fuzzer reaches them.
fn limits() -> Limits {
    Limits { window_bytes: 1 << 20, body_bytes: 1 << 20, ratio: 1_000, total_bytes: 4 << 20 }
}

/// Decodes chunks and checks every bound in between.
fn decode(coding: &str, chunks: &[&[u8]]) -> (Vec<u8>, Option<Stop>) {
    let (limits, budget, mut body) = (limits(), Budget::default(), Vec::new());
    let mut decoder = Decoder::with_limits(Some(coding), &limits, &budget);
    for chunk in chunks {
        decoder.feed(chunk, &mut |bytes| body.extend_from_slice(bytes));
        assert!(budget.taken() <= limits.total_bytes && body.len() <= limits.body_bytes);
    }
    let stopped = decoder.stopped();
    drop(decoder);
    assert_eq!(budget.taken(), 0);
    (body, stopped)
}

/// Decodes a compressed body whole, and split at the place that its first two bytes give.
pub fn check_coding(coding: &str, data: &[u8]) {
    let Some((at, encoded)) = data.split_first_chunk::<2>() else { return };
    let at = usize::from(u16::from_le_bytes(*at)).min(encoded.len());
    let (one, other) = encoded.split_at(at);
    let (whole, parts) = (decode(coding, &[encoded]), decode(coding, &[one, other]));
    let is_damaged = [whole.1, parts.1].contains(&Some(Stop::Damaged));
    // The Brotli decoder misses some faults, depending on where the chunks end.
    assert!(whole.1 == parts.1 || (coding == "br" && is_damaged));
    if !is_damaged {
        assert!(whole.0 == parts.0, "{} and {} bytes", whole.0.len(), parts.0.len());
    }
}
