//! The memory that reading a request may take: a few copies of the body, and what the largest number of records takes.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gatelog_otlp::{Encoding, request};

const MIB: usize = 1024 * 1024;
const BODY: usize = 8 * MIB;
const MAX_RECORDS: usize = 5_000;

#[test]
fn a_request_of_the_largest_size_takes_a_bounded_amount_of_memory() {
    let filled = |begin: &str, part: &str, end: &str| {
        let body = format!("{begin}{}{end}", part.repeat((BODY - begin.len() - end.len()) / part.len()));
        (Encoding::Json, body.into_bytes())
    };
    let of_log =
        |attributes: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{attributes}"#);
    let end = "]}]}]}";
    let message = |number: u8, body: &[u8]| {
        let mut message = vec![number << 3 | 2];
        let mut length = body.len();
        while length >= 0x80 {
            message.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(body);
        message
    };
    let nested = |numbers: &[u8], part: &[u8]| {
        let body = part.repeat((BODY / part.len()).max(1));
        (Encoding::Protobuf, numbers.iter().rev().fold(body, |body, number| message(*number, &body)))
    };
    let named = |value: Vec<u8>| [message(1, b"ai_log"), message(2, &value)].concat();
    let deep = (0..2_000_000).fold(Vec::new(), |mut deep: Vec<u8>, _| {
        // Lengths are wrong on purpose: the nesting ends where the message ends.
        deep.extend_from_slice(&[0x2a, 0x7f, 0x0a, 0x7f]);
        deep
    });
    for (name, (encoding, body)) in [
        ("empty log records", nested(&[1, 2], &[0x12, 0])),
        ("empty attributes", nested(&[1, 2, 2], &[0x32, 0])),
        ("empty resources", nested(&[], &[0x0a, 0])),
        ("empty attributes of a resource", nested(&[1, 1], &[0x0a, 0])),
        ("known attributes", nested(&[1, 2, 2], &message(6, &named(message(1, b"x"))))),
        (
            "an array of nothing",
            nested(&[1, 2, 2], &message(6, &named(message(5, &[0x0a, 0].repeat(4_000_000))))),
        ),
        (
            "control characters",
            nested(&[1, 2, 2], &message(6, &named(message(5, &message(1, &message(1, &[1; BODY])))))),
        ),
        ("a deep value", nested(&[1, 2, 2], &message(6, &named(deep)))),
        ("empty log records", filled(&of_log("{}"), ",{}", end)),
        ("numbers", filled(&of_log("1"), ",1", end)),
        ("attributes", filled(&of_log(r#"{"attributes":[{}"#), ",{}", "]}]}]}]}")),
        (
            "a deep value",
            filled(&of_log(r#"{"attributes":[{"key":"ai_log","value":"#), r#"{"arrayValue":{"values":["#, ""),
        ),
        ("a long text", filled(&of_log(r#"{"body":{"stringValue":""#), "\\n", "\"}}]}]}]}")),
        (
            "a long object in a text",
            filled(&of_log(r#"{"body":{"stringValue":"{\"path\":\""#), "x", "\\\"}\"}}]}]}]}"),
        ),
        ("brackets", filled("", "[", "")),
    ] {
        let before = IN_USE.get();
        PEAK.set(before);
        let read = request::read(&body, encoding, MAX_RECORDS);
        let peak = PEAK.get() - before;
        drop(read);
        assert!(peak < 5 * BODY, "{name}: {} MiB", peak / MIB);
    }
}

thread_local! {
    static IN_USE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the bytes that a thread uses and their maximum.
struct Counted;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

fn changed(taken: usize, given_back: usize) {
    let in_use = IN_USE.get().wrapping_add(taken).wrapping_sub(given_back);
    IN_USE.set(in_use);
    PEAK.set(PEAK.get().max(in_use));
}

// SAFETY: every call is passed unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        changed(layout.size(), 0);
        // SAFETY: the caller upholds the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        changed(0, layout.size());
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}
