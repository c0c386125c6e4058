//! OpenTelemetry's logs at `/v1/logs`, from a real Envoy without a filter and from OpenTelemetry's own exporter.

mod bodies;
mod envoy;
mod exporter;
mod losses;

use std::net::SocketAddr;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::{Envoy, Options};
use gatelog_testbed::functions::{self, Functions};
use http::Request;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

/// Functions that store in a file of `directory`.
async fn functions(directory: &TempDir, variables: &[(&str, &str)]) -> Functions {
    let options = functions::Options::storing_in(&directory.path().join("gatelog.db")).variables(variables);
    Functions::start(&options).await.unwrap()
}

/// An Envoy with `deploy/envoy/otlp.yaml` on free ports, and further changes of its text.
async fn envoy(upstream: SocketAddr, collector: SocketAddr, changes: &[(&str, &str)]) -> Envoy {
    let file = artifacts::workspace().join("deploy/envoy/otlp.yaml");
    let mut text = std::fs::read_to_string(file).unwrap();
    let (upstream, collector) =
        (format!("port_value: {}", upstream.port()), format!("port_value: {}", collector.port()));
    let ports = [
        ("0.0.0.0, port_value: 10000", "127.0.0.1, port_value: 0"),
        ("port_value: 8080", &upstream),
        ("port_value: 3000", &collector),
        ("port_value: 9901", "port_value: 0"),
    ];
    for (old, new) in ports.iter().chain(changes) {
        assert_eq!(text.matches(old).count(), 1, "deploy/envoy/otlp.yaml does not hold {old:?} once");
        text = text.replace(old, new);
    }
    Envoy::start_yaml_with(&Options::default(), &text).await.unwrap()
}

/// Sends a request with an id of its own through Envoy.
async fn get(client: &Client, envoy: &Envoy, id: &str) {
    let request = Request::get(format!("http://{}/hello", envoy.listener())).header("x-request-id", id);
    assert_eq!(client.send(request.body("").unwrap()).await.unwrap().status(), 200);
}

/// Waits until a counter of the functions is at least this.
async fn await_counter(functions: &Functions, series: &str, least: u64) {
    let url = format!("http://{}/health/metrics", functions.address());
    for _ in 0..1_200 {
        let answer = Client::default().send(Request::get(&url).body("").unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<u64>().ok());
        if value.is_some_and(|value| value >= least) {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("{series} does not reach {least}");
}

/// A member of a record as a text.
fn text<'r>(record: &'r Value, field: &str) -> &'r str {
    record[field].as_str().unwrap_or_default()
}
