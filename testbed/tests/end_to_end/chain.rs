//! Tests of gatelog's position in Envoy's list of filters: before or after compressors; and in any position, it records
//! requests that earlier filters refuse.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_a_compressed_response_wherever_the_compressor_is() {
    for (before, after) in [(vec![compressor()], Vec::new()), (Vec::new(), vec![compressor()])] {
        let path = Path::among(&before, &after).await;
        chat(&path).await;
        let record = path.records(1).await.remove(0);
        let found = (&record["model"], &record["output_tokens"], &record["chat_id"]);
        assert_eq!(found, (&json!("gpt-4o-mini"), &json!(5), &json!("chatcmpl-1")), "{record:#}");
        assert_eq!(unread(&path).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn last_in_the_chain_it_records_requests_that_earlier_filters_refuse() {
    let path = Path::among(&refusing(), &[]).await;
    let cases = [
        ("/denied", "", 403, "rbac_access_denied_matched_policy[denied]"),
        ("/faulty", "", 503, "fault_filter_abort"),
        ("/script", "", 401, "lua_response"),
        ("/large", "more than ten bytes", 413, "request_payload_too_large"),
        ("/first", "", 200, "via_upstream"),
        ("/second", "", 429, "local_rate_limited"),
    ];
    for (uri, body, status, _) in cases {
        let request = Request::post(path.url(uri)).header("user-agent", "tester").body(body).unwrap();
        assert_eq!(path.client.send(request).await.unwrap().status(), status, "{uri}");
    }
    let records = path.records(cases.len()).await;
    for (uri, _, status, details) in cases {
        let record = records.iter().find(|record| record["path"] == uri);
        let record = record.unwrap_or_else(|| panic!("{uri} is missing: {records:#?}"));
        assert_eq!(
            (&record["response_code"], &record["method"]),
            (&json!(status), &json!("POST")),
            "{record:#}"
        );
        assert_eq!(record["response_code_details"], details, "{record:#}");
        assert_eq!(record["user_agent"], "tester", "{record:#}");
        assert!(record["authority"].as_str().unwrap().starts_with("127.0.0.1:"), "{record:#}");
    }
}

/// An AI call whose client accepts gzip and gets it.
async fn chat(path: &Path) {
    let body =
        json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "hello ".repeat(50) }] });
    let request = Request::post(path.url("/v1/chat/completions"))
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip");
    let answer = path.client.send(request.body(body.to_string()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-encoding"], "gzip");
}

/// The number of bodies that gatelog did not read, or not to their end, because of their encoding.
async fn unread(path: &Path) -> u64 {
    let stats = path.envoy.stats("gatelog_bodies_(skipped_encoding|over_limit|damaged)").await.unwrap();
    stats.into_iter().map(|(_, value)| value).sum()
}

fn compressor() -> Value {
    native(
        "compressor",
        "compressor.v3.Compressor",
        json!({
            "response_direction_config": {
                "common_config": { "min_content_length": 30, "content_type": ["application/json"] }
            },
            "compressor_library": { "name": "gzip", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"
            } },
        }),
    )
}

/// Filters that send local replies, each to its own requests.
fn refusing() -> Vec<Value> {
    let every = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    let script = "function envoy_on_request(handle)\n\
                  if handle:headers():get(':path') == '/script' then\n\
                  handle:respond({[':status'] = '401'}, 'no')\nend\nend";
    vec![
        native(
            "rbac",
            "rbac.v3.RBAC",
            json!({ "rules": { "action": "DENY", "policies": { "denied": {
            "permissions": [{ "url_path": { "path": { "prefix": "/denied" } } }],
            "principals": [{ "any": true }],
        } } } }),
        ),
        native(
            "fault",
            "fault.v3.HTTPFault",
            json!({
                "abort": { "http_status": 503, "percentage": { "numerator": 100, "denominator": "HUNDRED" } },
                "headers": [{ "name": ":path", "string_match": { "prefix": "/faulty" } }],
            }),
        ),
        native("lua", "lua.v3.Lua", json!({ "default_source_code": { "inline_string": script } })),
        native("buffer", "buffer.v3.Buffer", json!({ "max_request_bytes": 10 })),
        native(
            "local_ratelimit",
            "local_ratelimit.v3.LocalRateLimit",
            json!({
                "stat_prefix": "limited",
                "token_bucket": { "max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "3600s" },
                "filter_enabled": every,
                "filter_enforced": every,
            }),
        ),
    ]
}

fn native(name: &str, message: &str, mut configuration: Value) -> Value {
    configuration["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{message}").into();
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": configuration })
}
