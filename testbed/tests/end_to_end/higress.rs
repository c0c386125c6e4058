//! Tests of Higress's own plugins and gatelog in one chain: the log of ai-statistics arrives unchanged, in either
//! order, and `path` is the client's even if `transformer` rewrites it.

use gatelog_artifacts::artifact;
use gatelog_testbed::gateway_config::Filter;
use gatelog_testbed::higress;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::setup::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_ai_statistics_and_token_usage_arrives_in_either_order_and_agrees_with_the_columns() {
    let folder = tempfile::tempdir().unwrap();
    let statistics = plugin("ai-statistics", folder.path(), statistics());
    let usage = plugin("gpustack-token-usage", folder.path(), json!({}));
    for is_last in [true, false] {
        let mut filters = vec![gatelog(), statistics.clone(), usage.clone()];
        if is_last {
            filters.rotate_left(1);
        }
        let path = Path::with_filters(filters).await;
        for stream in [false, true] {
            chat(&path, stream).await;
        }
        for record in path.records(2).await {
            let log = &record["ai_log"];
            assert_eq!(log["model"], record["model"], "gatelog last: {is_last}: {record:#}");
            assert_eq!(log["response_type"], record["response_type"], "{record:#}");
            assert_eq!(log["question"], "How many tokens?", "{record:#}");
            for (member, column) in [
                ("input_token", "input_tokens"),
                ("output_token", "output_tokens"),
                ("total_token", "total_tokens"),
            ] {
                assert!(record[column].as_u64().unwrap() > 0, "{column}: {record:#}");
                assert_eq!(log[member], record[column], "{record:#}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn path_and_authority_are_the_clients_even_if_transformer_rewrites_them() {
    let folder = tempfile::tempdir().unwrap();
    let rules = json!({ "reqRules": [
        { "operate": "replace", "headers": [{ "key": "user-agent", "newValue": "somebody else" }] },
        { "operate": "add", "querys": [{ "key": "added", "value": "1" }] },
        { "operate": "replace", "headers": [{ "key": ":authority", "newValue": "inside.example" }] },
    ] });
    let path = Path::with_filters(vec![gatelog(), plugin("transformer", folder.path(), rules)]).await;
    let request = Request::get(path.url("/status/200?asked=1")).header("user-agent", "tester");
    let answer = path.client.send(request.body("").unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let record = path.records(1).await.remove(0);
    assert_eq!(record["path"], "/status/200?asked=1", "{record:#}");
    assert_eq!(record["user_agent"], "tester", "{record:#}");
    assert!(record["authority"].as_str().unwrap().starts_with("127.0.0.1:"), "{record:#}");
    assert!(record["upstream_path"].as_str().unwrap().contains("added=1"), "{record:#}");
}

async fn chat(path: &Path, stream: bool) {
    let body = json!({ "model": "gpt-4o-mini", "stream": stream, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "How many tokens?" }] });
    let request = Request::post(path.url("/v1/chat/completions")).header("content-type", "application/json");
    let answer = path.client.send(request.body(body.to_string()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

fn gatelog() -> Filter {
    Filter::gatelog(&artifact("gatelog-filter").unwrap(), &json!({}))
}

fn plugin(name: &str, folder: &std::path::Path, configuration: Value) -> Filter {
    Filter { name: name.to_owned(), wasm: higress::plugin(name, folder).unwrap(), configuration }
}

/// The attribute that HiMarket's pages show, in addition to those that ai-statistics always writes.
fn statistics() -> Value {
    json!({ "attributes": [{
        "key": "question", "value_source": "request_body", "value": "messages.@reverse.0.content", "apply_to_log": true,
    }] })
}
