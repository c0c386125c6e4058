//! OpenTelemetry's own exporter: every compression it has, and a request that it repeats.

use gatelog_testbed::client::Client;
use gatelog_testbed::functions::Functions;
use gatelog_testbed::otlp_sender;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{await_counter, functions, text};

#[tokio::test(flavor = "multi_thread")]
async fn each_compression_of_the_exporter_is_read_and_the_attributes_are_rows() {
    let directory = tempfile::tempdir().unwrap();
    let functions = functions(&directory, &[]).await;
    let endpoint = format!("http://{}/v1/logs", functions.address());
    for compression in ["none", "gzip", "deflate"] {
        let said =
            otlp_sender::send(&endpoint, compression, &[log_record(compression).to_string()]).await.unwrap();
        assert_eq!(said, "", "{compression}");
    }
    let records = stored(&functions).await;
    assert_eq!(records.len(), 3);
    for record in &records {
        let expected = [
            ("method", json!("POST")),
            ("response_code", json!(200)),
            ("model", json!("gpt-4o")),
            ("provider", json!("openai")),
            ("input_tokens", json!(10)),
            ("output_tokens", json!(5)),
            ("total_tokens", json!(15)),
            ("finish_reason", json!("stop")),
            ("response_type", json!("stream")),
            ("time_to_first_token", json!(250)),
            ("session_id", json!("s-1")),
            ("instance_id", json!("gateway-2")),
            ("start_time", json!("2026-11-30T12:00:00.123456Z")),
        ];
        for (field, value) in expected {
            assert_eq!(record[field], value, "{field} of {record:#}");
        }
        assert!(record["cost_nano"].as_i64().is_some_and(|cost| cost > 0), "ingest prices it: {record:#}");
    }
    let paths: Vec<&str> = records.iter().map(|record| text(record, "path")).collect();
    assert!(paths.contains(&"/v1/chat/completions?by=gzip"), "{paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_the_exporter_repeats_because_its_answer_was_lost_is_stored_once() {
    let directory = tempfile::tempdir().unwrap();
    let functions = functions(&directory, &[]).await;
    let between = answer_lost_once(functions.address()).await;
    let log_records: Vec<String> =
        (0..20).map(|number| log_record(&number.to_string()).to_string()).collect();
    let said = otlp_sender::send(&format!("http://{between}/v1/logs"), "gzip", &log_records).await.unwrap();
    await_counter(&functions, "gatelog_otlp_records_total{outcome=\"duplicate\"}", 20).await;
    assert_eq!(stored(&functions).await.len(), 20, "the exporter said: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_records_that_are_no_requests_are_a_partial_success_and_the_others_are_stored() {
    let directory = tempfile::tempdir().unwrap();
    let functions = functions(&directory, &[]).await;
    let plain = json!({ "body": "server started", "attributes": { "thread": 7 } });
    let log_records = [plain.to_string(), log_record("a").to_string()];
    let endpoint = format!("http://{}/v1/logs", functions.address());
    otlp_sender::send(&endpoint, "none", &log_records).await.unwrap();
    await_counter(&functions, "gatelog_otlp_records_total{outcome=\"rejected\"}", 1).await;
    assert_eq!(stored(&functions).await.len(), 1);
}

fn log_record(by: &str) -> Value {
    json!({
        "time_ns": 1_796_040_000_123_456_789_u64,
        "attributes": {
            "http.request.method": "POST",
            "url.path": "/v1/chat/completions",
            "url.query": format!("by={by}"),
            "http.response.status_code": 200,
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.stream": true,
            "gen_ai.response.time_to_first_chunk": 0.25,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
            "session.id": "s-1",
        },
    })
}

async fn stored(functions: &Functions) -> Vec<Value> {
    let url = format!("http://{}/query?page_size=100", functions.address());
    Client::default().get_json(&url).await.unwrap()["logs"].as_array().unwrap().clone()
}

/// A listener before `target` that lets the first request through, and ends the connection when the answer begins. Further
/// connections are passed on.
async fn answer_lost_once(target: std::net::SocketAddr) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(target).await.unwrap();
        let (mut reads, mut writes) = client.split();
        let (mut answers, mut requests) = server.split();
        let mut first = [0; 1];
        tokio::select! {
            _ = tokio::io::copy(&mut reads, &mut requests) => {}
            _ = answers.read_exact(&mut first) => {}
        }
        let _ = writes.shutdown().await;
        drop(client);
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}
