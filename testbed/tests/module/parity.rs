//! Every kind of request makes the same record in the module as in the filter, field by field.

use std::time::Duration;

use gatelog_artifacts as artifacts;
use gatelog_testbed::gateway_config::Filter;
use gatelog_testbed::{higress, http3, tunnel};
use http::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::both::{Both, MANAGER, Wish};
use crate::requests;

#[tokio::test(flavor = "multi_thread")]
async fn plain_and_odd_requests_make_the_same_record_in_both() {
    let both = Both::start().await;
    let gateway = both.envoy.listener();
    let count = requests::send_plain(gateway).await + requests::send_odd(gateway).await;
    let records = both.assert_same(count).await;
    let hidden =
        records.iter().find(|record| record["request_id"] == "GET /hello?a=1&api_key=s3cr3t").unwrap();
    assert_eq!(hidden["path"], "/hello?a=1&api_key=REDACTED", "{hidden:#}");
    assert_eq!(hidden["instance_id"], "gateway-pod-0");
}

#[tokio::test(flavor = "multi_thread")]
async fn ai_calls_and_calls_of_mcp_make_the_same_record_in_both_bodies_and_headers_included() {
    let capture = json!({
        "capture": { "request_body_bytes": 200, "response_body_bytes": 300, "request_headers": ["content-type", "x-request-id"],
                     "response_headers": ["content-type"] },
        "ai": { "build_log": true },
    });
    let both = Both::start_with(Wish { configuration: capture, ..Wish::default() }, |_| {}).await;
    let count = requests::send_ai(both.envoy.listener()).await;
    let records = both.assert_same(count).await;
    let streamed = records.iter().find(|record| record["request_id"] == "gzip-streamed").unwrap();
    assert_eq!((&streamed["model"], &streamed["output_tokens"]), (&json!("gpt-4o-mini"), &json!(5)));
    assert!(streamed["time_to_first_token"].is_number(), "{streamed:#}");
    assert!(
        records.iter().any(|record| record["request_body"].as_str().is_some_and(|body| !body.is_empty()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_and_grpc_make_the_same_record_in_both() {
    let both = Both::start().await;
    let count = requests::send_http2(both.envoy.listener()).await;
    let records = both.assert_same(count).await;
    let failed = records.iter().find(|record| record["request_id"] == "grpc-dead").unwrap();
    assert_eq!((&failed["protocol"], &failed["grpc_status"]), (&json!("HTTP/2"), &json!(14)), "{failed:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tunnels_make_the_same_record_in_both() {
    let wish = Wish { upstream: Some(tunnel::echo().await.unwrap()), ..Wish::default() };
    let both = Both::start_with(wish, |bootstrap| {
        let manager = bootstrap.pointer_mut(MANAGER).unwrap();
        manager["upgrade_configs"] = json!([{ "upgrade_type": "websocket" }, { "upgrade_type": "CONNECT" }]);
        let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().unwrap();
        routes.insert(
            0,
            json!({ "name": "tunnel", "match": { "connect_matcher": {} }, "route": { "cluster": "web",
            "upgrade_configs": [{ "upgrade_type": "CONNECT", "connect_config": {} }] } }),
        );
    })
    .await;
    let count = requests::send_tunnels(both.envoy.listener()).await;
    both.assert_same(count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_higress_plugins_log_is_the_same_in_both() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = |name: &str, configuration: Value| Filter {
        name: name.to_owned(),
        wasm: higress::plugin(name, folder.path()).unwrap(),
        configuration,
    };
    let statistics = json!({ "attributes": [{ "key": "question", "value_source": "request_body",
        "value": "messages.@reverse.0.content", "apply_to_log": true }] });
    let others = vec![plugin("ai-statistics", statistics)];
    let both = Both::start_with(Wish { others, ..Wish::default() }, |_| {}).await;
    for stream in [false, true] {
        let body = json!({ "model": "gpt-4o-mini", "stream": stream, "messages": [{ "role": "user", "content": "How?" }] });
        let request = Request::post(both.url("/v1/chat/completions"))
            .header("content-type", "application/json")
            .header("x-request-id", if stream { "streamed" } else { "plain" });
        both.client.send(request.body(body.to_string()).unwrap()).await.unwrap();
    }
    for record in both.assert_same(2).await {
        assert_eq!(record["ai_log"]["question"], "How?", "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_sampling_and_omitted_fields_hold_in_both() {
    let configuration = json!({ "_rules_": [
        { "_match_route_": ["llm"], "instance_id": "ai", "sampling": { "rate": 0.5 } },
        { "_match_service_": ["web"], "instance_id": "site", "fields": { "omit": ["user_agent", "upstream_host"] } },
    ] });
    let mut wish = Wish { configuration, ..Wish::default() };
    for rule in wish.configuration["_rules_"].as_array_mut().unwrap() {
        rule["capture"] = json!({ "refusal_header": "x-no" });
    }
    let both = Both::start_with(wish, |_| {}).await;
    for number in 0..20 {
        let request = Request::post(both.url("/v1/embeddings"))
            .header("x-request-id", format!("00000000-0000-4000-8000-0000000000{number:02}"))
            .header("content-type", "application/json");
        both.client.send(request.body(r#"{"model":"e","input":"x"}"#).unwrap()).await.unwrap();
    }
    requests::send_plain(both.envoy.listener()).await;
    // Which are sampled is the same everywhere; how many, the filter says.
    let deadline = Instant::now() + Duration::from_secs(120);
    let kept = loop {
        let stats = both.envoy.stats("wasmcustom.gatelog_(pushed|sampled_out)$").await.unwrap();
        let of =
            |name: &str| stats.iter().find(|(known, _)| known.ends_with(name)).map_or(0, |(_, value)| *value);
        if of("pushed") + of("sampled_out") == 20 + requests::PLAIN.len() as u64 {
            break usize::try_from(of("pushed")).unwrap();
        }
        assert!(Instant::now() < deadline, "{stats:?}");
        sleep(Duration::from_millis(100)).await;
    };
    let records = both.assert_same(kept).await;
    assert!(records.iter().any(|record| record["instance_id"] == "site"), "{records:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_http_3_make_the_same_record_in_both_although_envoy_logs_them_late() {
    let certificate = http3::certificate().await.unwrap();
    let both = Both::start_with(Wish::default(), |bootstrap| {
        http3::add_listener(bootstrap, certificate.path()).unwrap();
    })
    .await;
    let request = |id: &str, method: &str, path: &str, body: &str| {
        let headers = json!({ "user-agent": "aioquic", "x-forwarded-for": "203.0.113.9", "x-request-id": id,
                              "content-type": "application/json" });
        json!({ "method": method, "path": path, "headers": headers, "body": body }).to_string()
    };
    let chat = r#"{"model":"gpt-4o-mini","messages":[],"stream":true}"#;
    let requests = [
        request("1", "GET", "/hello?token=s3cr3t", ""),
        request("2", "POST", "/echo", r#"{"a":1}"#),
        request("3", "POST", "/v1/chat/completions", chat),
        request("4", "GET", "/no-route", ""),
        request("5", "GET", "/rewritten/200", ""),
    ];
    http3::send(&both.envoy, &requests).await.unwrap();

    // The filter makes its record when the stream is over, without some of what Envoy logs later.
    let pairs = both.pairs(requests.len()).await;
    for [filter, module] in &pairs {
        for key in [
            "request_id",
            "method",
            "authority",
            "path",
            "protocol",
            "user_agent",
            "response_code",
            "response_flags",
            "response_code_details",
            "route_name",
            "upstream_cluster",
            "model",
            "response_model",
            "response_type",
            "chat_id",
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "usage_source",
            "instance_id",
            "requested_server_name",
        ] {
            assert_eq!(filter[key], module[key], "{key}:\n{filter:#}\n{module:#}");
        }
        assert_eq!(module["protocol"], "HTTP/3");
        assert_eq!(module["tls_version"], "TLSv1.3", "{module:#}");
    }
    let [_, streamed] = &pairs[2];
    assert!(streamed["total_tokens"].as_i64().is_some_and(|tokens| tokens > 0), "{streamed:#}");
    assert_eq!(pairs[4][1]["path"], "/rewritten/200");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logger_alone_makes_every_record_and_leaves_out_what_only_bodies_tell() {
    assert!(artifacts::module().is_ok());
    let both = Both::start_with(Wish { has_filter: false, ..Wish::default() }, |_| {}).await;
    let gateway = both.envoy.listener();
    let count = requests::send_plain(gateway).await + requests::send_ai(gateway).await;
    for [filter, module] in both.pairs(count).await {
        for key in [
            "method",
            "authority",
            "response_code",
            "response_flags",
            "bytes_received",
            "bytes_sent",
            "upstream_host",
        ] {
            assert_eq!(filter[key], module[key], "{key}:\n{filter:#}\n{module:#}");
        }
        assert!(module["chat_id"].as_str().is_none_or(str::is_empty), "{module:#}");
    }
}
