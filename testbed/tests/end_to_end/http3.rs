//! HTTP/3: Envoy puts off its log of a stream until the client has acknowledged everything, and calls no filter then.

use std::path::Path as File;
use std::process::Stdio;
use std::time::Duration;

use gatelog_harness::artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::Functions;
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

/// The client; see its first lines.
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/http3.py");
/// How long the records of an answered request may take.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn each_request_over_http_3_makes_one_record_with_what_envoy_logs_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let functions = Functions::start_local(&directory.path().join("gatelog.db")).await.unwrap();
    let upstream = Upstream::start().await.unwrap();
    let access_log = directory.path().join("access.log");
    let gateway = Gateway {
        upstream: upstream.address(),
        collector: functions.address(),
        filters: vec![Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}))],
        access_log: Some(access_log.clone()),
    };
    python(&["certificate", directory.path().to_str().unwrap()], "").await;
    let envoy = Envoy::start(&with_quic(gateway.bootstrap(), directory.path()), 1).await.unwrap();

    let headers = json!({ "user-agent": "aioquic", "x-forwarded-for": "203.0.113.9" });
    let request = |id: &str, method: &str, path: &str, body: &str| {
        let mut headers = headers.clone();
        headers["x-request-id"] = json!(id);
        headers["content-type"] = json!("application/json");
        json!({ "method": method, "path": path, "headers": headers, "body": body }).to_string()
    };
    let chat = r#"{"model":"gpt-4o-mini","messages":[],"stream":true}"#;
    let requests = [
        request("1", "GET", "/hello?token=s3cr3t", ""),
        request("2", "POST", "/echo", r#"{"a":1}"#),
        request("3", "POST", "/v1/chat/completions", chat),
        request("4", "GET", "/no-route", ""),
        request("5", "HEAD", "/hello", ""),
        request("6", "GET", "/dead", ""),
        request("7", "GET", "/rewritten/200", ""),
    ];
    let port = quic_port(&envoy).await.to_string();
    let answers = python(&["send", &port], &requests.join("\n")).await;
    let statuses: Vec<i64> = answers
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 200, 200, 404, 200, 503, 200], "{answers}");

    let records = records(&functions, requests.len(), &envoy).await;
    let lines = lines(&access_log, requests.len()).await;
    for (record, line) in records.iter().zip(&lines) {
        for key in ["request_id", "method", "authority", "path", "protocol", "user_agent", "response_code", "route_name"] {
            let expected = if key == "path" && line["request_id"] == "1" {
                json!("/hello?token=REDACTED")
            } else {
                line[key].clone()
            };
            assert_eq!(record[key], expected, "{key}: {line:#}\n{record:#}");
        }
        for key in ["response_flags", "upstream_cluster", "response_code_details"] {
            let expected = line[key].as_str().unwrap_or_default();
            assert_eq!(record[key].as_str().unwrap_or_default(), expected, "{key}: {line:#}\n{record:#}");
        }
        assert_eq!(record["protocol"], "HTTP/3");
        assert!(record["duration"].as_i64().unwrap() >= 0 && record["start_time"].is_string(), "{record:#}");
    }
    assert_eq!((&records[2]["model"], &records[2]["response_type"]), (&json!("gpt-4o-mini"), &json!("stream")));
    assert!(records[2]["total_tokens"].as_i64().is_some_and(|tokens| tokens > 0), "{:#}", records[2]);
    let collected = envoy.stats("wasmcustom.gatelog_collected").await.unwrap();
    assert_eq!(collected, [("wasmcustom.gatelog_collected".to_owned(), requests.len() as u64)]);
}

/// The configuration with a second listener, which speaks HTTP/3 and is otherwise as the first.
fn with_quic(mut bootstrap: Value, certificate: &File) -> Value {
    let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().unwrap();
    let mut quic = listeners[0].clone();
    quic["name"] = json!("quic");
    quic["address"]["socket_address"]["protocol"] = json!("UDP");
    quic["udp_listener_config"] = json!({ "quic_options": {}, "downstream_socket_config": { "prefer_gro": true } });
    let chain = &mut quic["filter_chains"][0];
    chain["filters"][0]["typed_config"]["codec_type"] = json!("HTTP3");
    let file = |name: &str| json!({ "filename": certificate.join(name) });
    chain["transport_socket"] = json!({
        "name": "quic",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
            "downstream_tls_context": { "common_tls_context": { "tls_certificates": [
                { "certificate_chain": file("cert.pem"), "private_key": file("key.pem") },
            ] } },
        },
    });
    listeners.push(quic);
    bootstrap
}

async fn quic_port(envoy: &Envoy) -> u64 {
    let url = format!("http://{}/listeners?format=json", envoy.admin());
    let listeners = Client::default().get_json(&url).await.unwrap();
    let statuses = listeners["listener_statuses"].as_array().unwrap();
    let quic = statuses.iter().find(|status| status["name"] == "quic").unwrap();
    quic["local_address"]["socket_address"]["port_value"].as_u64().unwrap()
}

/// Runs the client and returns what it printed.
async fn python(arguments: &[&str], input: &str) -> String {
    let packages = std::env::var_os("GATELOG_AIOQUIC").unwrap_or_else(|| {
        panic!("GATELOG_AIOQUIC names no folder with aioquic: run this through `cargo xtask test`, or set it")
    });
    let mut command = Command::new("python3");
    command.arg(CLIENT).args(arguments).env("PYTHONPATH", packages).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = timeout(Duration::from_secs(60), child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All records by their request ids, once there are `count`; one more would fail.
async fn records(functions: &Functions, count: usize, envoy: &Envoy) -> Vec<Value> {
    let deadline = Instant::now() + ARRIVAL_LIMIT;
    let url = format!("http://{}/query?page_size=100", functions.address());
    loop {
        let answer = Client::default().get_json(&url).await.unwrap();
        let mut records = answer["logs"].as_array().unwrap().clone();
        if records.len() >= count {
            assert_eq!(records.len(), count, "more records than requests: {records:#?}");
            records.sort_by_key(|record| record["request_id"].to_string());
            return records;
        }
        assert!(Instant::now() < deadline, "{} of {count} records; Envoy said:\n{}", records.len(), envoy.log());
        sleep(Duration::from_millis(50)).await;
    }
}

/// The lines of Envoy's own log by their request ids, once there are `count`.
async fn lines(access_log: &File, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + ARRIVAL_LIMIT;
    loop {
        let text = std::fs::read_to_string(access_log).unwrap_or_default();
        if text.lines().count() >= count {
            let mut lines: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.sort_by_key(|line| line["request_id"].to_string());
            return lines;
        }
        assert!(Instant::now() < deadline, "Envoy's access log is short:\n{text}");
        sleep(Duration::from_millis(50)).await;
    }
}
