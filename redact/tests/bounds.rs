//! The time that hostile texts take grows with their length, not with its square: the filter redacts while a gateway's worker
//! waits, and ingest redacts texts of megabytes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gatelog_redact::Redact;

/// Quadratic work takes longer than [`MOST`] for so many bytes, and linear work a few hundred milliseconds at most.
const BYTES: usize = 256 << 10;
const MOST: Duration = Duration::from_secs(8);

/// Begins, is repeated, ends.
const HOSTILE: &[[&str; 3]] = &[
    ["/?%", "25", "=x"],
    ["/?token%3D", "%3B", ""],
    ["/?token%3D", "%3F%3B", "="],
    ["/?to=", "%3a%2f%2f", ""],
    ["", "://", "@"],
    ["https://", "a@", "/"],
    ["/?", "maxtokens", "=x"],
    ["/?", "sort_key_", "=x"],
    ["/?", "signature_version", "=x"],
    ["/?", "=;?&", ""],
    ["", "{\"token\":", ""],
    ["{\"a\":\"", "\\\"", "\"}"],
    ["\"", "{\\\"a\\\":\\\"", "\""],
    ["\"", "\\u", "\":1"],
    ["", "\" ", ""],
    ["{\"token\":", "[{\"a\":1},", ""],
];

#[test]
fn hostile_texts_take_no_more_time_than_others() {
    let redact = Redact::default();
    for [begins, repeated, ends] in HOSTILE {
        let text = [begins, &*repeated.repeat(BYTES / repeated.len()), ends].concat();
        for (name, redacted) in [
            ("path", (&|| redact.path(&text).len()) as &dyn Fn() -> usize),
            ("text", &|| redact.text(&text).len()),
            ("header", &|| redact.header("x", &text).len()),
            ("authority", &|| redact.authority(&text).len()),
        ] {
            let start = Instant::now();
            black_box(redacted());
            let took = start.elapsed();
            assert!(took < MOST, "{BYTES} bytes of {repeated} as {name} took {took:?}");
        }
    }
}
