//! What Envoy refuses, with every problem named, while traffic goes on.

use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::gateway_config::Gateway;
use gatelog_testbed::module_config::Module;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};

use crate::both::MANAGER;
use crate::site::{functions, options, records};

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
    envoy.await_log(&["timeout_ms", "no_such_key"]).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_one_route_enables_looks_at_the_bodies_of_that_route_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (functions, upstream) = (functions(&directory, "gatelog.db").await, Upstream::start().await.unwrap());
    let gateway = Gateway { collector: functions.address(), ..gateway(&upstream, &directory) };
    let mut bootstrap = gateway.bootstrap();
    Module::whole(&json!({})).add_to(&mut bootstrap);
    let manager = bootstrap.pointer_mut(MANAGER).unwrap();
    let filters = manager["http_filters"].as_array_mut().unwrap();
    let filter = filters.iter_mut().find(|filter| filter["name"] == "gatelog-module").unwrap();
    filter["disabled"] = json!(true);
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().unwrap();
    let route = routes.iter_mut().find(|route| route["name"] == "llm").unwrap();
    route["typed_per_filter_config"] = json!({ "gatelog-module": {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {},
    } });
    let envoy = Envoy::start_with(&options(), &bootstrap).await.unwrap();
    for path in ["/v1/chat/completions", "/echo/chat/completions"] {
        let request = Request::post(format!("http://{}{path}", envoy.listener()))
            .header("content-type", "application/json")
            .body(r#"{"model":"gpt-4o-mini","messages":[]}"#);
        Client::default().send(request.unwrap()).await.unwrap();
    }
    let mut records = records(&functions, 2, &envoy).await;
    records.sort_by_key(|record| record["path"].to_string());
    let models = [&records[0]["model"], &records[1]["model"]];
    assert_eq!(models, [&json!(""), &json!("gpt-4o-mini")], "{records:#?}");
}

fn gateway(upstream: &Upstream, directory: &tempfile::TempDir) -> Gateway {
    Gateway {
        upstream: upstream.address(),
        collector: upstream.address(),
        filters: Vec::new(),
        access_log: Some(directory.path().join("access.log")),
    }
}
