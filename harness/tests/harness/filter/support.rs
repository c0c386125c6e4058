//! The filter in a VM, its traffic, and a collector under the test's control.

use std::sync::LazyLock;
use std::time::Duration;

use gatelog_artifacts::artifact;
use gatelog_harness::{Callout, Exchange, Metric, Module, Reply, Vm};
use serde_json::{Value, json};

/// The filter, compiled once for all tests.
static FILTER: LazyLock<Module> =
    LazyLock::new(|| Module::load(artifact("gatelog_filter").unwrap()).unwrap());

/// The default of `max_coalescing_delay`, after which waiting records are pushed.
pub const COALESCING: Duration = Duration::from_secs(1);

/// A VM with the filter, pushing to the cluster `collector` unless `configuration` says otherwise. It sends no empty
/// pushes, so that each callout results from the test's traffic.
pub fn filter(configuration: Value) -> Vm {
    Vm::builder(&FILTER).plugin_configuration(configured(configuration)).start().unwrap()
}

/// Like [`filter`], with random bytes from a seed.
pub fn filter_with_seed(seed: u64) -> Vm {
    Vm::builder(&FILTER).plugin_configuration(configured(json!({}))).random_seed(seed).start().unwrap()
}

/// The text of a configuration, with the keys that [`filter`] adds.
pub fn configured(mut configuration: Value) -> String {
    let all = configuration.as_object_mut().unwrap();
    all.entry("collector_cluster").or_insert(json!("collector"));
    all.entry("keep_alive_ms").or_insert(json!(0));
    configuration.to_string()
}

/// A request that an upstream served, with a path of its own.
pub fn get(path: &str) -> Exchange {
    Exchange::new()
        .request([(":method", "GET"), (":path", path), (":authority", "a.example"), (":scheme", "http")])
        .response([(":status", "200"), ("content-length", "2")])
        .response_body(["ok"])
        .attribute("request.protocol", "HTTP/1.1")
        .attribute("xds.route_name", "orders")
        .log_attribute("request.duration", Duration::from_millis(3))
        .log_attribute("response.flags", 0)
}

/// Runs this many requests, whose paths are `prefix` and a number from 0.
pub fn serve(vm: &mut Vm, prefix: &str, requests: usize) {
    for number in 0..requests {
        let finished = vm.run(&get(&format!("{prefix}{number}"))).unwrap();
        assert!(!finished.paused());
    }
}

/// The records in a push.
pub fn records(push: &Callout) -> Vec<Value> {
    serde_json::from_slice(&push.body).unwrap()
}

/// The paths of the records in a push, in order.
pub fn paths(push: &Callout) -> Vec<String> {
    records(push).iter().map(|record| record["path"].as_str().unwrap().to_owned()).collect()
}

/// The response of an ingest that stored this many records.
pub fn stored(records: usize) -> Reply {
    let body = json!({"accepted": records, "duplicates": 0, "rejected": []}).to_string();
    Reply::status(200).with_body(body)
}

/// Acknowledges the oldest push in flight, and returns the pushed records.
pub fn acknowledge_oldest(vm: &mut Vm) -> Callout {
    let push = vm.oldest_callout().unwrap();
    let (id, reply) = (push.id, stored(records(push).len()));
    vm.respond(id, reply).unwrap()
}

/// Acknowledges pushes until none is in flight, and returns all of them.
pub fn acknowledge_all(vm: &mut Vm) -> Vec<Callout> {
    let mut pushes = Vec::new();
    while vm.oldest_callout().is_some() {
        pushes.push(acknowledge_oldest(vm));
    }
    pushes
}

/// The value of a counter or gauge of the filter.
pub fn metric(vm: &Vm, name: &str) -> u64 {
    match vm.metric(&format!("gatelog_{name}")).unwrap() {
        Metric::Counter(value) | Metric::Gauge(value) => *value,
        Metric::Histogram(_) => unreachable!("{name} is a histogram"),
    }
}

/// Asserts the outcome of the records by the filter's own metrics: how many were made, how many were pushed, and how many
/// were dropped for each reason. There must be no other drops.
pub fn assert_fate(vm: &Vm, made: u64, pushed: u64, dropped: &[(&str, u64)]) {
    let mut expected = vec![("collected", made), ("pushed", pushed)];
    for reason in ["queue_full", "too_large", "refused", "retry_time", "shutdown"] {
        let count = dropped.iter().find(|(name, _)| *name == reason).map_or(0, |(_, count)| *count);
        expected.push((reason, count));
    }
    let shown: Vec<(&str, u64)> = expected
        .iter()
        .map(|(name, _)| match *name {
            "collected" | "pushed" => (*name, metric(vm, name)),
            reason => (*name, metric(vm, &format!("dropped_{reason}"))),
        })
        .collect();
    assert_eq!(shown, expected);
}
