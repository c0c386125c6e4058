//! Tests that every kind of request produces exactly one record, which agrees with Envoy's own access log.

use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_record::Timestamp;
use gatelog_testbed::client::{hang_up_after, raw_exchange};
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::traffic;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::setup::Path;

/// One request, and the values that its record must have besides those in Envoy's own log.
struct Case {
    id: &'static str,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    code: i64,
    flags: &'static str,
    details: &'static str,
    route: &'static str,
}

const fn get(
    id: &'static str,
    path: &'static str,
    code: i64,
    flags: &'static str,
    details: &'static str,
    route: &'static str,
) -> Case {
    Case { id, method: "GET", path, body: "", code, flags, details, route }
}

const CASES: &[Case] = &[
    get("get", "/hello?a=1", 200, "-", "via_upstream", "web"),
    Case { method: "POST", body: "0123456789", ..get("post", "/echo", 200, "-", "via_upstream", "web") },
    Case { method: "HEAD", ..get("head", "/hello", 200, "-", "via_upstream", "web") },
    get("no-content", "/status/204", 204, "-", "via_upstream", "web"),
    get("not-modified", "/status/304", 304, "-", "via_upstream", "web"),
    get("server-error", "/status/500", 500, "-", "via_upstream", "web"),
    get("empty-body", "/bytes/0", 200, "-", "via_upstream", "web"),
    get("large-body", "/bytes/3000000", 200, "-", "via_upstream", "web"),
    get("no-route", "/no-route", 404, "NR", "route_not_found", "-"),
    get("dead-upstream", "/dead", 503, "UF", "upstream_reset_before_response_started", "dead"),
    get("no-host", "/empty", 503, "UH", "no_healthy_upstream", "empty"),
    get("unknown-cluster", "/unknown-cluster", 503, "NC", "cluster_not_found", "unknown-cluster"),
    get("direct", "/direct", 418, "-", "direct_response", "direct"),
    get("redirect", "/old", 301, "-", "direct_response", "redirect"),
    get("upstream-reset", "/reset", 503, "UC", "upstream_reset_before_response_started", "web"),
    get("upstream-truncates", "/truncate", 200, "UPE", "upstream_reset_after_response_started", "web"),
    get("timeout", "/delay/5000", 504, "UT", "response_timeout", "timeout"),
    get("rewritten", "/rewritten/200", 200, "-", "via_upstream", "rewritten"),
    get("retried", "/retried/500", 500, "URX", "via_upstream", "retried"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_request_produces_one_record_that_agrees_with_envoys_own_log() {
    let path = Path::start().await;
    for case in CASES {
        send(&path, case).await;
    }
    hang_up_after(path.envoy.listener(), HANG_UP.as_bytes(), 40).await.unwrap();
    // Envoy refuses it before a route or a filter sees it, so there are no headers to identify it.
    let answer =
        raw_exchange(path.envoy.listener(), b"GET /no-host-header HTTP/1.1\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));

    let count = CASES.len() + 2;
    let records = path.records(count).await;
    let access_log = path.access_log(count).await;

    for case in CASES {
        let record = by_request_id(&records, case.id);
        assert_eq!(record["response_code"], case.code, "{record:#}");
        assert_eq!(record["response_flags"], case.flags, "{record:#}");
        assert!(record["response_code_details"].as_str().unwrap().starts_with(case.details), "{record:#}");
        assert_eq!(record["route_name"], case.route, "{record:#}");
        assert_eq!(record["method"], case.method);
        assert_eq!(record["path"], case.path);
        assert_eq!(record["authority"], "shop.example.com");
        assert_eq!(record["protocol"], "HTTP/1.1");
        assert_eq!(record["trace_id"], "463ac35c9f6413ad48485a3953bb6124");
        assert_eq!(record["user_agent"], "end-to-end/1.0");
        // Envoy appends the client's address: for a loopback client, its own.
        assert!(record["x_forwarded_for"].as_str().unwrap().starts_with("203.0.113.7,"), "{record:#}");
        assert_eq!(record["instance_id"], "gateway-pod-0");
        assert_eq!(record["record_id"].as_str().unwrap().len(), 36);
        assert_eq!(record["upstream_attempts"] == 3, case.id == "retried", "{record:#}");
        assert_agrees(record, &access_log[case.id]);
    }
    let hang_up = by_request_id(&records, "hang-up");
    assert_eq!(hang_up["response_flags"], "DC", "{hang_up:#}");
    assert_agrees(hang_up, &access_log["hang-up"]);

    let refused = records.iter().find(|record| record["response_code"] == 400).unwrap();
    assert_eq!(refused["response_code_details"], "missing_host_header", "{refused:#}");
    assert_agrees(refused, access_log.values().find(|line| line["response_code"] == 400).unwrap());
}

const HANG_UP: &str = "GET /hang HTTP/1.1\r\nhost: shop.example.com\r\nx-request-id: hang-up\r\n\r\n";

async fn send(path: &Path, case: &Case) {
    let request = Request::builder()
        .method(case.method)
        .uri(path.url(case.path))
        .header("host", "shop.example.com")
        .header("x-request-id", case.id)
        .header("x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124")
        .header("user-agent", "end-to-end/1.0")
        .header("x-forwarded-for", "203.0.113.7")
        .body(case.body)
        .unwrap();
    match path.client.send(request).await {
        Ok(answer) => assert_eq!(i64::from(answer.status().as_u16()), case.code, "{}", case.id),
        Err(error) => assert_eq!(case.id, "upstream-truncates", "{error:#}"),
    }
}

fn by_request_id<'r>(records: &'r [Value], id: &str) -> &'r Value {
    let mut found = records.iter().filter(|record| record["request_id"] == id);
    let record = found.next().unwrap_or_else(|| panic!("no record of {id}"));
    assert!(found.next().is_none(), "two records of {id}");
    record
}

/// Every field that is also in Envoy's own log must have the same value.
fn assert_agrees(record: &Value, log: &Value) {
    const ENVOYS_OWN: [&str; 6] = ["bytes", "duration", "start_time", "trace_id", "route_name", "sent_path"];
    for (key, expected) in log.as_object().unwrap() {
        if ENVOYS_OWN.iter().any(|own| key.contains(own)) {
            continue;
        }
        // The record leaves out values that Envoy's log shows as missing or as no attempt.
        let absent = |value: &Value| value.is_null() || value == "";
        if absent(&record[key]) && (absent(expected) || key == "upstream_attempts" && expected == 0) {
            continue;
        }
        // Envoy's log writes underscores for the spaces in a failure's reason.
        let said = record[key].as_str().map_or(record[key].clone(), |text| match key.as_str() {
            "upstream_transport_failure_reason" => text.replace(' ', "_").into(),
            _ => text.into(),
        });
        assert_eq!(&said, expected, "{key} differs from Envoy's log: {log:#}\n{record:#}");
    }
    let bytes = |of: &str| {
        log[format!("{of}_headers_bytes")].as_i64().unwrap()
            + log[format!("{of}_body_bytes")].as_i64().unwrap()
    };
    assert_eq!(record["bytes_received"], bytes("request"), "{log:#}\n{record:#}");
    assert_eq!(record["bytes_sent"], bytes("response"), "{log:#}\n{record:#}");
    let rewritten = Some(&log["sent_path"]).filter(|path| !path.is_null() && **path != log["path"]);
    assert_eq!(record.get("upstream_path"), rewritten, "{log:#}\n{record:#}");
    // The two logs round differently.
    let micros = |of: &Value| of["start_time"].as_str().unwrap().parse::<Timestamp>().unwrap().as_micros();
    assert!((-1_000..1_000).contains(&(micros(record) - micros(log))), "start_time: {log:#}\n{record:#}");
    let near = |key: &str, of_log: &str| {
        let difference = record[key].as_i64().unwrap() - log[of_log].as_i64().unwrap();
        assert!((-2..=2).contains(&difference), "{key}: {log:#}\n{record:#}");
    };
    near("duration", "duration");
    if log["response_duration"].is_number() {
        // The filter is called after Envoy measures the time, and before the request is over.
        let to_headers = record["time_to_headers"].as_i64().unwrap();
        let earliest = log["response_duration"].as_i64().unwrap() - 2;
        let latest = record["duration"].as_i64().unwrap() + 2;
        assert!((earliest..=latest).contains(&to_headers), "time_to_headers: {log:#}\n{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_several_lines_in_envoys_own_log_produces_one_record() {
    let path = Path::start().await;
    let log = path.database().with_file_name("periodic.log");
    let gateway = Gateway {
        upstream: path.upstream.address(),
        collector: path.functions.address(),
        filters: vec![Filter::gatelog(&artifacts::artifact("gatelog-filter").unwrap(), &json!({}))],
        access_log: Some(log.clone()),
    };
    let mut bootstrap = gateway.bootstrap();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    bootstrap.pointer_mut(manager).unwrap()["access_log_options"] =
        json!({ "flush_access_log_on_new_request": true, "access_log_flush_interval": "0.1s" });
    let envoy = Envoy::start(&bootstrap, 1).await.unwrap();

    let mut connection = TcpStream::connect(envoy.listener()).await.unwrap();
    let head = "POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let lines = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
    while lines() < 4 {
        assert!(Instant::now() < deadline, "Envoy wrote {} lines of a request that is not over", lines());
        sleep(Duration::from_millis(20)).await;
    }
    connection.write_all(b"abc").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\r\nabc\r\n"), "{answer}");

    envoy.terminate().await.unwrap();
    let record = path.records(1).await.remove(0);
    assert_eq!((&record["response_code"], &record["method"]), (&json!(200), &json!("POST")), "{record:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_traffic_is_stored_completely_and_its_secrets_are_not() {
    const COUNT: usize = 60;
    let path = Path::start().await;
    let answered = traffic::send(path.envoy.listener(), COUNT).await.unwrap();
    assert!(answered > COUNT * 9 / 10, "only {answered} of {COUNT} requests were answered");

    let records = path.records(COUNT).await;
    let all = serde_json::to_string(&records).unwrap();
    assert!(!all.contains("not-for-the-log"), "a secret was stored");

    let streamed = records.iter().filter(|record| record["response_type"] == "stream").collect::<Vec<_>>();
    assert!(!streamed.is_empty());
    for record in streamed {
        assert_eq!(record["output_tokens"], 5, "{record:#}");
        assert_eq!(record["chat_id"], "chatcmpl-2", "{record:#}");
        assert!(record["time_to_first_token"].is_number(), "{record:#}");
    }
}
