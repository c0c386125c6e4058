//! The memory that decoding a body may take: that of the largest number of records and a few copies of the body.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gatelog_record::batch;

const MIB: usize = 1024 * 1024;
const BODY: usize = 8 * MIB;
const MAX_RECORDS: usize = 5_000;

#[test]
fn a_body_of_the_largest_size_takes_a_bounded_amount_of_memory() {
    let filled = |begin: &str, part: &str, end: &str| {
        format!("{begin}{}{end}", part.repeat((BODY - begin.len() - end.len()) / part.len()))
    };
    let records = MAX_RECORDS - 1;
    for (name, body) in [
        ("empty objects", filled("[{}", ",{}", "]")),
        ("small records", filled(r#"[{"path":"/"}"#, r#",{"path":"/"}"#, "]")),
        ("small lines", filled("", "{\"path\":\"/\"}\n", "")),
        ("numbers", filled("[1", ",1", "]")),
        ("lines that are no JSON", filled("{\"path\":\"/\"}\n", "{\n", "")),
        ("lines that do not end", filled("{\"path\":\"/\"}\n", "{\"a\":[\n", "")),
        ("wrong values", filled("[", &format!("{{\"duration\":\"{}\"}},", "x".repeat(2_000)), "{}]")),
        ("one wrong value", filled("[{\"duration\":\"", "x", "\"}]")),
        ("a long text in the place of a record", filled("[\"", "x", "\"]")),
        ("a long key", filled("[{\"", "x", "\":1}]")),
        ("a long key with escapes", filled("[{\"", "\\n", "\":1}]")),
        ("a long text", filled("{\"path\":\"", "x", "\"}")),
        ("a long text with escapes", filled("{\"path\":\"", "\\n", "\"}")),
        ("a deep value", filled("{\"path\":\"/\",\"a\":", "[", "")),
        ("a deep count", filled("[{\"path\":\"/\",\"total_tokens\":", "[", "]}]")),
        ("a wide count", filled("[{\"path\":\"/\",\"total_tokens\":[[]", ",[]", "]}]")),
        ("a wide log", filled("[{\"path\":\"/\",\"ai_log\":{\"a\":[{}", ",{}", "]}}]")),
        ("a long number", filled("[{\"path\":\"/\",\"total_tokens\":", "1", "}]")),
        ("bytes that are no text", filled("[{\"path\":\"", "\u{1}", "\"}]")),
        ("records and one fault", filled(&"{\"path\":\"/\"}\n".repeat(records), "x", "")),
    ] {
        let before = in_use();
        PEAK.set(before);
        let batch = batch::decode(body.as_bytes(), MAX_RECORDS);
        let peak = PEAK.get() - before;
        drop(batch);
        assert!(peak < 32 * MIB, "{name}: {} MiB", peak / MIB);
        assert_eq!(in_use(), before, "{name}");
    }
    let mut broken = filled("[{\"path\":\"", "x", "\"}]").into_bytes();
    broken[10..BODY / 2].fill(0xff);
    let before = in_use();
    PEAK.set(before);
    batch::decode(&broken, MAX_RECORDS).unwrap();
    assert!(PEAK.get() - before < 64 * MIB, "{} MiB", (PEAK.get() - before) / MIB);
}

thread_local! {
    static IN_USE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn in_use() -> usize {
    IN_USE.get()
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

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old and the new block both exist while the memory is moved.
        changed(size, 0);
        changed(0, layout.size());
        // SAFETY: the caller upholds the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        changed(0, layout.size());
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}
