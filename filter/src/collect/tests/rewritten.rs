//! Tests of requests that other plugins and the router rewrite, and of clients that fake a rewrite.

use super::*;

const CAME: [(&str, &str); 5] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":path", "/v1/x?token=a"),
    (":authority", "api.example.com"),
    ("user-agent", "curl/8"),
];

/// The record of a request that arrived with some headers and had others at its end.
fn record_after(came: &[(&str, &str)], last: &[(&str, &str)]) -> Value {
    let mut host = MockHost::new().with_request(came);
    let mut stream = Stream::default();
    stream.on_request_headers(&host, &settings(CONFIG), &mut Metrics::default(), &HeldBytes::default(), true);
    host.set_request(last);
    record_of(&host, &stream, &mut VmState::default())
}

#[test]
fn the_request_is_recorded_as_it_arrived_with_the_path_sent_upstream() {
    let last = [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/inside?token=b"),
        (":authority", "inside.example"),
        ("user-agent", "plugin"),
        ("x-request-id", "made by the gateway"),
        ("x-mse-consumer", "known since"),
    ];
    let record = record_after(&CAME, &last);
    for (field, value) in [
        ("method", "POST"),
        ("scheme", "https"),
        ("path", "/v1/x?token=REDACTED"),
        ("upstream_path", "/inside?token=REDACTED"),
        ("authority", "api.example.com"),
        ("user_agent", "curl/8"),
        ("request_id", "made by the gateway"),
        ("consumer", "known since"),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
}

#[test]
fn an_unchanged_path_is_recorded_once() {
    assert!(record_after(&CAME, &CAME).get("upstream_path").is_none());
}

#[test]
fn rewrites_claimed_by_a_client_are_ignored() {
    let mut spoofed = CAME.to_vec();
    spoofed
        .extend([("x-envoy-original-path", "/healthz"), ("x-envoy-original-host", "innocent.example.com")]);
    for record in [record_after(&spoofed, &spoofed), record(&MockHost::new().with_request(&spoofed))] {
        assert_eq!(
            (&record["path"], &record["authority"]),
            (&json!("/v1/x?token=REDACTED"), &json!("api.example.com"))
        );
        assert!(record.get("upstream_path").is_none());
    }
    let path = [(":path", "/healthz"), ("x-envoy-original-path", "/v1/chat/completions")];
    assert!(!crate::stream::is_ai_path(
        &path.map(|(name, value)| (name, value.as_bytes())).into_iter().collect()
    ));
}

#[test]
fn a_consumer_that_a_plugin_removed_is_not_recorded() {
    let mut came = CAME.to_vec();
    came.push(("x-mse-consumer", "pretended"));
    assert_eq!(record_after(&came, &CAME)["consumer"], "");
}

#[test]
fn huge_headers_are_kept_only_as_far_as_they_are_recorded() {
    let (long, agent) = (format!("/{}", "é".repeat(20_000)), "ü".repeat(30_000));
    let came = [(":path", long.as_str()), ("user-agent", &agent), ("x-other", &agent), (":authority", "h")];
    let host = MockHost::new().with_request(&came);
    let mut stream = Stream::default();
    stream.on_request_headers(&host, &settings(CONFIG), &mut Metrics::default(), &HeldBytes::default(), true);
    let kept = stream.arrived().map(|headers| headers.encoded_size());
    assert!(kept.is_some_and(|bytes| bytes < 40_000), "{kept:?}");
    let mut vm_state = VmState::default();
    let record = record_of(&host.with_request(&[(":path", "/")]), &stream, &mut vm_state);
    let beginning = |field: &str, whole: &str, characters: usize| {
        let text = record[field].as_str().unwrap();
        assert!(text.chars().take(characters).eq(whole.chars().take(characters)), "{field}");
        assert!(text.chars().count() >= characters, "{field}");
    };
    // As much of each as the record holds.
    beginning("path", &long, 8_192);
    beginning("user_agent", &agent, 1_024);
    assert_eq!(record["authority"], "h");
}

#[test]
fn a_grpc_call_has_its_status_and_nothing_else_has_one() {
    for (content_type, status) in [
        ("application/grpc", Some(14)),
        ("application/grpc+proto", Some(14)),
        ("Application/gRPC; x=y", Some(14)),
        ("application/grpc-web", None),
        ("application/grpcx", None),
        ("application/json", None),
        ("", None),
    ] {
        let host = MockHost::new()
            .with_request(&[(":method", "POST"), ("content-type", content_type)])
            .with_int("response.grpc_status", 14);
        assert_eq!(record(&host).get("grpc_status").cloned(), status.map(Value::from), "{content_type}");
        let asked = host.asked().iter().any(|asked| asked.ends_with("grpc_status"));
        assert_eq!(asked, status.is_some(), "{content_type}");
    }
    let host = MockHost::new()
        .with_request(&[("content-type", "application/grpc")])
        .with_int("response.grpc_status", 0);
    assert_eq!(record(&host)["grpc_status"], 0, "a call that succeeded");
}
