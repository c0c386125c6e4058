//! Tests of reconfiguration while records wait, and of two root contexts in one VM.

use std::time::Duration;

use gatelog_harness::{Callout, Error, Reply, Vm};
use serde_json::json;

use super::support::{
    COALESCING, acknowledge_all, acknowledge_oldest, assert_fate, configured, filter, get, metric, paths,
    records, serve,
};

/// Acknowledges every push within ten seconds.
fn drain(vm: &mut Vm) -> Vec<Callout> {
    let mut pushes = Vec::new();
    for _ in 0..10 {
        vm.advance(COALESCING).unwrap();
        pushes.extend(acknowledge_all(vm));
    }
    pushes
}

#[test]
fn waiting_and_in_flight_records_survive_a_new_configuration_for_the_same_collector() {
    let mut vm = filter(json!({"queue": {"max_batch_size": 3}}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/under-way/", 3);
    vm.advance(COALESCING).unwrap();
    serve(&mut vm, "/waiting/", 2);
    vm.configure_again(plugin, configured(json!({"queue": {"max_batch_size": 50}}))).unwrap();
    serve(&mut vm, "/after/", 2);
    assert_eq!(paths(&acknowledge_oldest(&mut vm)).len(), 3, "the old call's answer is taken");
    let pushes = drain(&mut vm);
    let arrived: Vec<_> = pushes.iter().flat_map(paths).collect();
    assert_eq!(arrived, ["/waiting/0", "/waiting/1", "/after/0", "/after/1"]);
    assert_eq!(pushes.len(), 1, "the new batch size holds for the old records");
    assert_fate(&vm, 7, 7, &[]);
}

#[test]
fn records_that_wait_go_to_the_new_collector_when_theirs_is_gone() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/", 3);
    vm.configure_again(plugin, configured(json!({"collector_cluster": "other"}))).unwrap();
    let pushes = drain(&mut vm);
    assert!(pushes.iter().all(|push| push.cluster == "other"));
    assert_eq!(pushes.iter().flat_map(paths).collect::<Vec<_>>(), ["/0", "/1", "/2"]);
    assert_fate(&vm, 3, 3, &[]);
}

#[test]
fn a_push_that_fails_after_its_collector_is_gone_is_sent_to_the_new_one() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/", 2);
    vm.advance(COALESCING).unwrap();
    let old = vm.oldest_callout().unwrap().clone();
    vm.configure_again(plugin, configured(json!({"collector_cluster": "other"}))).unwrap();
    vm.fail(old.id).unwrap();
    let pushes = drain(&mut vm);
    assert_eq!((pushes.len(), pushes[0].cluster.as_str()), (1, "other"));
    assert_eq!(pushes[0].body, old.body);
    assert_fate(&vm, 2, 2, &[]);
}

#[test]
fn a_batch_that_waits_for_a_retry_survives_a_new_configuration() {
    for cluster in ["collector", "other"] {
        let slow = json!({"initial_retry_delay": 30, "max_retry_delay": 30});
        let mut vm = filter(json!({"queue": slow}));
        let plugin = vm.plugin().unwrap();
        serve(&mut vm, "/", 2);
        vm.advance(COALESCING).unwrap();
        let id = vm.oldest_callout().unwrap().id;
        vm.respond(id, Reply::status(503)).unwrap();
        vm.configure_again(plugin, configured(json!({"collector_cluster": cluster}))).unwrap();
        let pushes = drain(&mut vm);
        assert!(pushes.iter().all(|push| push.cluster == cluster));
        assert_eq!(pushes.iter().flat_map(paths).collect::<Vec<_>>(), ["/0", "/1"], "{cluster}");
        assert_fate(&vm, 2, 2, &[]);
    }
}

#[test]
fn records_that_do_not_fit_into_a_smaller_queue_are_counted_and_the_newest_stay() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/", 50);
    vm.configure_again(plugin, configured(json!({"queue": {"max_entries": 10}}))).unwrap();
    let arrived: Vec<_> = drain(&mut vm).iter().flat_map(paths).collect();
    assert_eq!(arrived, (40..50).map(|number| format!("/{number}")).collect::<Vec<_>>());
    assert_fate(&vm, 50, 10, &[("queue_full", 40)]);
}

#[test]
fn a_refused_configuration_leaves_the_previous_one_active() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    serve(&mut vm, "/", 1);
    let refused = vm.configure_again(plugin, r#"{"collector_cluster":"c","no_such_key":1}"#).unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }));
    assert!(refused.to_string().contains("no_such_key"), "{refused}");
    serve(&mut vm, "/later/", 1);
    let arrived: Vec<_> = drain(&mut vm).iter().flat_map(paths).collect();
    assert_eq!(arrived, ["/0", "/later/0"]);
    assert_fate(&vm, 2, 2, &[]);
}

#[test]
fn an_exchange_that_began_under_the_older_configuration_is_recorded_once() {
    let mut vm = filter(json!({}));
    let plugin = vm.plugin().unwrap();
    let stream = vm.open(plugin);
    vm.set_attributes(stream, &get("/half")).unwrap();
    let request = [(":method", "GET"), (":path", "/half"), (":authority", "a.example")];
    vm.request_headers(stream, request.into(), true).unwrap();
    vm.configure_again(plugin, configured(json!({"collector_cluster": "other"}))).unwrap();
    vm.response_headers(stream, [(":status", "204")].into(), true).unwrap();
    vm.finish(stream).unwrap();
    let pushes = drain(&mut vm);
    let all: Vec<_> = pushes.iter().flat_map(records).collect();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["path"], &all[0]["response_code"]), (&json!("/half"), &json!(204)));
    assert_fate(&vm, 1, 1, &[]);
}

#[test]
fn two_root_contexts_of_a_vm_push_their_own_records_to_their_own_collectors() {
    let mut vm = filter(json!({"collector_cluster": "one"}));
    let one = vm.plugin().unwrap();
    let two = vm.start_plugin("two", configured(json!({"collector_cluster": "two"}))).unwrap();
    for number in 0..6 {
        let plugin = if number % 3 == 0 { one } else { two };
        let exchange = get(&format!("/{number}"));
        let stream = vm.open(plugin);
        vm.set_attributes(stream, &exchange).unwrap();
        let path = format!("/{number}");
        let request = [(":method", "GET"), (":path", &path), (":authority", "a.example")];
        vm.request_headers(stream, request.into(), true).unwrap();
        vm.finish(stream).unwrap();
    }
    vm.advance(COALESCING).unwrap();
    let of = |vm: &Vm, cluster: &str| -> Vec<String> {
        vm.callouts().filter(|push| push.cluster == cluster).flat_map(paths).collect()
    };
    assert_eq!(of(&vm, "one"), ["/0", "/3"]);
    assert_eq!(of(&vm, "two"), ["/1", "/2", "/4", "/5"]);
    // One of them is reconfigured; the other's records are unaffected.
    vm.configure_again(two, configured(json!({"collector_cluster": "three"}))).unwrap();
    drain(&mut vm);
    assert_fate(&vm, 6, 6, &[]);
    assert_eq!(metric(&vm, "batches"), 2);
    assert!(vm.shutdown().unwrap(), "nothing waits");
    vm.advance(Duration::from_secs(1)).unwrap();
}
