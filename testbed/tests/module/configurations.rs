//! What Envoy refuses, with every problem named, while traffic goes on.

use std::time::Duration;

use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::gateway_config::Gateway;
use gatelog_testbed::module_config::Module;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::site::options;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_of_a_listener_is_refused_and_traffic_flows_on() {
    let directory = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await.unwrap();
    let gateway = gateway(&upstream, &directory);
    let listener_file = directory.path().join("listener.json");
    let publish = |version: &str, overrides: &Value| {
        let module = Module { has_bootstrap: false, ..Module::whole(overrides) };
        let mut resources = gateway.listener_file(version);
        module.add_to_listener(&mut resources["resources"][0]);
        let next = directory.path().join(version);
        std::fs::write(&next, resources.to_string()).unwrap();
        std::fs::rename(next, &listener_file).unwrap();
    };
    publish("1", &json!({}));
    let mut bootstrap = gateway.dynamic_bootstrap(&listener_file);
    Module::whole(&json!({})).add_to(&mut bootstrap);
    let envoy = Envoy::start_with(&options(), &bootstrap).await.unwrap();
    publish("2", &json!({ "timeout_ms": "soon", "no_such_key": 1 }));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !(envoy.log().contains("timeout_ms") && envoy.log().contains("no_such_key")) {
        assert!(Instant::now() < deadline, "Envoy's log does not name the keys:\n{}", envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
    let request = Request::get(format!("http://{}/hello", envoy.listener())).body("").unwrap();
    assert_eq!(Client::default().send(request).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_does_not_start_with_a_module_whose_records_nobody_would_push() {
    let directory = tempfile::tempdir().unwrap();
    let upstream = Upstream::start().await.unwrap();
    let mut bootstrap = gateway(&upstream, &directory).bootstrap();
    Module { has_bootstrap: false, ..Module::whole(&json!({})) }.add_to(&mut bootstrap);
    let error = Envoy::start_with(&options(), &bootstrap).await.unwrap_err().to_string();
    assert!(error.contains("nobody would push the records"), "{error}");
}

fn gateway(upstream: &Upstream, directory: &tempfile::TempDir) -> Gateway {
    Gateway {
        upstream: upstream.address(),
        collector: upstream.address(),
        filters: Vec::new(),
        access_log: Some(directory.path().join("access.log")),
    }
}
