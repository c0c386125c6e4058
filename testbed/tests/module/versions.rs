//! The same file in older Envoys that can load it.

use std::net::SocketAddr;
use std::path::PathBuf;

use gatelog_testbed::envoy;
use gatelog_testbed::module_config::Module;
use serde_json::{Value, json};

use crate::both::{Both, Wish};
use crate::requests;
use crate::site::{Site, options};

/// What is the same of a request in any Envoy that runs on this machine.
const SAME: [&str; 23] = [
    "request_id",
    "method",
    "path",
    "protocol",
    "scheme",
    "response_code",
    "response_flags",
    "route_name",
    "upstream_cluster",
    "service",
    "user_agent",
    "consumer",
    "trace_id",
    "grpc_status",
    "instance_id",
    "model",
    "response_model",
    "response_type",
    "chat_id",
    "total_tokens",
    "usage_source",
    "mcp_tool",
    "upstream_attempts",
];

#[tokio::test(flavor = "multi_thread")]
async fn envoy_1_39_has_the_same_records_from_the_filter_and_the_module() {
    for configuration in [json!({}), rules()] {
        let wish = Wish { options: envoy_of("GATELOG_ENVOY_1_39"), configuration, ..Wish::default() };
        let both = Both::start_with(wish, |_| {}).await;
        let count = send(both.envoy.listener()).await;
        both.assert_same(count).await;
    }
}

/// The Envoy 1.38 of the Python package is built without a machine for WebAssembly.
#[tokio::test(flavor = "multi_thread")]
async fn envoy_1_38_has_the_same_records_from_the_module_as_the_newest() {
    for configuration in [json!({}), rules()] {
        let module = Module::whole(&configuration);
        let mut all = [Vec::new(), Vec::new()];
        for (records, options) in all.iter_mut().zip([envoy_of("GATELOG_ENVOY_1_38"), options()]) {
            let site = Site::start_with(&options, &module, |_, _| {}).await;
            let count = send(site.envoy.listener()).await;
            *records = site.records(count).await;
            records.sort_by_key(|record| record["request_id"].to_string());
            assert_bytes(&site, records).await;
        }
        let [older, newest] = all;
        for (older, newest) in older.iter().zip(&newest) {
            for key in SAME {
                assert_eq!(older.get(key), newest.get(key), "{key}:\n{older:#}\n{newest:#}");
            }
        }
    }
}

/// Asserts that Envoy's own log counts the same bytes.
async fn assert_bytes(site: &Site, records: &[Value]) {
    let lines = site.access_log(records.len()).await;
    for record in records {
        let line = lines.iter().find(|line| line["request_id"] == record["request_id"]).unwrap();
        for (way, field) in [("request", "bytes_received"), ("response", "bytes_sent")] {
            let of = |part: &str| {
                let value = &line[format!("{way}_{part}_bytes")];
                // 1.38 writes large numbers with a fraction.
                value.as_f64().unwrap_or_else(|| panic!("{way}_{part}_bytes: {line:#}"))
            };
            assert_eq!(
                record[field].as_f64(),
                Some(of("headers") + of("body")),
                "{field}:\n{record:#}\n{line:#}"
            );
        }
    }
}

fn rules() -> Value {
    json!({ "_rules_": [
        { "_match_route_": ["llm"], "instance_id": "ai" },
        { "_match_service_": ["web"], "instance_id": "site" },
    ] })
}

async fn send(gateway: SocketAddr) -> usize {
    requests::send_ai(gateway).await
        + requests::send_http2(gateway).await
        + requests::send_plain(gateway).await
}

/// The Envoy that this variable names.
fn envoy_of(variable: &str) -> envoy::Options {
    let program = std::env::var_os(variable).map(PathBuf::from);
    let program = program.unwrap_or_else(|| {
        panic!("{variable} names no Envoy: run this through `cargo xtask test`, or set it")
    });
    envoy::Options { program: Some(program), ..options() }
}
