//! Tests of a plugin's shutdown: waiting records are pushed, and those that cannot be pushed are counted.

use std::time::Duration;

use gatelog_harness::Reply;
use serde_json::json;

use super::support::{
    COALESCING, acknowledge_all, acknowledge_oldest, assert_fate, filter, get, paths, records, serve,
};

#[test]
fn a_plugin_that_has_nothing_to_push_ends_at_once() {
    let mut vm = filter(json!({}));
    serve(&mut vm, "/", 1);
    vm.advance(COALESCING).unwrap();
    acknowledge_all(&mut vm);
    assert!(vm.shutdown().unwrap());
}

#[test]
fn records_that_wait_are_pushed_at_once_when_the_gateway_ends() {
    let mut vm = filter(json!({"queue": {"max_batch_size": 10}}));
    serve(&mut vm, "/", 25);
    assert!(!vm.shutdown().unwrap(), "there is something left to do");
    let mut arrived: Vec<_> = Vec::new();
    while !vm.is_shut_down() {
        arrived.extend(paths(&acknowledge_oldest(&mut vm)));
    }
    assert_eq!(arrived, (0..25).map(|number| format!("/{number}")).collect::<Vec<_>>());
    assert_fate(&vm, 25, 25, &[]);
}

#[test]
fn records_whose_push_had_failed_are_pushed_once_more_when_the_gateway_ends() {
    let mut vm = filter(json!({"queue": {"initial_retry_delay": 30, "max_retry_delay": 30}}));
    serve(&mut vm, "/failed/", 2);
    vm.advance(COALESCING).unwrap();
    let id = vm.oldest_callout().unwrap().id;
    vm.respond(id, Reply::status(503)).unwrap();
    serve(&mut vm, "/new/", 1);
    assert!(!vm.shutdown().unwrap());
    let mut arrived: Vec<_> = acknowledge_all(&mut vm).iter().flat_map(paths).collect();
    arrived.sort();
    assert_eq!(arrived, ["/failed/0", "/failed/1", "/new/0"]);
    assert!(vm.is_shut_down());
    assert_fate(&vm, 3, 3, &[]);
}

#[test]
fn records_not_acknowledged_before_the_drain_time_is_over_are_counted() {
    let mut vm = filter(json!({"drain_timeout_ms": 2_000}));
    serve(&mut vm, "/", 4);
    assert!(!vm.shutdown().unwrap());
    vm.advance(Duration::from_millis(1_500)).unwrap();
    assert!(!vm.is_shut_down());
    vm.advance(Duration::from_millis(700)).unwrap();
    assert!(vm.is_shut_down());
    assert_fate(&vm, 4, 0, &[("shutdown", 4)]);
    assert!(vm.logs().contain("4 records dropped"), "{}", vm.logs());
}

#[test]
fn an_exchange_that_ends_while_the_plugin_drains_is_pushed_or_counted() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    let stream = vm.open(plugin);
    vm.set_attributes(stream, &get("/late")).unwrap();
    let request = [(":method", "GET"), (":path", "/late"), (":authority", "a.example")];
    vm.request_headers(stream, request.into(), true).unwrap();
    serve(&mut vm, "/early/", 1);
    assert!(!vm.shutdown().unwrap());
    vm.finish(stream).unwrap();
    let mut arrived = Vec::new();
    for _ in 0..10 {
        arrived.extend(acknowledge_all(&mut vm).iter().flat_map(records));
        vm.advance(Duration::from_millis(100)).unwrap();
    }
    assert_eq!(arrived.len(), 2);
    assert!(vm.is_shut_down());
    assert_fate(&vm, 2, 2, &[]);
}
