//! Tests of every field of the record, from the gateway's data about a stream.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::capture::HeldBytes;
use crate::config::Config;
use crate::context::Core;
use crate::host::Host as _;
use crate::host::mock::MockHost;
use crate::observe::metrics::Metrics;
use crate::rng::Rng;

mod ai;
mod rewritten;

const CONFIG: &str = r#"{"collector_cluster":"c"}"#;

/// The record of a stream without bodies.
fn record(host: &MockHost) -> Value {
    record_of(host, &Stream::default(), &mut VmState::default())
}

fn record_of(host: &MockHost, stream: &Stream, vm_state: &mut VmState) -> Value {
    record_with(CONFIG, host, stream, vm_state)
}

fn record_with(config: &str, host: &MockHost, stream: &Stream, vm_state: &mut VmState) -> Value {
    let settings = settings(config);
    let mut batch = AttributeBatch::new(|field| settings.omitted.has(field));
    let mut core = Core::new(Rng::seeded(1));
    let mut answers = Answers::default();
    let cx = &mut core.context(host, host.monotonic());
    let record = collect(stream, &settings, &mut batch, vm_state, cx, &mut answers).unwrap();
    let mut json = Vec::new();
    gatelog_record::json::write::write_record(&mut json, &record, |index| settings.omitted.has_index(index));
    let mut record: Value = serde_json::from_slice(&json).unwrap();
    // The tests of the plugin and of `record_id` check it.
    record.as_object_mut().unwrap().remove("record_id");
    record
}

fn settings(config: &str) -> std::rc::Rc<Settings> {
    Config::parse(config.as_bytes()).unwrap().global.unwrap()
}

/// A stream whose bodies passed in one chunk each.
fn stream(host: &MockHost, request: &str, response: &str) -> Stream {
    stream_with(CONFIG, host, request, response)
}

fn stream_with(config: &str, host: &MockHost, request: &str, response: &str) -> Stream {
    let (settings, mut metrics) = (settings(config), Metrics::default());
    let mut stream = Stream::default();
    stream.on_request_headers(host, &settings, &mut metrics, &HeldBytes::default(), false);
    host.set_body(request.as_bytes());
    stream.on_request_body(host, request.len());
    stream.on_response_headers(host, &settings, &mut metrics, &HeldBytes::default(), false);
    host.set_body(response.as_bytes());
    stream.on_response_body(host, response.len());
    stream
}

#[test]
fn every_field_that_needs_no_body_is_filled() {
    let host = MockHost::new()
        .with_request(&[
            (":method", "POST"),
            (":scheme", "https"),
            (":path", "/v1/x?key=secret&a=1"),
            (":authority", "api.example.com"),
            ("x-request-id", "6b0ff6ce"),
            ("user-agent", "curl/8"),
            ("x-forwarded-for", "203.0.113.9, 10.0.0.1"),
            ("b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"),
            ("x-mse-consumer", "team-a"),
            ("x-envoy-mcp-server-name", "weather"),
            ("x-envoy-mcp-tool-name", "forecast"),
        ])
        .with_response(&[(":status", "503"), ("x-envoy-upstream-service-time", "12")])
        .with_int("request.time", 1_769_860_798_765_432_000)
        .with_int("request.duration", 1_234_567_890)
        .with_int("response.flags", 1 << 5 | 1 << 15)
        .with_text("response.code_details", "upstream_reset")
        .with_int("request.total_size", 412)
        .with_int("response.total_size", 981)
        .with_text("xds.route_name", "model-api-qwen-0")
        .with_text("xds.cluster_name", "outbound|443||llm.internal.dns")
        .with_text("upstream.address", "192.0.2.10:443")
        .with_text("upstream.local_address", "10.0.0.2:40000")
        .with_text("upstream.transport_failure_reason", "TLS error")
        .with_text("source.address", "203.0.113.9:0")
        .with_text("destination.address", "10.0.0.2:443")
        .with_text("request.protocol", "HTTP/2")
        .with_text("connection.requested_server_name", "api.example.com")
        .with_text("connection.tls_version", "TLSv1.3")
        .with_bool("connection.mtls", true)
        .with_int("upstream.request_attempt_count", 3)
        .with_text("xds.node.metadata.POD_NAME", "gateway-1")
        .with_int("response.code", 503);
    assert_eq!(
        record(&host),
        json!({
            "start_time": "2026-01-31T11:59:58.765432Z",
            "trace_id": "463ac35c9f6413ad48485a3953bb6124",
            "authority": "api.example.com",
            "method": "POST",
            "path": "/v1/x?key=REDACTED&a=1",
            "protocol": "HTTP/2",
            "request_id": "6b0ff6ce",
            "user_agent": "curl/8",
            "x_forwarded_for": "203.0.113.9, 10.0.0.1",
            "response_code": 503,
            "response_flags": "UF,URX",
            "response_code_details": "upstream_reset",
            "bytes_received": 412,
            "bytes_sent": 981,
            "duration": 1234,
            "upstream_cluster": "outbound|443||llm.internal.dns",
            "upstream_host": "192.0.2.10:443",
            "upstream_service_time": "12",
            "upstream_transport_failure_reason": "TLS error",
            "upstream_local_address": "10.0.0.2:40000",
            "downstream_local_address": "10.0.0.2:443",
            "downstream_remote_address": "203.0.113.9:0",
            "route_name": "model-api-qwen-0",
            "requested_server_name": "api.example.com",
            "ai_log": null,
            "instance_id": "gateway-1",
            "api": "qwen",
            "model": "",
            "consumer": "team-a",
            "route": "model-api-qwen-0",
            "service": "llm.internal.dns",
            "mcp_server": "weather",
            "mcp_tool": "forecast",
            "scheme": "https",
            "upstream_attempts": 3,
            "tls_version": "TLSv1.3",
            "mtls": 1,
        })
    );
}

#[test]
fn higress_answers_under_the_bare_names_and_names_routes_in_two_forms() {
    for (route, api) in [("model-api-qwen-0", "qwen"), ("chat@llm@v1@0", "chat@llm@v1"), ("default/web", "")]
    {
        let host = MockHost::new()
            .with_request(&[(":method", "GET"), (":path", "/x"), ("x-instance-id", "of the client")])
            .with_text("route_name", route)
            .with_text("cluster_name", "outbound|443||llm.internal.dns")
            .with_text("node.metadata.POD_NAME", "higress-gateway-0")
            .with_text("node.id", "router~10.0.0.1");
        let record = record(&host);
        for (field, value) in [
            ("route_name", route),
            ("route", route),
            ("api", api),
            ("upstream_cluster", "outbound|443||llm.internal.dns"),
            ("service", "llm.internal.dns"),
            ("instance_id", "higress-gateway-0"),
        ] {
            assert_eq!(record[field], value, "{field} of {route}");
        }
    }
}

#[test]
fn the_time_to_the_response_headers_is_noted_when_they_arrive() {
    let host = MockHost::new().with_int("request.duration", 500_000_000);
    let mut stream = Stream::default();
    stream.on_response_headers(
        &host,
        &settings(CONFIG),
        &mut Metrics::default(),
        &HeldBytes::default(),
        false,
    );
    host.pass(Duration::from_millis(380));
    let omitted = r#"{"collector_cluster":"c","fields":{"omit":["time_to_headers"]}}"#;
    assert_eq!(record_of(&host, &stream, &mut VmState::default())["time_to_headers"], 120);
    stream.on_response_headers(
        &host,
        &settings(omitted),
        &mut Metrics::default(),
        &HeldBytes::default(),
        false,
    );
    assert_eq!(stream.headers_at(), None);
    assert!(record(&host).get("time_to_headers").is_none(), "no response came");
}

#[test]
fn tls_attributes_are_read_only_where_they_can_exist_and_are_wanted() {
    const NO_VERSION: &str = r#"{"collector_cluster":"c","fields":{"omit":["tls_version"]}}"#;
    const NEITHER: &str = r#"{"collector_cluster":"c","fields":{"omit":["tls_version","mtls"]}}"#;
    for (name, config, scheme, version, asked, expected) in [
        ("plain", CONFIG, "http", None, 0, (None, None)),
        ("ended before the gateway", CONFIG, "https", None, 1, (None, None)),
        ("TLS", CONFIG, "https", Some("TLSv1.2"), 2, (Some(json!("TLSv1.2")), Some(json!(0)))),
        ("no version", NO_VERSION, "https", Some("TLSv1.2"), 1, (None, Some(json!(0)))),
        ("neither", NEITHER, "https", Some("TLSv1.2"), 0, (None, None)),
    ] {
        let mut host =
            MockHost::new().with_request(&[(":scheme", scheme)]).with_bool("connection.mtls", false);
        if let Some(version) = version {
            host = host.with_text("connection.tls_version", version);
        }
        let record = record_with(config, &host, &Stream::default(), &mut VmState::default());
        assert_eq!((record.get("tls_version").cloned(), record.get("mtls").cloned()), expected, "{name}");
        let about_tls = |asked: &&String| asked.ends_with("tls_version") || asked.ends_with("mtls");
        assert_eq!(host.asked().iter().filter(about_tls).count(), asked, "{name}");
    }
}

#[test]
fn an_unreadable_request_is_recorded_too() {
    let host = MockHost::new()
        .with_int("response.code", 400)
        .with_int("request.time", 1_769_860_799_500_000_000)
        .with_text("request.protocol", "HTTP/1.1");
    let record = record(&host);
    assert_eq!(record["response_code"], 400);
    assert_eq!((&record["method"], &record["path"]), (&json!(""), &json!("")));
    assert_eq!((&record["route_name"], &record["route"]), (&json!("-"), &json!("-")));
    assert_eq!(record["start_time"], "2026-01-31T11:59:59.500000Z");
    assert_eq!(record["duration"], 500);
    assert_eq!(record["response_flags"], "-");
}

#[test]
fn a_client_that_hangs_up_gets_no_code_and_negative_sizes_count_as_zero() {
    let host = MockHost::new().with_int("response.flags", 1 << 14).with_int("response.total_size", -1);
    let record = record(&host);
    assert_eq!((&record["response_code"], &record["response_flags"]), (&json!(0), &json!("DC")));
    assert_eq!(record["bytes_sent"], 0);
}

#[test]
fn bytes_that_are_not_text_are_replaced() {
    let host =
        MockHost::new().with_raw_request(&[(":path", b"/\xff?token=\xfe"), ("user-agent", b"\xff\xfe")]);
    let record = record(&host);
    assert_eq!(record["path"], "/\u{fffd}?token=REDACTED");
    assert_eq!(record["user_agent"], "\u{fffd}\u{fffd}");
}

#[test]
fn headers_and_bodies_are_captured_on_demand_and_never_when_the_request_refuses() {
    let config = r#"{"collector_cluster":"c","capture":{"request_headers":["Accept","Authorization"],
        "response_headers":["etag"],"request_body_bytes":9,"response_body_bytes":100}}"#;
    for (refusal, expected) in [("on", true), ("off", false)] {
        let host = MockHost::new()
            .with_request(&[
                (":method", "POST"),
                ("content-type", "text/plain"),
                ("accept", "*/*"),
                ("authorization", "Bearer s3cr3t"),
                ("x-gatelog-capture", refusal),
            ])
            .with_response(&[("content-type", "text/plain"), ("etag", "e1")]);
        let stream = stream_with(config, &host, "question and more", "answer");
        let record = record_with(config, &host, &stream, &mut VmState::default());
        let captured = |field: &str| record.get(field).cloned();
        let when = |value: Value| expected.then_some(value);
        let headers = json!({ "accept": "*/*", "authorization": "REDACTED" });
        assert_eq!(captured("request_headers"), when(headers));
        assert_eq!(captured("response_headers"), when(json!({ "etag": "e1" })));
        assert_eq!(captured("request_body"), when(json!("question ")));
        assert_eq!(captured("response_body"), when(json!("answer")));
    }
}
