//! Which values of a log record become which fields of the record, in both encodings.

use gatelog_otlp::attributes::{ATTRIBUTES, Conversion, OWN_PREFIX};
use gatelog_otlp::{Encoding, Logs, RequestError, request};
use gatelog_record::json::write::write_record;
use gatelog_record::{AccessRecord, FIELDS, Kind};
use prost::Message as _;
use serde_json::{Value as Json, json};

use crate::messages::{self, ArrayValue, KeyValueList, LogRecord, Request, Value, any, attributes, text};

/// 2026-11-30T12:00:00.123456789Z.
const TIME: u64 = 1_796_040_000_123_456_789;

#[test]
fn attributes_of_the_conventions_become_a_record() {
    let list = [
        ("http.request.method", text("POST")),
        ("url.path", text("/v1/chat/completions")),
        ("url.query", text("a=b")),
        ("url.scheme", text("https")),
        ("server.address", text("api.example.com")),
        ("server.port", Value::Int(8443)),
        ("client.address", text("2001:db8::1")),
        ("client.port", Value::Int(4711)),
        ("http.response.status_code", Value::Int(200)),
        ("network.protocol.name", text("http")),
        ("network.protocol.version", text("2")),
        ("tls.protocol.version", text("1.3")),
        ("user_agent.original", text("sdk/1")),
        ("http.request.header.x-request-id", texts(&["r-1"])),
        ("http.request.header.accept", texts(&["a", "b"])),
        ("http.response.header.content-type", texts(&["text/plain"])),
        ("http.server.request.duration", Value::Double(1.2345)),
        ("gen_ai.request.model", text("gpt-4o")),
        ("gen_ai.response.model", text("gpt-4o-2024")),
        ("gen_ai.provider.name", text("openai")),
        ("gen_ai.request.stream", Value::Bool(true)),
        ("gen_ai.response.time_to_first_chunk", Value::Double(0.25)),
        ("gen_ai.response.finish_reasons", texts(&["stop"])),
        ("gen_ai.usage.input_tokens", Value::Int(10)),
        ("gen_ai.usage.output_tokens", Value::Int(5)),
        ("gen_ai.usage.cost", Value::Double(3.5)),
        ("session.id", text("s")),
        ("rpc.response.status_code", text("DEADLINE_EXCEEDED")),
        ("gatelog.upstream_cluster", text("outbound|443||llm.dns")),
        ("gatelog.route_name", text("model-api-chat-0")),
        ("some.other", Value::Int(1)),
    ];
    let log = LogRecord {
        time_unix_nano: TIME,
        attributes: attributes(&list),
        trace_id: (1..=16).collect(),
        ..LogRecord::default()
    };
    let expected = json!({
        "start_time": "2026-11-30T12:00:00.123456Z",
        "trace_id": "0102030405060708090a0b0c0d0e0f10",
        "method": "POST",
        "path": "/v1/chat/completions?a=b",
        "scheme": "https",
        "authority": "api.example.com:8443",
        "downstream_remote_address": "[2001:db8::1]:4711",
        "response_code": 200,
        "protocol": "HTTP/2",
        "tls_version": "TLSv1.3",
        "user_agent": "sdk/1",
        "request_id": "r-1",
        "request_headers": {"accept": "a, b"},
        "response_headers": {"content-type": "text/plain"},
        "duration": 1235,
        "model": "gpt-4o",
        "response_model": "gpt-4o-2024",
        "provider": "openai",
        "response_type": "stream",
        "time_to_first_token": 250,
        "finish_reason": "stop",
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "session_id": "s",
        "grpc_status": 4,
        "upstream_cluster": "outbound|443||llm.dns",
        "service": "llm.dns",
        "route_name": "model-api-chat-0",
        "route": "model-api-chat-0",
        "api": "chat",
    });
    let (ignored, record) = both(&[], log);
    assert_eq!(ignored, 2, "network.protocol.name and some.other");
    assert_eq!(without_id(record), expected);
}

#[test]
fn older_names_and_those_of_envoy_are_read_and_all_values_may_be_texts() {
    for (list, field, value) in [
        (vec![("http.method", text("GET"))], "method", json!("GET")),
        (vec![("http.target", text("/a?b"))], "path", json!("/a?b")),
        (vec![("http.url", text("https://h/a?b#c"))], "path", json!("/a?b")),
        (vec![("url.query", text("b"))], "path", Json::Null),
        (vec![("http.status_code", text("404"))], "response_code", json!(404)),
        (vec![("response_code", text("-"))], "response_code", Json::Null),
        (vec![(":authority", text("h:80"))], "authority", json!("h:80")),
        (vec![("server.address", text("h")), ("server.port", Value::Int(443))], "authority", json!("h")),
        (vec![("X-Request-Id", text("r"))], "request_id", json!("r")),
        (vec![("user-agent", text("u"))], "user_agent", json!("u")),
        (vec![("x-envoy-origin-path", text("/p"))], "path", json!("/p")),
        (vec![("response_flags", text("-"))], "response_flags", json!("-")),
        (vec![("upstream_host", text("-"))], "upstream_host", Json::Null),
        (vec![("gen_ai.system", text("openai"))], "provider", json!("openai")),
        (vec![("gen_ai.usage.prompt_tokens", text("7"))], "input_tokens", json!(7)),
        (vec![("genai_tokens_output", text("-"))], "output_tokens", Json::Null),
        (vec![("grpc_status", text("Unavailable"))], "grpc_status", json!(14)),
        (vec![("http.request.resend_count", Value::Int(2))], "upstream_attempts", json!(3)),
        (vec![("traceparent", text(PARENT))], "trace_id", json!("463ac35c9f6413ad48485a3953bb6124")),
        (vec![("mtls", text("true"))], "mtls", json!(1)),
        (vec![("duration", text("31"))], "duration", json!(31)),
        (vec![("duration", text("quick")), ("duration_ms", text("31"))], "duration", json!(31)),
        (vec![("gen_ai.request.stream", text("false"))], "response_type", json!("normal")),
        (vec![("ai_log", text(r#"{"model":"m"}"#))], "ai_log", json!({"model": "m"})),
        (vec![("protocol", text("HTTP/1.1"))], "protocol", json!("HTTP/1.1")),
    ] {
        let mut list = list;
        list.push(("model", text("some")));
        let (_, record) = both(&[], LogRecord { attributes: attributes(&list), ..LogRecord::default() });
        assert_eq!(record.get(field).cloned().unwrap_or_default(), value, "{list:?}");
    }
}

const PARENT: &str = "00-463ac35c9f6413ad48485a3953bb6124-0020000000000001-01";

#[test]
fn every_field_is_read_under_its_own_name() {
    let value = |kind| match kind {
        Kind::Timestamp => ("2026-11-30T12:00:00Z", json!("2026-11-30T12:00:00.000000Z")),
        Kind::Json(_) => (r#"{"a":"b"}"#, json!({"a": "b"})),
        Kind::Integer | Kind::Count => ("7", json!(7)),
        Kind::Text(_) => ("x", json!("x")),
    };
    for field in FIELDS {
        for name in [field.name.to_owned(), format!("{OWN_PREFIX}{}", field.name)] {
            let (sent, expected) = value(field.kind);
            let list = attributes(&[(&name, text(sent)), ("model", text("x"))]);
            let (ignored, record) = both(&[], LogRecord { attributes: list, ..LogRecord::default() });
            assert_eq!((&record[field.name], ignored), (&expected, 0), "{name}");
        }
    }
}

#[test]
fn every_name_of_the_table_fills_its_field() {
    for row in ATTRIBUTES {
        let (name, sent) = match row.conversion {
            Conversion::Money => continue,
            Conversion::UrlQuery | Conversion::Port => continue,
            Conversion::Header => (format!("{}x-a", row.name), text("v")),
            Conversion::TraceParent => (row.name.to_owned(), text(PARENT)),
            Conversion::Streamed => (row.name.to_owned(), Value::Bool(true)),
            Conversion::GrpcStatus => (row.name.to_owned(), text("UNAVAILABLE")),
            _ if row.field == "start_time" => (row.name.to_owned(), text("2026-11-30T12:00:00Z")),
            _ => (row.name.to_owned(), text("7")),
        };
        let list = attributes(&[(&name, sent), ("chat_id", text("c"))]);
        let (_, record) = both(&[], LogRecord { attributes: list, ..LogRecord::default() });
        assert!(!record[row.field].is_null(), "{name}");
    }
}

#[test]
fn a_body_may_hold_the_access_log_as_an_object_or_a_line() {
    let line = r#"[2026-11-30T12:00:00.123Z] "GET /a?b=c HTTP/1.1" 200 - 0 5 3 2 "-" "curl/8" "id-1" "h" "10.0.0.1:80""#;
    let json_line = r#"{"method":"GET","path":"/a?b=c","response_code":200,"user_agent":"curl/8","duration":3,"x":null,"n":{"a":1}}"#;
    let list = [
        ("method", text("GET")),
        ("path", text("/a?b=c")),
        ("response_code", text("200")),
        ("user_agent", text("curl/8")),
        ("duration", Value::Int(3)),
    ];
    let object = Value::KeyValues(KeyValueList { values: attributes(&list) });
    for (body, ignored) in [(text(line), 0), (text(json_line), 2), (object, 0)] {
        let log = LogRecord { body: any(body), ..LogRecord::default() };
        let (seen, record) = both(&[], log);
        assert_eq!(seen, ignored);
        for (field, value) in [
            ("method", json!("GET")),
            ("path", json!("/a?b=c")),
            ("response_code", json!(200)),
            ("user_agent", json!("curl/8")),
            ("duration", json!(3)),
        ] {
            assert_eq!(record[field], value, "{record}");
        }
    }
}

#[test]
fn an_attribute_comes_before_the_body_and_the_body_before_the_resource() {
    let log = LogRecord {
        body: any(text(r#"{"method":"PUT","instance_id":"of-body"}"#)),
        attributes: attributes(&[("method", text("GET"))]),
        ..LogRecord::default()
    };
    let resource = [("instance_id", text("of-resource")), ("upstream_cluster", text("c")), ("x", text("y"))];
    let (ignored, record) = both(&resource, log);
    assert_eq!(ignored, 0, "what the resource says of the sender is not counted");
    let values = ["method", "instance_id", "upstream_cluster"].map(|field| record[field].as_str().unwrap());
    assert_eq!(values, ["GET", "of-body", "c"]);
}

#[test]
fn a_log_record_that_is_none_of_a_request_is_rejected_with_its_index_and_the_others_are_read() {
    let good = LogRecord { attributes: attributes(&[("method", text("GET"))]), ..LogRecord::default() };
    let plain = LogRecord { body: any(text("server started")), ..LogRecord::default() };
    let empty = LogRecord { attributes: attributes(&[("method", text("-"))]), ..LogRecord::default() };
    let late = LogRecord { time_unix_nano: u64::MAX, ..good.clone() };
    // The model is the resource's, and not of this log record.
    let request = messages::request(&[("model", text("m"))], vec![plain, good.clone(), empty, late, good]);
    for (encoding, body) in encoded(&request) {
        let logs = request::read(&body, encoding, 5).unwrap();
        let read: Vec<usize> = logs.batch.records.iter().map(|(index, _)| *index).collect();
        let rejected: Vec<usize> = logs.batch.rejected.iter().map(|rejected| rejected.index).collect();
        assert_eq!((read, rejected), (vec![1, 4], vec![0, 2, 3]));
        assert!(logs.batch.rejected[0].error.contains("no access record"), "{:?}", logs.batch.rejected);
        assert!(logs.batch.rejected[2].error.contains("time_unix_nano"), "{:?}", logs.batch.rejected);
    }
}

#[test]
fn the_same_log_record_has_the_same_id_and_another_has_another() {
    let log = LogRecord {
        time_unix_nano: TIME,
        attributes: attributes(&[("method", text("GET")), ("x", text("y"))]),
        ..LogRecord::default()
    };
    let id = |resource: &str, log: &LogRecord| {
        let request = messages::request(&[("service.instance.id", text(resource))], vec![log.clone()]);
        encoded(&request).map(|(encoding, body)| {
            let logs = request::read(&body, encoding, 1).unwrap();
            logs.batch.records[0].1.record_id.to_string()
        })
    };
    let first = id("a", &log);
    assert_eq!(first[0].len(), 36);
    let observed = LogRecord { observed_time_unix_nano: 7, dropped_attributes_count: 0, ..log.clone() };
    assert_eq!(id("a", &observed), first, "who passes a log record on sets when it was observed");
    let other =
        LogRecord { attributes: attributes(&[("method", text("GET")), ("x", text("z"))]), ..log.clone() };
    for (resource, other) in [
        ("a", &other),
        ("b", &log),
        ("a", &LogRecord { time_unix_nano: TIME + 1, ..log.clone() }),
        ("a", &LogRecord { trace_id: vec![1; 16], ..log.clone() }),
        ("a", &LogRecord { body: any(text("x")), ..log.clone() }),
    ] {
        let ids = id(resource, other);
        assert!(ids[0] != first[0] && ids[1] != first[1], "{other:?}");
    }
    let timeless = LogRecord { time_unix_nano: 0, ..log };
    assert_eq!(id("a", &timeless), ["", ""], "without a time nobody knows whether it is the same");
}

#[test]
fn an_id_that_is_given_is_kept_and_one_that_cannot_be_is_made_into_one_that_can() {
    let id = |name: &str, id: &str| {
        let list = attributes(&[(name, text(id)), ("method", text("GET"))]);
        let log = LogRecord { time_unix_nano: TIME, attributes: list, ..LogRecord::default() };
        both(&[], log).1["record_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(id("record_id", "abc"), "abc");
    assert_eq!(id("log.record.uid", "01JDXKG4PFXW5Z5QV0Q9S5N3YA"), "01JDXKG4PFXW5Z5QV0Q9S5N3YA");
    let long = "x".repeat(37);
    assert_eq!(id("log.record.uid", &long), id("log.record.uid", &long));
    assert_ne!(id("log.record.uid", &long), id("log.record.uid", "a b"));
    assert_eq!(id("log.record.uid", &long).len(), 36);
}

#[test]
fn the_finer_of_two_equal_times_holds_and_an_attribute_before_another() {
    for (attribute, expected) in [
        ("2026-11-30T12:00:00.123Z", "2026-11-30T12:00:00.123456Z"),
        ("2026-11-30T11:59:59.000Z", "2026-11-30T11:59:59.000000Z"),
        ("yesterday", "2026-11-30T12:00:00.123456Z"),
    ] {
        let list = attributes(&[("start_time", text(attribute)), ("method", text("GET"))]);
        let log = LogRecord { time_unix_nano: TIME, attributes: list, ..LogRecord::default() };
        assert_eq!(both(&[], log).1["start_time"], expected);
    }
    let list = attributes(&[("method", text("GET"))]);
    let log = LogRecord { observed_time_unix_nano: TIME, attributes: list, ..LogRecord::default() };
    assert_eq!(both(&[], log).1["start_time"], "2026-11-30T12:00:00.123456Z");
}

#[test]
fn a_request_without_log_records_is_read_and_one_that_is_none_says_why() {
    for (encoding, body) in [
        (Encoding::Protobuf, &b""[..]),
        (Encoding::Json, b"{}"),
        (Encoding::Json, br#"{"resourceLogs":null,"of_tomorrow":[1]}"#),
        (Encoding::Json, br#"{"resource_logs":[{"scope_logs":[{"log_records":[]}]}]}"#),
    ] {
        let logs = request::read(body, encoding, 0).unwrap();
        assert_eq!(logs.batch.records.len() + logs.batch.rejected.len(), 0);
    }
    for (encoding, body, words) in [
        (Encoding::Protobuf, &b"{}"[..], "not an ExportLogsServiceRequest: it is not a protobuf message"),
        (Encoding::Json, b"\x0a\x00", "not an ExportLogsServiceRequest in JSON: expected value"),
        (Encoding::Json, b"[]", "in JSON: an object is expected"),
        (Encoding::Json, br#"{"resourceLogs":{}}"#, "in JSON: invalid type: map, expected an array"),
        (Encoding::Json, b"", "in JSON: EOF"),
    ] {
        let error = request::read(body, encoding, 9).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn more_log_records_than_allowed_are_refused_and_a_broken_one_costs_itself_alone() {
    let good = LogRecord { attributes: attributes(&[("method", text("GET"))]), ..LogRecord::default() };
    for (encoding, body) in encoded(&messages::request(&[], vec![good; 3])) {
        assert!(matches!(request::read(&body, encoding, 2), Err(RequestError::TooMany { max_records: 2 })));
        assert_eq!(request::read(&body, encoding, 3).unwrap().batch.records.len(), 3);
    }
    let broken = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[7,{"attributes":7},
        {"attributes":[{"key":"path","value":{"stringValue":"/\ud83d"}}]},
        {"attributes":[{"key":"path"},{"value":{}},{"key":"duration","value":{"intValue":"x"}},{"key":"method","value":{"stringValue":"GET"}}]}]}]}]}"#;
    let logs = request::read(broken, Encoding::Json, 9).unwrap();
    assert_eq!((logs.batch.records.len(), logs.batch.rejected.len(), logs.batch.values_lost), (2, 2, 1));
    // The first log record ends in the middle of an attribute.
    let broken = [0x0a, 12, 0x12, 10, 0x12, 2, 0x32, 9, 0x12, 4, 0x32, 2, 0x0a, 0];
    let logs = request::read(&broken, Encoding::Protobuf, 9).unwrap();
    assert_eq!((logs.batch.rejected.len(), logs.batch.rejected[0].index), (2, 0));
    assert!(logs.batch.rejected[0].error.contains("cut off"), "{:?}", logs.batch.rejected);
}

#[test]
fn a_text_that_is_no_utf_8_is_repaired_in_both_encodings() {
    let list = attributes(&[("method", text("GET")), ("user_agent", text("XY"))]);
    let log = LogRecord { attributes: list, ..LogRecord::default() };
    for (encoding, mut body) in encoded(&messages::request(&[], vec![log])) {
        let at = body.windows(2).position(|pair| pair == b"XY").unwrap();
        body[at] = 0xff;
        let logs = request::read(&body, encoding, 1).unwrap();
        assert_eq!(logs.batch.records[0].1.user_agent, "\u{fffd}Y");
    }
}

/// The record of one log record, the same in both encodings, and the number of ignored attributes.
fn both(resource: &[(&str, Value)], log: LogRecord) -> (usize, Json) {
    let request = messages::request(resource, vec![log]);
    let mut read = encoded(&request).map(|(encoding, body)| {
        let Logs { batch, ignored_attributes } = request::read(&body, encoding, 1).unwrap();
        let (_, record) = batch.records.first().unwrap_or_else(|| panic!("{:?}", batch.rejected));
        (ignored_attributes, to_json(record))
    });
    let [(ignored, of_protobuf), (also_ignored, of_json)] = &mut read;
    assert_eq!(ignored, also_ignored);
    let derived =
        |record: &Json| record["record_id"].as_str().is_some_and(|id| id.as_bytes().get(14) == Some(&b'8'));
    if derived(of_protobuf) && derived(of_json) && of_protobuf["record_id"] != of_json["record_id"] {
        of_json["record_id"] = of_protobuf["record_id"].clone();
    }
    assert_eq!(of_protobuf, of_json);
    (*ignored, of_json.clone())
}

fn encoded(request: &Request) -> [(Encoding, Vec<u8>); 2] {
    let json = messages::to_json(request).to_string().into_bytes();
    [(Encoding::Protobuf, request.encode_to_vec()), (Encoding::Json, json)]
}

fn to_json(record: &AccessRecord<'_>) -> Json {
    let mut json = Vec::new();
    write_record(&mut json, record, |_| false);
    let mut json: Json = serde_json::from_slice(&json).unwrap();
    // What every record has, whether it has a value or not.
    json.as_object_mut().unwrap().retain(|_, value| ![json!(""), json!(0), Json::Null].contains(value));
    json
}

fn without_id(mut record: Json) -> Json {
    record.as_object_mut().unwrap().remove("record_id");
    record
}

fn texts(list: &[&str]) -> Value {
    let values = list.iter().map(|one| any(text(one)).unwrap()).collect();
    Value::Array(ArrayValue { values })
}
