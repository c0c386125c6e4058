//! deploy/envoy/module.yaml runs as it stands, on free ports.

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::json;

use crate::site::{functions, options, records};

#[tokio::test(flavor = "multi_thread")]
async fn the_example_stores_records_of_plain_requests_and_of_ai_calls() {
    let directory = tempfile::tempdir().unwrap();
    let (functions, upstream) = (functions(&directory, "gatelog.db").await, Upstream::start().await.unwrap());
    let file = artifacts::workspace().join("deploy/envoy/module.yaml");
    let mut text = std::fs::read_to_string(file).unwrap();
    let collector = functions.address().port();
    for (old, new) in [
        ("0.0.0.0, port_value: 10000", "127.0.0.1, port_value: 0".to_owned()),
        ("port_value: 8080", format!("port_value: {}", upstream.address().port())),
        ("port_value: 3000", format!("port_value: {collector}")),
        ("collector_address: 127.0.0.1:3000", format!("collector_address: 127.0.0.1:{collector}")),
        ("port_value: 9901", "port_value: 0".to_owned()),
    ] {
        assert_eq!(text.matches(old).count(), 1, "deploy/envoy/module.yaml does not hold {old:?} once");
        text = text.replace(old, &new);
    }
    let envoy = Envoy::start_yaml_with(&options(), &text).await.unwrap();
    let url = |path: &str| format!("http://{}{path}", envoy.listener());
    let client = Client::default();
    client.send(Request::get(url("/hello")).body("").unwrap()).await.unwrap();
    let chat = Request::post(url("/v1/chat/completions")).header("content-type", "application/json");
    client.send(chat.body(r#"{"model":"gpt-4o-mini","messages":[]}"#).unwrap()).await.unwrap();
    let records = records(&functions, 2, &envoy).await;
    assert_eq!((&records[0]["path"], &records[1]["model"]), (&json!("/hello"), &json!("gpt-4o-mini")));
    let names = envoy.stats("^wasmcustom.gatelog_pushed$").await.unwrap();
    assert!(!names.is_empty(), "the metrics have other names than the filter's");
}
