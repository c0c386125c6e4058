//! Tests of what a receiver gets: each record once, with the attributes of OpenTelemetry's conventions.

use gatelog_testbed::otlp_receiver::OtlpReceiver;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::component::{Exporting, ids};
use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn each_record_arrives_once_with_the_attributes_of_the_conventions() {
    for compression in ["none", "gzip"] {
        let receiver = OtlpReceiver::start().await.unwrap();
        let more = [
            ("compression", compression),
            ("headers", "Authorization=Bearer%20s3cr3t%2C1,x-tenant=edge"),
            ("service_name", "edge-gateway"),
        ];
        let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &more).await;
        let plain = json!({
            "record_id": "019c1234-5678-7abc-8def-0123456789ab", "start_time": "2026-01-31T12:00:00.123456Z",
            "trace_id": "0af7651916cd43dd8448eb211c80319c", "authority": "shop.example.com:8443", "method": "GET",
            "path": "/orders/7?page=2", "protocol": "HTTP/2", "request_id": "r-1", "user_agent": "curl/8.5.0",
            "x_forwarded_for": "203.0.113.9, 10.0.0.1", "response_code": 503, "response_flags": "UF",
            "bytes_received": 412, "bytes_sent": 1834, "duration": 27, "upstream_cluster": "orders",
            "downstream_remote_address": "203.0.113.9:51234", "route_name": "orders", "consumer": "alice",
            "requested_server_name": "shop.example.com", "instance_id": "gateway-1", "scheme": "https",
            "tls_version": "TLSv1.3", "request_headers": {"accept": "*/*"},
        });
        let ai = json!({
            "record_id": "019c1234-5678-7abc-8def-0123456789ac", "start_time": "2026-01-31T12:00:01Z", "method": "POST",
            "path": "/v1/chat/completions", "response_code": 429, "duration": 2750, "instance_id": "gateway-2",
            "model": "gpt-4o-mini", "response_model": "gpt-4o-mini-2024-07-18", "provider": "openai",
            "input_tokens": 1_200_000, "output_tokens": 340, "total_tokens": 1_200_340, "reasoning_tokens": 64,
            "response_type": "stream", "time_to_first_token": 412, "chat_id": "chatcmpl-9", "session_id": "s-1",
            "finish_reason": "stop", "mcp_server": "", "ai_log": {"api": "chat"},
        });
        let (status, answer) = exporting.send(&json!([plain, ai])).await;
        assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(2)), "{answer}");
        let records = receiver.await_records(2).await.unwrap();
        assert_eq!(
            records[0],
            json!({
                "time": 1_769_860_800_123_456_000_i64, "observed": 1_769_860_800_150_456_000_i64,
                "severity": 17, "severity_text": "ERROR", "event": "gatelog.request", "body": "GET /orders/7 503",
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "resource": {"service.name": "edge-gateway", "service.instance.id": "gateway-1"},
                "scope": {"name": "gatelog", "version": env!("CARGO_PKG_VERSION")},
                "schema_url": "https://opentelemetry.io/schemas/1.44.0",
                "attributes": {
                    "log.record.uid": "019c1234-5678-7abc-8def-0123456789ab",
                    "server.address": "shop.example.com", "server.port": 8443, "http.request.method": "GET",
                    "url.path": "/orders/7", "url.query": "page=2", "url.scheme": "https",
                    "network.protocol.version": "2", "network.protocol.name": "http",
                    "http.request.header.x-request-id": ["r-1"], "user_agent.original": "curl/8.5.0",
                    "http.request.header.x-forwarded-for": ["203.0.113.9, 10.0.0.1"],
                    "http.request.header.accept": ["*/*"], "http.response.status_code": 503, "error.type": "503",
                    "http.request.size": 412, "http.response.size": 1834, "http.server.request.duration": 0.027,
                    "client.address": "203.0.113.9", "client.port": 51234, "enduser.id": "alice",
                    "tls.client.server_name": "shop.example.com", "tls.protocol.version": "1.3",
                    "tls.protocol.name": "tls", "gatelog.response_flags": "UF",
                    "gatelog.upstream_cluster": "orders", "gatelog.route_name": "orders",
                },
            })
        );
        let attributes = &records[1]["attributes"];
        for (name, value) in [
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.provider.name", json!("openai")),
            ("gen_ai.request.model", json!("gpt-4o-mini")),
            ("gen_ai.response.model", json!("gpt-4o-mini-2024-07-18")),
            ("gen_ai.response.id", json!("chatcmpl-9")),
            ("gen_ai.response.finish_reasons", json!(["stop"])),
            ("gen_ai.request.stream", json!(true)),
            ("gen_ai.response.time_to_first_chunk", json!(0.412)),
            ("gen_ai.usage.input_tokens", json!(1_200_000)),
            ("gen_ai.usage.output_tokens", json!(340)),
            ("gen_ai.usage.reasoning.output_tokens", json!(64)),
            ("session.id", json!("s-1")),
            ("http.response.status_code", json!(429)),
            ("http.server.request.duration", json!(2.75)),
            ("gatelog.ai_log", json!(r#"{"api":"chat"}"#)),
            ("gatelog.cost_currency", json!("USD")),
            ("error.type", Value::Null),
        ] {
            assert_eq!(attributes[name], value, "{name}: {attributes:#}");
        }
        assert!(attributes["gen_ai.usage.cost"].as_f64().is_some_and(|cost| cost > 0.0), "{attributes:#}");
        assert_eq!((&records[1]["severity"], &records[1]["severity_text"]), (&json!(13), &json!("WARN")));
        assert_eq!(records[1]["resource"]["service.instance.id"], "gateway-2");
        let [request] = &receiver.requests().unwrap()[..] else { panic!("one request carries both records") };
        let headers = &request["headers"];
        assert_eq!(
            (&headers["authorization"], &headers["x-tenant"]),
            (&json!("Bearer s3cr3t,1"), &json!("edge"))
        );
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["user-agent"], concat!("gatelog/", env!("CARGO_PKG_VERSION")));
        assert_eq!(request["encoding"], if compression == "gzip" { "gzip" } else { "" });
        exporting.await_counted(&[("sent", 2)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_already_stored_does_not_go_out_again_and_records_of_a_push_come_in_order() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[("max_request_records", "7")]).await;
    exporting.post(1, 30).await;
    let (_, answer) = exporting.post(21, 40).await;
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(10), &json!(10)));
    receiver.await_records(40).await.unwrap();
    exporting.post(41, 41).await;
    let records = receiver.await_records(41).await.unwrap();
    let expected: Vec<String> = (1..=41).map(|number| format!("id-{number}")).collect();
    assert_eq!(ids(&records), expected);
    let requests = receiver.requests().unwrap();
    assert!(requests.iter().all(|request| request["records"].as_u64().unwrap() <= 7), "{requests:#?}");
    exporting.await_counted(&[("sent", 41)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_every_shape_are_understood() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "at_least_once", &[]).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../otlp/testdata/export");
    let mut records = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let case: Value =
            serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        let mut record = case["record"].clone();
        record["record_id"] = json!(format!("case-{}", records.len()));
        records.push(record);
    }
    // Every kind of character, and values of every size.
    for number in 0..200_u32 {
        let odd: String = (0..40).filter_map(|index| char::from_u32((number * 40 + index) * 139)).collect();
        records.push(json!({
            "record_id": format!("odd-{number}"), "path": format!("/{odd}?{odd}"), "method": odd, "user_agent": odd,
            "authority": odd, "trace_id": odd, "consumer": odd, "response_body": odd.repeat(50),
            "request_headers": { odd.clone(): odd.clone() }, "ai_log": { odd.clone(): [odd.clone()] },
            "input_tokens": i64::from(number) << (number % 32), "response_code": number * 7 % 1000,
        }));
    }
    let count = records.len();
    let (status, answer) = exporting.send(&Value::from(records)).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(count)), "{answer}");
    let mut taken = ids(&receiver.records().unwrap());
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_through_the_gateway_arrives_as_one_log_record() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let endpoint = receiver.endpoint();
    let variables = [("otlp_delivery", "at_least_once"), ("otlp_endpoint", &*endpoint)];
    let path = Path::with(&json!({}), &variables).await;
    let request = Request::get(path.url("/products/5?page=2")).header("user-agent", "walk-through");
    assert_eq!(path.client.send(request.body("").unwrap()).await.unwrap().status(), 200);
    let records = receiver.await_records(1).await.unwrap();
    let attributes = &records[0]["attributes"];
    assert_eq!(
        (&attributes["url.path"], &attributes["url.query"]),
        (&json!("/products/5"), &json!("page=2"))
    );
    assert_eq!(attributes["user_agent.original"], "walk-through");
    assert_eq!((&attributes["http.response.status_code"], &records[0]["severity"]), (&json!(200), &json!(9)));
    let [record] = &path.records(1).await[..] else { panic!("one record") };
    assert_eq!(attributes["log.record.uid"], record["record_id"]);
    assert_eq!(records[0]["resource"]["service.instance.id"], record["instance_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_came_as_a_log_record_goes_out_as_any_other_and_once() {
    let receiver = OtlpReceiver::start().await.unwrap();
    let exporting = Exporting::to(&receiver.endpoint(), "best_effort", &[]).await;
    let attribute = |name: &str, value: Value| json!({"key": name, "value": value});
    let log_record = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{
        "timeUnixNano": "1769860800123456000",
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "attributes": [
            attribute("log.record.uid", json!({"stringValue": "uid-1"})),
            attribute("http.request.method", json!({"stringValue": "PUT"})),
            attribute("url.path", json!({"stringValue": "/things/1"})),
            attribute("http.response.status_code", json!({"intValue": "404"})),
        ],
    }]}]}]});
    for _ in 0..2 {
        assert_eq!(exporting.push("/v1/logs", &log_record).await.0, StatusCode::OK);
    }
    assert_eq!(exporting.post(2, 2).await.0, StatusCode::OK);
    let records = receiver.await_records(2).await.unwrap();
    let [record, _] = &records[..] else { panic!("{records:#?}") };
    assert_eq!((&record["time"], &record["severity"]), (&json!(1_769_860_800_123_456_000_i64), &json!(13)));
    assert_eq!(record["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let attributes = &record["attributes"];
    assert_eq!(
        (&attributes["http.request.method"], &attributes["url.path"]),
        (&json!("PUT"), &json!("/things/1"))
    );
    exporting.await_counted(&[("sent", 2)]).await;
}
