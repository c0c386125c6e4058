//! Tests of model calls: how the filter detects one, and what the record contains.

use super::*;

const CHAT: [(&str, &str); 3] =
    [(":method", "POST"), (":path", "/v1/chat/completions"), ("content-type", "application/json")];
const ANSWER: &str = r#"{"id":"c1","model":"gpt-4o-2024","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,
    "prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}}}"#;

/// A JSON request to a path, answered with JSON.
fn answered(path: &str, status: i64) -> MockHost {
    MockHost::new()
        .with_request(&[(":method", "POST"), (":path", path), ("content-type", "application/json")])
        .with_response(&[(":status", &status.to_string()), ("content-type", "application/json")])
        .with_int("response.code", status)
}

#[test]
fn a_call_is_an_ai_call_when_two_of_path_request_and_response_indicate_it() {
    const ASKS: &str = r#"{"model":"m","messages":[]}"#;
    const FACES: &str = r#"[{"faceId":"f","candidates":[{"personId":"p","confidence":0.8}]}]"#;
    let routed = ("xds.route_name", "ai-route-llm.internal");
    for (name, path, route, request, answer, is_ai) in [
        ("path and request", "/v1/chat/completions", None, ASKS, r#"{"ok":1}"#, true),
        ("path and answer", "/v1/chat/completions", None, "{}", ANSWER, true),
        ("path alone", "/v1/chat/completions", None, "{}", r#"{"ok":1}"#, false),
        ("route and request", "/any", Some(routed), ASKS, r#"{"ok":1}"#, true),
        ("route and answer", "/any", Some(routed), "{}", ANSWER, true),
        ("route alone", "/any", Some(routed), r#"{"name":"x"}"#, r#"{"ok":1}"#, false),
        ("request and answer", "/any", None, ASKS, ANSWER, true),
        ("answer alone", "/face/v1.0/identify", None, r#"{"faceIds":["f"]}"#, FACES, false),
        ("request alone", "/cars", None, r#"{"model":"roadster"}"#, r#"{"id":"c1"}"#, false),
    ] {
        let mut host = answered(path, 200);
        if let Some((attribute, route)) = route {
            host = host.with_text(attribute, route);
        }
        let stream = stream(&host, request, answer);
        let record = record_of(&host, &stream, &mut VmState::default());
        assert_eq!(record["ai_log"].is_object(), is_ai, "{name}");
        assert_eq!(record["model"] != "", is_ai, "{name}");
        assert_eq!(record.get("response_type").is_some(), is_ai, "{name}");
    }
}

#[test]
fn a_request_without_a_body_on_an_ai_route_is_not_an_ai_call() {
    let host = MockHost::new()
        .with_request(&[(":method", "GET"), (":path", "/v1/models")])
        .with_text("xds.route_name", "ai-route-llm.internal")
        .with_int("response.code", 200);
    let mut stream = Stream::default();
    stream.on_request_headers(&host, &settings(CONFIG), &mut Metrics::default(), &HeldBytes::default(), true);
    let record = record_of(&host, &stream, &mut VmState::default());
    assert_eq!((&record["ai_log"], &record["model"]), (&Value::Null, &json!("")));
}

#[test]
fn a_failed_call_is_not_part_of_averages_and_one_with_404_has_no_log() {
    const ASKS: &str = r#"{"model":"m","messages":[]}"#;
    const ERROR: &str = r#"{"error":{"message":"no","type":"x"}}"#;
    for (status, log) in [
        (200, json!({ "api": "-", "model": "m", "response_type": "normal", "llm_service_duration": 0 })),
        (429, json!({ "api": "-", "model": "m", "response_type": "normal" })),
        (500, json!({ "api": "-", "model": "m", "response_type": "normal" })),
        (404, Value::Null),
    ] {
        let host = answered("/v1/chat/completions", status);
        let stream = stream(&host, ASKS, ERROR);
        let record = record_of(&host, &stream, &mut VmState::default());
        assert_eq!(record["ai_log"], log, "{status}");
        assert_eq!(record["model"], "m", "{status}");
    }
}

#[test]
fn the_model_is_the_requested_one_wherever_it_is_named() {
    let routed = ("x-higress-llm-model", "routed");
    for (path, header, request, model) in [
        ("/v1/chat/completions", Some(routed), r#"{"model":"asked"}"#, "asked"),
        ("/v1/chat/completions", Some(routed), "{}", "routed"),
        ("/v1/models/gemini-2.5-pro:generateContent", None, "{}", "gemini-2.5-pro"),
        // Azure names the deployment only in the path.
        ("/openai/deployments/d/chat/completions", None, r#"{"messages":[]}"#, "gpt-4o-2024"),
    ] {
        let mut headers = vec![(":method", "POST"), (":path", path), ("content-type", "application/json")];
        headers.extend(header);
        let host = answered(path, 200).with_request(&headers);
        let stream = stream(&host, request, ANSWER);
        let record = record_of(&host, &stream, &mut VmState::default());
        assert_eq!((&record["model"], &record["response_model"]), (&json!(model), &json!("gpt-4o-2024")));
        assert_eq!(record["ai_log"]["model"], "gpt-4o-2024", "as Higress's plugins log it");
    }
}

#[test]
fn model_and_usage_come_from_the_bodies() {
    let host = answered("/v1/chat/completions", 200);
    let stream = stream(&host, r#"{"model":"gpt-4o"}"#, ANSWER);
    let record = record_of(&host, &stream, &mut VmState::default());
    for (field, value) in [
        ("model", json!("gpt-4o")),
        ("response_model", json!("gpt-4o-2024")),
        ("chat_id", json!("c1")),
        ("response_type", json!("normal")),
        ("input_tokens", json!(3)),
        ("output_tokens", json!(4)),
        ("total_tokens", json!(7)),
        ("cached_tokens", json!(1)),
        ("reasoning_tokens", json!(2)),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert!(record.get("time_to_first_token").is_none());
    assert_eq!(
        record["ai_log"],
        json!({ "api": "-", "chat_id": "c1", "model": "gpt-4o-2024", "response_type": "normal", "input_token": 3,
            "output_token": 4, "total_token": 7, "cached_tokens": 1, "reasoning_tokens": 2, "llm_service_duration": 0 })
    );
}

#[test]
fn no_ai_log_is_built_when_this_is_off_or_the_call_is_not_an_ai_call() {
    let off = r#"{"collector_cluster":"c","ai":{"build_log":false}}"#;
    let omitted = r#"{"collector_cluster":"c","fields":{"omit":["ai_log","model"]}}"#;
    for (config, path, model) in [
        (off, "/v1/chat/completions", Some("gpt-4o")),
        (omitted, "/v1/chat/completions", None),
        (CONFIG, "/cars", Some("")),
    ] {
        let host = MockHost::new()
            .with_request(&[(":method", "POST"), (":path", path), ("content-type", "application/json")])
            .with_response(&[(":status", "200"), ("content-type", "application/json")]);
        let answer = if path == "/cars" { r#"{"id":"c1"}"# } else { ANSWER };
        let stream = stream_with(config, &host, r#"{"model":"gpt-4o"}"#, answer);
        let record = record_with(config, &host, &stream, &mut VmState::default());
        assert_eq!(record["ai_log"], Value::Null, "{config} {path}");
        assert_eq!(record.get("model").and_then(Value::as_str), model, "{config} {path}");
    }
}

#[test]
fn a_streamed_response_gives_the_time_to_its_first_token() {
    let host = MockHost::new()
        .with_request(&CHAT)
        .with_response(&[(":status", "200"), ("content-type", "text/event-stream")])
        .with_int("request.duration", 500_000_000);
    let stream = stream(
        &host,
        r#"{"model":"gpt-4o","stream":true}"#,
        &format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\ndata: {}\n\n",
            ANSWER.replace('\n', "")
        ),
    );
    host.pass(std::time::Duration::from_millis(300));
    let record = record_of(&host, &stream, &mut VmState::default());
    assert_eq!((&record["response_type"], &record["time_to_first_token"]), (&json!("stream"), &json!(200)));
    assert_eq!(record["total_tokens"], 7);
}

#[test]
fn the_model_is_known_even_when_the_response_is_not_read() {
    for (path, body, response, model) in [
        ("/v1/chat/completions", r#"{"model":"m"}"#, &[(":status", "500")][..], "m"),
        ("/v1beta/models/gemini-2.5-pro:generateContent", "{}", &[(":status", "429")], "gemini-2.5-pro"),
        (
            "/v1/chat/completions",
            r#"{"model":"m"}"#,
            &[(":status", "200"), ("content-type", "application/json"), ("content-encoding", "gzip")],
            "m",
        ),
        ("/cars", r#"{"model":"roadster"}"#, &[(":status", "200"), ("content-type", "application/json")], ""),
    ] {
        let host = MockHost::new()
            .with_request(&[(":method", "POST"), (":path", path), ("content-type", "application/json")])
            .with_response(response);
        let stream = stream(&host, body, r#"{"ok":1}"#);
        assert_eq!(record_of(&host, &stream, &mut VmState::default())["model"], model, "{path}");
    }
}

#[test]
fn ai_log_takes_precedence_and_bodies_fill_in_missing_values() {
    let log = r#"{\"api\":\"a@b@c\",\"model\":\"qwen\",\"input_token\":100,\"response_type\":\"normal\",\"consumer\":\"c1\",\"session_id\":\"s1\"}"#;
    let host = MockHost::new()
        .with_request(&CHAT)
        .with_response(&[(":status", "200"), ("content-type", "application/json")])
        .with_text("ai_log", log);
    let stream = stream(&host, r#"{"model":"gpt-4o"}"#, ANSWER);
    let record = record_of(&host, &stream, &mut VmState::default());
    for (field, value) in [
        ("api", json!("a@b@c")),
        ("model", json!("gpt-4o")),
        ("response_model", json!("gpt-4o-2024")),
        ("consumer", json!("c1")),
        ("session_id", json!("s1")),
        ("input_tokens", json!(100)),
        ("output_tokens", json!(4)),
        ("chat_id", json!("c1")),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert_eq!(record["ai_log"]["model"], "qwen");
}

#[test]
fn ai_log_is_read_only_where_it_can_exist() {
    let asks = |host: &MockHost| host.asked().iter().any(|asked| asked == "attribute ai_log");
    let get = || MockHost::new().with_request(&[(":method", "GET")]);
    let post = || MockHost::new().with_request(&[(":method", "POST")]);
    let (mut vm_state, stream) = (VmState::default(), Stream::default());
    for (host, expected) in [
        (get(), false),
        (post(), true),
        (get(), false),
        (post().with_text("ai_log", "{}"), true),
        (get(), true),
    ] {
        record_of(&host, &stream, &mut vm_state);
        assert_eq!(asks(&host), expected);
    }
}

#[test]
fn a_tool_call_names_its_tool() {
    let host = MockHost::new()
        .with_request(&[
            (":method", "POST"),
            (":path", "/mcp"),
            ("content-type", "application/json"),
            ("mcp-protocol-version", "2025-06-18"),
        ])
        .with_response(&[(":status", "200"), ("content-type", "application/json")])
        .with_text("mcp_server_name", "weather");
    let call =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":{}}}"#;
    let stream = stream(&host, call, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    let record = record_of(&host, &stream, &mut VmState::default());
    assert_eq!((&record["mcp_server"], &record["mcp_tool"]), (&json!("weather"), &json!("get_weather")));
    assert_eq!(record["model"], "");
}
