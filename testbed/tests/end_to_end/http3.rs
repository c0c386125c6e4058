//! Tests of HTTP/3: Envoy logs a stream only after the client has acknowledged everything, and does not call
//! filters then.

use std::path::Path as File;
use std::process::Stdio;
use std::time::Duration;

use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::altered::Altered;
use crate::logger::log_with_gatelog;

/// The client; its first lines describe it.
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/http3.py");

#[tokio::test(flavor = "multi_thread")]
async fn each_request_over_http_3_produces_one_record_that_agrees_with_envoys_log() {
    let certificate = tempfile::tempdir().unwrap();
    python(&["certificate", certificate.path().to_str().unwrap()], "").await;
    let path = Altered::start(None, |bootstrap| add_quic(bootstrap, certificate.path())).await;
    let envoy = &path.envoy;

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
    let port = quic_port(envoy).await.to_string();
    let answers = python(&["send", &port], &requests.join("\n")).await;
    let statuses: Vec<i64> = answers
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 200, 200, 404, 200, 503, 200], "{answers}");

    let records = path.records(requests.len()).await;
    let lines = path.lines(requests.len()).await;
    for (record, line) in records.iter().zip(&lines) {
        for key in ["request_id", "method", "authority", "path", "protocol", "user_agent", "response_code"] {
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
    assert_eq!(
        (&records[2]["model"], &records[2]["response_type"]),
        (&json!("gpt-4o-mini"), &json!("stream"))
    );
    assert!(records[2]["total_tokens"].as_i64().is_some_and(|tokens| tokens > 0), "{:#}", records[2]);
    let collected = envoy.stats("wasmcustom.gatelog_collected").await.unwrap();
    assert_eq!(collected, [("wasmcustom.gatelog_collected".to_owned(), requests.len() as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_over_http_3_makes_one_record_also_where_the_filter_is_the_access_logger() {
    let certificate = tempfile::tempdir().unwrap();
    python(&["certificate", certificate.path().to_str().unwrap()], "").await;
    let path = Altered::start(None, |bootstrap| {
        log_with_gatelog(bootstrap);
        add_quic(bootstrap, certificate.path());
    })
    .await;
    let request = |id: &str, method: &str, path: &str, body: &str| {
        let headers = json!({ "x-request-id": id, "content-type": "application/json" });
        json!({ "method": method, "path": path, "headers": headers, "body": body }).to_string()
    };
    let chat = r#"{"model":"gpt-4o-mini","messages":[]}"#;
    let mut requests = vec![request("0", "GET", "/hello", "")];
    requests.extend((1..8).map(|number| request(&number.to_string(), "POST", "/v1/chat/completions", chat)));
    requests.push(request("8", "GET", "/no-route", ""));
    let port = quic_port(&path.envoy).await.to_string();
    python(&["send", &port], &requests.join("\n")).await;

    // Envoy's own log has a line of each as soon as the logger was called for it too.
    path.lines(requests.len()).await;
    let records = path.records(requests.len()).await;
    let tokens = records.iter().filter(|record| record["total_tokens"].as_i64().is_some_and(|sum| sum > 0));
    assert_eq!(tokens.count(), 7, "{records:#?}");
    assert!(records.iter().all(|record| record["protocol"] == "HTTP/3"), "{records:#?}");
}

/// Adds a second listener, which speaks HTTP/3 and otherwise equals the first.
fn add_quic(bootstrap: &mut Value, certificate: &File) {
    let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().unwrap();
    let mut quic = listeners[0].clone();
    quic["name"] = json!("quic");
    quic["address"]["socket_address"]["protocol"] = json!("UDP");
    quic["udp_listener_config"] =
        json!({ "quic_options": {}, "downstream_socket_config": { "prefer_gro": true } });
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
