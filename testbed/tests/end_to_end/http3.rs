//! Tests of HTTP/3: Envoy logs a stream only after the client has acknowledged everything, and does not call
//! filters then.

use gatelog_testbed::http3;
use serde_json::{Value, json};

use crate::altered::Altered;
use crate::logger::log_with_gatelog;

#[tokio::test(flavor = "multi_thread")]
async fn each_request_over_http_3_produces_one_record_that_agrees_with_envoys_log() {
    let certificate = http3::certificate().await.unwrap();
    let path =
        Altered::start(None, |bootstrap| http3::add_listener(bootstrap, certificate.path()).unwrap()).await;
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
    let answers = http3::send(&path.envoy, &requests).await.unwrap();
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
    let certificate = http3::certificate().await.unwrap();
    let path = Altered::start(None, |bootstrap| {
        log_with_gatelog(bootstrap);
        http3::add_listener(bootstrap, certificate.path()).unwrap();
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
    http3::send(&path.envoy, &requests).await.unwrap();

    // Envoy's own log has a line of each as soon as the logger was called for it too.
    path.lines(requests.len()).await;
    let records = path.records(requests.len()).await;
    let tokens = records.iter().filter(|record| record["total_tokens"].as_i64().is_some_and(|sum| sum > 0));
    assert_eq!(tokens.count(), 7, "{records:#?}");
    assert!(records.iter().all(|record| record["protocol"] == "HTTP/3"), "{records:#?}");
}
