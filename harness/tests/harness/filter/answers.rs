//! Tests of responses that are late, arrive twice or never, and of a gateway that loses the filter's calls.

use std::time::Duration;

use gatelog_harness::{Refusal, Reply};
use serde_json::json;

use super::support::{
    COALESCING, acknowledge_all, acknowledge_oldest, assert_fate, filter, metric, paths, records, serve,
    stored,
};

/// The default of `timeout_ms`.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The default of `max_retry_time`.
const RETRY_TIME: Duration = Duration::from_secs(60);

#[test]
fn records_for_a_collector_that_never_answers_are_dropped_after_the_retry_time_and_counted() {
    let mut vm = filter(json!({}));
    serve(&mut vm, "/", 3);
    vm.advance(COALESCING).unwrap();
    assert_eq!(vm.callouts().count(), 1);
    // The gateway gives up each attempt after the timeout; the filter retries until the retry time is over.
    vm.advance(RETRY_TIME - COALESCING).unwrap();
    assert_fate(&vm, 3, 0, &[]);
    vm.advance(COALESCING + 2 * TIMEOUT).unwrap();
    assert_fate(&vm, 3, 0, &[("retry_time", 3)]);
    assert_eq!(vm.callouts().count(), 0);
    assert_eq!(metric(&vm, "in_flight"), 0);
    assert!(metric(&vm, "retries") >= 4, "{}", metric(&vm, "retries"));
    assert_eq!(metric(&vm, "push_failures"), metric(&vm, "retries") + 1);
}

#[test]
fn a_response_at_the_last_moment_counts() {
    let mut vm = filter(json!({}));
    serve(&mut vm, "/", 2);
    vm.advance(COALESCING).unwrap();
    vm.advance(TIMEOUT - Duration::from_millis(200)).unwrap();
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/0", "/1"]);
    vm.advance(2 * TIMEOUT).unwrap();
    assert_fate(&vm, 2, 2, &[]);
    assert_eq!((metric(&vm, "retries"), vm.callouts().count()), (0, 0));
}

#[test]
fn a_response_that_arrives_twice_counts_once() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/first/", 2);
    vm.advance(COALESCING).unwrap();
    let push = acknowledge_oldest(&mut vm);
    serve(&mut vm, "/second/", 3);
    vm.advance(COALESCING).unwrap();
    vm.respond_unasked(plugin, push.id, stored(2)).unwrap();
    vm.respond_unasked(plugin, 4_000_000_000, stored(3)).unwrap();
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 5, 2, &[]);
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/second/0", "/second/1", "/second/2"]);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 5, 5, &[]);
}

#[test]
fn a_call_that_the_gateway_loses_is_made_again_with_the_same_records() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/", 2);
    vm.advance(COALESCING).unwrap();
    let lost = vm.lose(vm.oldest_callout().unwrap().id).unwrap();
    vm.advance(TIMEOUT + Duration::from_secs(29)).unwrap();
    assert_eq!(vm.callouts().count(), 0, "it is waited for 30 seconds beyond the timeout");
    assert_eq!(metric(&vm, "in_flight"), 1);
    vm.advance(Duration::from_secs(2)).unwrap();
    let again = vm.oldest_callout().unwrap();
    assert_ne!(again.id, lost.id);
    assert_eq!(again.body, lost.body, "the same records with the same ids");
    // The lost call's response arrives after all.
    vm.respond_unasked(plugin, lost.id, stored(2)).unwrap();
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 2, 0, &[]);
    acknowledge_oldest(&mut vm);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 2, 2, &[]);
    assert_eq!((metric(&vm, "retries"), metric(&vm, "push_failures")), (1, 1));
}

#[test]
fn all_calls_lost_at_once_leave_room_for_others_again() {
    let mut vm = filter(json!({"queue": {"max_batch_size": 1, "concurrency_limit": 4}}));
    serve(&mut vm, "/", 8);
    vm.advance(COALESCING).unwrap();
    let under_way: Vec<u32> = vm.callouts().map(|push| push.id).collect();
    assert_eq!(under_way.len(), 4, "as many as concurrency_limit allows");
    for id in under_way {
        vm.lose(id).unwrap();
    }
    vm.advance(Duration::from_secs(36)).unwrap();
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < 8 {
        let pushes = acknowledge_all(&mut vm);
        assert!(!pushes.is_empty(), "{} of 8 records came\n{}", seen.len(), vm.logs());
        seen.extend(pushes.iter().flat_map(paths));
        vm.advance(COALESCING).unwrap();
    }
    seen.sort();
    assert_eq!(seen, (0..8).map(|number| format!("/{number}")).collect::<Vec<_>>());
    assert_fate(&vm, 8, 8, &[]);
}

#[test]
fn a_call_that_the_gateway_refuses_is_made_again() {
    let mut vm = filter(json!({}));
    serve(&mut vm, "/", 1);
    vm.refuse_next_callout(Refusal::InternalFailure);
    vm.refuse_next_callout(Refusal::BadArgument);
    vm.advance(2 * COALESCING).unwrap();
    assert_eq!(metric(&vm, "push_failures"), 2);
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/0"]);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 1, 1, &[]);
}

#[test]
fn a_broken_connection_and_every_kind_of_answer_leave_each_record_pushed_or_counted() {
    let mut vm = filter(json!({"queue": {"max_batch_size": 1, "concurrency_limit": 1}}));
    serve(&mut vm, "/", 5);
    vm.advance(COALESCING).unwrap();
    // The first: broken connection, then a server error, then another service's 200, then stored.
    let id = vm.oldest_callout().unwrap().id;
    vm.fail(id).unwrap();
    for reply in [Reply::status(503), Reply::status(200).with_body("<html>")] {
        vm.advance(COALESCING).unwrap();
        let id = vm.oldest_callout().unwrap().id;
        vm.respond(id, reply).unwrap();
    }
    vm.advance(COALESCING).unwrap();
    assert_eq!(paths(&acknowledge_oldest(&mut vm)), ["/0"]);
    // The second is too large, the third is refused permanently.
    for status in [413, 400] {
        vm.advance(COALESCING).unwrap();
        let id = vm.oldest_callout().unwrap().id;
        vm.respond(id, Reply::status(status)).unwrap();
    }
    // The fourth has a record reported as unreadable.
    vm.advance(COALESCING).unwrap();
    let id = vm.oldest_callout().unwrap().id;
    let rejected = json!({"accepted": 0, "duplicates": 0, "rejected": [{"index": 0, "error": "no"}]});
    vm.respond(id, Reply::status(200).with_body(rejected.to_string())).unwrap();
    vm.advance(COALESCING).unwrap();
    assert_eq!(records(&acknowledge_oldest(&mut vm)).len(), 1);
    vm.advance(COALESCING).unwrap();
    assert_fate(&vm, 5, 3, &[("too_large", 1), ("refused", 1)]);
    assert_eq!((metric(&vm, "rejected"), metric(&vm, "retries")), (1, 3));
}
