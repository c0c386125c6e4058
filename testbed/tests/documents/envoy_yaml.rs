//! Pieces of Envoy's configuration in documents, completed so that Envoy can check them.

use std::net::SocketAddr;

use gatelog_testbed::envoy;
use gatelog_testbed::gateway_config::Gateway;
use serde_json::{Value, json};

/// The place of the HTTP connection manager in the testbed's configuration.
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// A piece of Envoy's configuration, as a whole one; `None` for YAML of something else.
pub fn completed(value: &Value) -> Option<Value> {
    if value.get("static_resources").is_some() || value.get("dynamic_resources").is_some() {
        return Some(value.clone());
    }
    let items = value.as_array()?;
    let kind = items.first()?.pointer("/typed_config/@type").and_then(Value::as_str)?;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let gateway = Gateway { upstream: nowhere, collector: nowhere, filters: Vec::new(), access_log: None };
    if kind.contains(".access_loggers.") {
        let mut bootstrap = gateway.bootstrap();
        let manager = bootstrap.pointer_mut(MANAGER).and_then(Value::as_object_mut)?;
        manager.insert("access_log".to_owned(), json!(items));
        return Some(bootstrap);
    }
    kind.contains(".filters.http.").then(|| gateway.bootstrap_among(items, &[]))
}

/// Asks Envoy.
pub async fn validate(bootstrap: &Value) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, serde_json::to_vec_pretty(bootstrap)?)?;
    envoy::validate(&file).await
}

#[tokio::test]
async fn envoy_refuses_a_filter_in_a_document_that_has_a_wrong_key() {
    let filter = |key: &str| {
        let config =
            json!({ "fail_open": true, "vm_config": { "runtime": "envoy.wasm.runtime.null", key: "x" } });
        json!([{ "name": "f", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": config } }])
    };
    let refused = validate(&completed(&filter("no_such_key")).unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("no_such_key"), "{refused}");
    assert_eq!(completed(&json!({ "kind": "Service" })), None);
}
