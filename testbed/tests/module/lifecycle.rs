//! The collector goes and comes back, Envoy ends under load, and a configuration changes: every answered request is stored.

use std::collections::HashSet;
use std::time::Duration;

use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::gateway_config::Gateway;
use gatelog_testbed::module_config::Module;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep};

use crate::site::{Site, functions, metric, options, records};

/// With every setting of the queue at its default.
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_for_20_s_under_traffic_loses_nothing_and_stores_nothing_twice() {
    let mut site = Site::start(&Module::whole(&json!({}))).await;
    let address = site.functions.address();
    let mut ids = HashSet::new();
    let mut get = async |site: &Site| {
        let id = format!("request-{}", ids.len());
        assert!(site.get(&id).await);
        ids.insert(id);
    };
    for _ in 0..100 {
        get(&site).await;
    }
    let elsewhere = functions(&site.directory, "elsewhere.db").await;
    std::mem::replace(&mut site.functions, elsewhere).stop().await;
    let back = Instant::now() + Duration::from_secs(20);
    let mut next = interval(Duration::from_millis(20));
    while Instant::now() < back {
        next.tick().await;
        get(&site).await;
    }
    site.await_metric("gatelog_retries", 3).await;
    site.functions = Functions::start(&Options::storing_in(&site.database()).at(address)).await.unwrap();
    for _ in 0..100 {
        get(&site).await;
    }
    site.await_ids(&ids, ids.len()).await;
    assert_eq!(site.metric("gatelog_dropped_.*").await, 0);
    assert_eq!(site.metric("gatelog_collected").await, ids.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_request_is_stored_although_envoy_is_terminated_under_load() {
    terminate_under_load(Site::start(&Module::whole(&patient())).await).await;
}

/// Bounds that a slow machine does not reach: an address for the last records, and time and room for waiting ones.
pub fn patient() -> Value {
    json!({ "collector_address": "", "drain_timeout_ms": 30_000, "queue": { "max_entries": 100_000 } })
}

/// Ends Envoy while clients send requests one after the other, and looks for a record of each that was answered.
pub async fn terminate_under_load(mut site: Site) {
    let load: Vec<JoinHandle<Vec<String>>> = (0..8).map(|client| load(&site, client)).collect();
    site.await_metric("gatelog_pushed", 500).await;
    let replacement = Envoy::start(&placeholder(&site), 1).await.unwrap();
    std::mem::replace(&mut site.envoy, replacement).terminate().await.unwrap();
    let mut answered = HashSet::new();
    for client in load {
        answered.extend(client.await.unwrap());
    }
    // A client that was cut off may also have a record.
    site.await_ids(&answered, answered.len() + 8).await;
}

fn load(site: &Site, client: usize) -> JoinHandle<Vec<String>> {
    let (sender, url) = (site.client.clone(), site.url("/hello"));
    tokio::spawn(async move {
        let mut answered = Vec::new();
        loop {
            let id = format!("{client}-{}", answered.len());
            let request = Request::get(&url).header("x-request-id", &id).body("").unwrap();
            // Envoy ends in the middle of some requests.
            if sender.send(request).await.is_err() {
                return answered;
            }
            answered.push(id);
        }
    })
}

/// An Envoy without gatelog, in place of one that ends.
fn placeholder(site: &Site) -> Value {
    let gateway = Gateway {
        upstream: site.upstream.address(),
        collector: site.functions.address(),
        filters: Vec::new(),
        access_log: None,
    };
    gateway.bootstrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_first_records_are_stored_when_envoy_is_terminated_at_once() {
    for overrides in [
        json!({ "queue": { "max_coalescing_delay": 600 } }),
        json!({ "queue": { "max_coalescing_delay": 600 }, "collector_address": "" }),
    ] {
        let mut site = Site::start(&Module::whole(&overrides)).await;
        let ids: HashSet<String> = (0..120).map(|number| format!("first-{number}")).collect();
        for id in &ids {
            assert!(site.get(id).await);
        }
        let replacement = Envoy::start(&placeholder(&site), 1).await.unwrap();
        std::mem::replace(&mut site.envoy, replacement).terminate().await.unwrap();
        site.await_ids(&ids, ids.len()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_wait_go_on_when_a_listener_gets_another_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let (functions, upstream) = (functions(&directory, "gatelog.db").await, Upstream::start().await.unwrap());
    let gateway = Gateway {
        upstream: upstream.address(),
        collector: functions.address(),
        filters: Vec::new(),
        access_log: Some(directory.path().join("access.log")),
    };
    let listener_file = directory.path().join("listener.json");
    let publish = |instance: &str, delay: f64, token: &str| {
        let overrides = json!({ "instance_id": instance, "collector_token": token,
                                "queue": { "max_coalescing_delay": delay } });
        let module = Module { has_bootstrap: false, ..Module::whole(&overrides) };
        let mut resources = gateway.listener_file(instance);
        module.add_to_listener(&mut resources["resources"][0]);
        let next = directory.path().join(instance);
        std::fs::write(&next, resources.to_string()).unwrap();
        std::fs::rename(next, &listener_file).unwrap();
    };
    // Longer than the test: only another configuration has these records pushed.
    publish("old", 600.0, "before");
    let mut bootstrap = gateway.dynamic_bootstrap(&listener_file);
    Module::whole(&json!({ "queue": { "max_coalescing_delay": 600 } })).add_to(&mut bootstrap);
    let envoy = Envoy::start_with(&options(), &bootstrap).await.unwrap();
    let client = gatelog_testbed::client::Client::default();
    let url = format!("http://{}/hello", envoy.listener());
    for _ in 0..10 {
        client.send(Request::get(&url).body("").unwrap()).await.unwrap();
    }
    publish("new", 0.1, "after");
    let records = records(&functions, 10, &envoy).await;
    assert!(records.iter().all(|record| record["instance_id"] == "old"), "{records:#?}");
    assert_eq!(metric(&envoy, "gatelog_dropped_.*").await, 0);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        client.send(Request::get(&url).body("").unwrap()).await.unwrap();
        let query = format!("http://{}/query?instance_id=new&page_size=1", functions.address());
        if client.get_json(&query).await.unwrap()["total"].as_u64().unwrap() > 0 {
            return;
        }
        assert!(Instant::now() < deadline, "the new configuration records nothing:\n{}", envoy.log());
        sleep(Duration::from_millis(100)).await;
    }
}
