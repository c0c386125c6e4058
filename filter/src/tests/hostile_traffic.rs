//! Hostile traffic through the whole filter: nothing fails, and the record is readable.

use serde_json::Value;

use crate::host::mock::MockHost;
use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::stream::Stream;

const CONFIG: &str = r#"{"collector_cluster":"c","keep_alive_ms":0,"queue":{"max_coalescing_delay":0},
    "capture":{"request_headers":["x-odd","referer"],"request_body_bytes":1000,"response_body_bytes":1000},
    "_rules_":[{"_match_domain_":["*.x"]}]}"#;

/// Runs a stream with bodies in chunks of `chunk` bytes and returns its record.
fn record(host: &MockHost, request: &[u8], response: &[u8], chunk: usize) -> Value {
    let (mut plugin, mut stream) =
        (Plugin::new(CONFIG.as_bytes(), Rng::seeded(1)).unwrap(), Stream::default());
    plugin.on_request_headers(&mut stream, host, false);
    for part in request.chunks(chunk) {
        host.set_body(part);
        stream.on_request_body(host, part.len());
    }
    plugin.on_response_headers(&mut stream, host, false);
    for part in response.chunks(chunk) {
        host.set_body(part);
        stream.on_response_body(host, part.len());
    }
    plugin.on_end(&mut stream, host);
    plugin.on_tick(host);
    let sent = host.take_sent();
    assert_eq!(sent.len(), 1);
    let mut records: Vec<Value> = serde_json::from_slice(&sent[0].body).unwrap();
    // The collector must be able to read the record, too.
    let body = &sent[0].body[1..sent[0].body.len() - 1];
    serde_json::from_slice::<gatelog_record::AccessRecord<'_>>(body).unwrap();
    records.remove(0)
}

fn host(headers: &[(&str, &[u8])], content_type: &str) -> MockHost {
    let mut all = vec![(":method", &b"POST"[..]), ("content-type", b"application/json")];
    all.extend(headers);
    MockHost::new().with_raw_request(&all).with_response(&[("content-type", content_type)])
}

#[test]
fn headers_that_are_no_text_or_very_long_make_a_record() {
    let long = vec![b'x'; 60 * 1_024];
    let odd: &[u8] = b"a\0b\xff\xfe\x01\"\\\n";
    let host = host(
        &[
            (":path", b"/\xff\0?key=\xfe&token=%ff%0&\xf0\x9f"),
            (":authority", &long),
            ("user-agent", odd),
            ("x-request-id", odd),
            ("x-forwarded-for", &long),
            ("b3", odd),
            ("traceparent", b"----"),
            ("x-mse-consumer", odd),
            ("x-odd", odd),
            ("referer", &long),
        ],
        "application/json",
    );
    let record = record(&host, b"", b"", 1);
    assert_eq!(record["path"], "/\u{fffd}?key=REDACTED&token=REDACTED&\u{fffd}");
    assert_eq!(record["user_agent"], "ab\u{fffd}\u{fffd}\u{1}\"\\\n");
    assert_eq!(record["authority"].as_str().map(str::len), Some(255));
    assert_eq!(record["request_headers"]["x-odd"], "a\0b\u{fffd}\u{fffd}\u{1}\"\\\n");
}

#[test]
fn bodies_that_mean_harm_yield_what_they_hold_and_no_more() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let usage = r#""model":"m","usage":{"prompt_tokens":3,"total_tokens":3}"#;
    for (name, content_type, body, tokens) in [
        ("deep arrays", "application/json", format!("{{\"x\":{},{usage}}}", deep("[", "]")), Some(3)),
        (
            "deep objects",
            "application/json",
            format!("{{\"x\":{}1{},{usage}}}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000)),
            Some(3),
        ),
        ("never closed", "application/json", deep("[{\"usage\":", ""), None),
        (
            "large number",
            "application/json",
            r#"{"usage":{"total_tokens":99999999999999999999999}}"#.into(),
            None,
        ),
        (
            "endless number",
            "application/json",
            format!(r#"{{"usage":{{"total_tokens":{}}}}}"#, "9".repeat(100_000)),
            None,
        ),
        ("negative", "application/json", r#"{"usage":{"total_tokens":-1}}"#.into(), None),
        ("NUL", "application/json", format!("{{\"a\0\":\"\0\",{usage}}}"), Some(3)),
        ("no JSON", "application/json", "\0\u{1}{\"\"}]]]]{{{\\\\\"".into(), None),
        ("events without end", "text/event-stream", "data: data: data:\r\r\n:\n\ndata".into(), None),
        (
            "broken events",
            "text/event-stream",
            format!("data: {{]\n\ndata\0: x\n\ndata: {{{usage}}}\n\n"),
            Some(3),
        ),
        (
            "one long line",
            "text/event-stream",
            format!("data: {{\"x\":\"{}\",{usage}}}\n\n", "x".repeat(300_000)),
            Some(3),
        ),
    ] {
        for chunk in [7, usize::MAX] {
            let host = host(&[(":path", b"/v1/chat/completions")], content_type);
            let record = record(&host, body.as_bytes(), body.as_bytes(), chunk);
            assert_eq!(record.get("total_tokens").and_then(Value::as_i64), tokens, "{name}");
        }
    }
}

#[test]
fn an_ai_log_that_means_harm_is_left_out() {
    let deep = format!(r#"{{"model":"m","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for (log, model) in [("\0", ""), ("{\"model\":", ""), ("\\\\\\\"{", ""), (deep.as_str(), "m")] {
        let host = host(&[(":path", b"/x")], "text/plain").with_text("ai_log", log);
        let record = record(&host, b"", b"", 1);
        assert_eq!(record["model"], model);
        assert!(record["ai_log"].to_string().len() < 100);
    }
}
