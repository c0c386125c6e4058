//! Tests of a VM's memory: it does not grow with the number of streams, and when it is exhausted a record loses a
//! part.

use gatelog_harness::{Exchange, Headers};
use serde_json::json;

use super::support::{COALESCING, acknowledge_all, assert_fate, filter, get, metric, records};

const STREAMS: usize = 100_000;
/// After this many streams, the memory has its final size.
const WARM_UP: usize = 10_000;
/// Streams between two checks of the queue by the filter.
const BETWEEN_PUSHES: usize = 250;

#[test]
fn memory_stays_flat_over_100_000_streams() {
    let mut vm = filter(json!({}));
    let (plain, chat) = (get("/orders/1"), chat());
    let mut after_warm_up = 0;
    let mut pushed = 0;
    for number in 1..=STREAMS {
        let exchange = if number.is_multiple_of(10) { &chat } else { &plain };
        assert!(!vm.run(exchange).unwrap().paused());
        if number.is_multiple_of(BETWEEN_PUSHES) {
            vm.advance(COALESCING).unwrap();
            pushed += acknowledge_all(&mut vm).iter().map(|push| records(push).len()).sum::<usize>();
        }
        if number == WARM_UP {
            after_warm_up = vm.memory_bytes();
        }
    }
    assert_eq!(vm.memory_bytes(), after_warm_up);
    assert_eq!(pushed, STREAMS);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, STREAMS as u64, STREAMS as u64, &[]);
    assert_eq!(metric(&vm, "queue_entries") + metric(&vm, "queue_bytes") + metric(&vm, "in_flight"), 0);
}

#[test]
fn streams_that_are_never_pushed_take_no_more_memory_than_the_queue_may() {
    let mut vm = filter(json!({"queue": {"max_bytes": 1_048_576, "max_batch_bytes": 65_536}}));
    let start = vm.memory_bytes();
    for _ in 0..WARM_UP {
        vm.run(&get("/orders/1")).unwrap();
    }
    // The clock stands still, so nothing is pushed. The bound covers the queue, one batch, and room for the
    // allocator.
    assert!(vm.memory_bytes() - start < 3 * 1_048_576, "{} bytes from {start}", vm.memory_bytes());
    vm.advance(COALESCING).unwrap();
    let (waiting, dropped) = (metric(&vm, "queue_entries"), metric(&vm, "dropped_queue_full"));
    let in_flight: usize = vm.callouts().map(|push| records(push).len()).sum();
    assert!(dropped > 0);
    assert_eq!(waiting + dropped + in_flight as u64, WARM_UP as u64);
}

#[test]
fn headers_for_which_no_memory_is_left_are_all_that_the_record_loses() {
    let mut vm = filter(json!({}));
    vm.run(&get("/before")).unwrap();
    let large = Headers::from([(":method", "GET"), (":path", "/large"), (":authority", "a.example")])
        .with("x-large", vec![b'x'; 16 << 20]);
    // Room for the filter's own allocations, but not for these headers.
    vm.limit_memory(vm.memory_bytes() + (1 << 20));
    let exchange = Exchange::new()
        .request(large)
        .response([(":status", "200")])
        .attribute("request.protocol", "HTTP/1.1")
        .log_attribute("response.flags", 0);
    assert!(!vm.run(&exchange).unwrap().paused());
    vm.run(&get("/after")).unwrap();
    vm.advance(COALESCING).unwrap();
    let pushes = acknowledge_all(&mut vm);
    let all: Vec<_> = pushes.iter().flat_map(records).collect();
    assert_eq!(all.len(), 3);
    assert_eq!([&all[0]["path"], &all[2]["path"]], ["/before", "/after"]);
    assert_eq!((&all[1]["protocol"], &all[1]["response_code"]), (&json!("HTTP/1.1"), &json!(200)));
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 3, 3, &[]);
}

/// A chat completion, streamed in chunks.
fn chat() -> Exchange {
    get("/v1/chat/completions")
        .request([(":method", "POST"), (":path", "/v1/chat/completions"), (":authority", "a.example")])
        .request_body([
            r#"{"model":"qwen-max","stream":true,"#,
            r#""messages":[{"role":"user","content":"hi"}]}"#,
        ])
        .response([(":status", "200"), ("content-type", "text/event-stream")])
        .response_body([
            "data: {\"model\":\"qwen-max\",\"choices\":[{\"delta\":{\"content\":\"hel",
            "lo\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}\n\n",
            "data: [DONE]\n\n",
        ])
}
