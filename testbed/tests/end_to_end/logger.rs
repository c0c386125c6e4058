//! The filter as Envoy's access logger, with the HTTP filter on the route of AI calls alone.

use std::collections::BTreeSet;

use gatelog_artifacts as artifacts;
use gatelog_testbed::access_loggers::{add_logger, on_ai_route_alone, wasm_logger};
use gatelog_testbed::client::{Client, hang_up_after, raw_exchange};
use gatelog_testbed::gateway_config::Filter;
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::{Value, json};

use crate::altered::Altered;

/// What cannot be equal in records of two exchanges.
const OF_THE_EXCHANGE: [&str; 9] = [
    "id",
    "record_id",
    "start_time",
    "duration",
    "upstream_service_time",
    "time_to_first_token",
    "upstream_local_address",
    "downstream_local_address",
    "downstream_remote_address",
];
/// What only the HTTP filter can tell, where the logger makes the record.
const OF_THE_FILTER: &str = "time_to_headers";

/// Makes the logger of gatelog's filter in a configuration.
pub fn log_with_gatelog(bootstrap: &mut Value) {
    let filter = Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}));
    on_ai_route_alone(bootstrap, &filter.name);
    add_logger(bootstrap, wasm_logger(&filter));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logger_with_the_filter_on_ai_routes_makes_the_records_of_the_filter_once_each() {
    let upstream = Upstream::start().await.unwrap();
    let filter = Altered::start(Some(upstream.address()), |_| {}).await;
    let logger = Altered::start(Some(upstream.address()), log_with_gatelog).await;
    for path in [&filter, &logger] {
        send_all(path).await;
    }
    let count = REQUESTS.len() + 2;
    let (of_filter, of_logger) = (filter.records(count).await, logger.records(count).await);
    for (expected, record) in of_filter.iter().zip(&of_logger) {
        let keys: BTreeSet<&String> =
            [expected, record].into_iter().flat_map(|record| record.as_object().unwrap().keys()).collect();
        let is_ai = record["path"].as_str().unwrap_or_default().starts_with("/v1/");
        for key in keys {
            if OF_THE_EXCHANGE.contains(&key.as_str()) || (key == OF_THE_FILTER && !is_ai) {
                continue;
            }
            let difference = format!("{key}:\n{expected:#}\n{record:#}");
            match (key.as_str(), record[key].as_i64(), expected[key].as_i64()) {
                // Headers that tell times and addresses are not always as long.
                ("bytes_sent" | "bytes_received" | "time_to_headers", Some(one), Some(other)) => {
                    assert!((one - other).abs() <= 10, "{difference}");
                }
                ("ai_log", ..) => assert_eq!(without_times(&record[key]), without_times(&expected[key])),
                _ => assert_eq!(record[key], expected[key], "{difference}"),
            }
        }
        let has_tokens = record["total_tokens"].as_i64().is_some_and(|tokens| tokens > 0);
        assert_eq!(has_tokens, is_ai, "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logger_alone_records_the_path_that_the_upstream_got() {
    let path = Altered::start(None, log_with_gatelog).await;
    get(&path, "GET", "/rewritten/200", "rewritten", "").await;
    let record = path.records(1).await.remove(0);
    assert_eq!((&record["path"], &record["authority"]), (&json!("/status/200"), &json!("inside.example")));
    assert_eq!(record.get("upstream_path"), None, "{record:#}");
}

/// Method, path, request id and body.
const REQUESTS: [(&str, &str, &str, &str); 9] = [
    ("GET", "/hello?token=s3cr3t", "1-get", ""),
    ("HEAD", "/hello", "2-head", ""),
    ("POST", "/echo", "3-echo", "0123456789"),
    ("GET", "/no-route", "4-no-route", ""),
    ("GET", "/dead", "5-dead", ""),
    ("GET", "/direct", "6-direct", ""),
    ("GET", "/status/500", "7-error", ""),
    ("POST", "/v1/chat/completions", "8-chat", r#"{"model":"gpt-4o-mini","messages":[]}"#),
    ("POST", "/v1/chat/completions", "9-stream", r#"{"model":"gpt-4o-mini","messages":[],"stream":true}"#),
];

async fn send_all(path: &Altered) {
    for (method, to, id, body) in REQUESTS {
        get(path, method, to, id, body).await;
    }
    let hang_up = b"GET /hang HTTP/1.1\r\nhost: shop.example.com\r\nx-request-id: hang-up\r\n\r\n";
    hang_up_after(path.envoy.listener(), hang_up, 40).await.unwrap();
    let refused = b"GET /no-host-header HTTP/1.1\r\nconnection: close\r\n\r\n";
    raw_exchange(path.envoy.listener(), refused).await.unwrap();
}

async fn get(path: &Altered, method: &str, to: &str, id: &str, body: &'static str) {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{}{to}", path.envoy.listener()))
        .header("host", "shop.example.com")
        .header("x-request-id", id)
        .header("traceparent", "00-463ac35c9f6413ad48485a3953bb6124-0020000000000001-01")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    Client::default().send(request).await.unwrap();
}

/// An AI log without how long things took.
fn without_times(log: &Value) -> Value {
    let mut log: Value = log.as_str().map_or(log.clone(), |text| serde_json::from_str(text).unwrap());
    if let Some(members) = log.as_object_mut() {
        members.retain(|key, _| !key.contains("duration") && !key.contains("time"));
    }
    log
}
