//! Stock Envoy with `deploy/envoy/otlp.yaml` and nothing else: each request is a row with the values that were sent, without
//! their secrets.

use std::collections::HashSet;

use gatelog_testbed::arrival;
use gatelog_testbed::client::{Client, raw_exchange};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use serde_json::json;

use super::{await_counter, envoy, functions, text};

/// Method, path, body, request id, status.
const REQUESTS: [(&str, &str, &str, &str, u16); 6] = [
    ("GET", "/hello?a=b%20c", "", "1", 200),
    ("POST", "/echo", "0123456789", "2", 200),
    ("HEAD", "/hello", "", "3", 200),
    ("GET", "/status/500", "", "4", 500),
    ("GET", "/reset", "", "5", 503),
    ("GET", "/hello?api_key=s3cr3t&page=2", "", "6", 200),
];
const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";

#[tokio::test(flavor = "multi_thread")]
async fn stock_envoy_stores_a_row_for_each_request_with_what_was_sent() {
    let directory = tempfile::tempdir().unwrap();
    let (functions, upstream) = (functions(&directory, &[]).await, Upstream::start().await.unwrap());
    let envoy = envoy(upstream.address(), functions.address(), &[]).await;
    let client = Client::default();
    for (method, path, body, id, status) in REQUESTS {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", envoy.listener()))
            .header("host", "shop.example.com")
            .header("x-request-id", id)
            .header("user-agent", format!("agent/{id}"))
            .header("x-forwarded-for", "203.0.113.9")
            .header("x-mse-consumer", "alice")
            .header("traceparent", format!("00-{TRACE}-0020000000000001-01"));
        assert_eq!(client.send(request.body(body).unwrap()).await.unwrap().status(), status, "{path}");
    }
    let mut records = arrival::records(&functions, &envoy, REQUESTS.len()).await.unwrap();
    records.sort_by_key(|record| record["request_id"].to_string());
    for (record, (method, path, body, id, status)) in records.iter().zip(REQUESTS) {
        let expected = [
            ("method", json!(method)),
            ("path", json!(path.replace("s3cr3t", "REDACTED"))),
            ("request_id", json!(id)),
            ("response_code", json!(status)),
            ("user_agent", json!(format!("agent/{id}"))),
            ("authority", json!("shop.example.com")),
            ("scheme", json!("http")),
            ("protocol", json!("HTTP/1.1")),
            ("trace_id", json!(TRACE)),
            ("consumer", json!("alice")),
            ("upstream_cluster", json!("web")),
            ("service", json!("web")),
            ("route_name", json!("everything")),
            ("route", json!("everything")),
            ("upstream_host", json!(upstream.address().to_string())),
            ("upstream_attempts", json!(1)),
            ("downstream_local_address", json!(envoy.listener().to_string())),
            ("instance_id", json!("gateway-1")),
            ("response_flags", json!(if id == "5" { "UC" } else { "-" })),
        ];
        for (field, value) in expected {
            assert_eq!(record[field], value, "{field} of {record:#}");
        }
        assert!(text(record, "x_forwarded_for").starts_with("203.0.113.9"), "{record:#}");
        assert!(
            text(record, "downstream_remote_address").starts_with("203.0.113.9")
                || text(record, "downstream_remote_address").starts_with("127.0.0.1:"),
            "{record:#}"
        );
        let received = record["bytes_received"].as_u64().unwrap();
        assert!(received > 100 + body.len() as u64, "headers and body: {record:#}");
        assert!(record["bytes_sent"].as_u64().unwrap() > 50, "{record:#}");
        // Microseconds, of which Envoy's texts have only the first three digits.
        assert!(!text(record, "start_time").ends_with("000Z"), "{record:#}");
    }
    let details: HashSet<&str> = records.iter().map(|record| text(record, "response_code_details")).collect();
    assert!(details.contains("via_upstream") && details.len() == 2, "{details:?}");
    await_counter(&functions, "gatelog_otlp_records_total{outcome=\"accepted\"}", 6).await;
    await_counter(&functions, "gatelog_ingest_records_total{outcome=\"accepted\"}", 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_one_id_are_rows_of_their_own_and_a_text_that_is_no_utf_8_costs_no_row() {
    let directory = tempfile::tempdir().unwrap();
    let (functions, upstream) = (functions(&directory, &[]).await, Upstream::start().await.unwrap());
    let envoy = envoy(upstream.address(), functions.address(), &[]).await;
    for agent in [&b"one"[..], b"two", b"caf\xe9"] {
        let mut request =
            b"GET /hello HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-request-id: same\r\nuser-agent: "
                .to_vec();
        request.extend_from_slice(agent);
        request.extend_from_slice(b"\r\n\r\n");
        let answer = raw_exchange(envoy.listener(), &request).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    let records = arrival::records(&functions, &envoy, 3).await.unwrap();
    let agents: HashSet<&str> = records.iter().map(|record| text(record, "user_agent")).collect();
    assert_eq!(agents, ["one", "two", "caf\u{fffd}"].into());
}
