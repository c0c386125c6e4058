//! Access loggers in an Envoy configuration of [`crate::gateway_config`]: gatelog's own, and the filter beside it.

use serde_json::{Value, json};

use crate::gateway_config::{Filter, plugin_config};

/// The path of the first listener's connection manager.
pub const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// The filter as Envoy's access logger. With the configuration that it also has among the HTTP filters, the two share
/// their VMs.
pub fn wasm_logger(filter: &Filter) -> Value {
    json!({
        "name": filter.name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog",
            "config": plugin_config(filter),
        },
    })
}

/// Adds an access logger to the first listener.
pub fn add_logger(bootstrap: &mut Value, logger: Value) {
    if let Some(Value::Array(loggers)) = bootstrap.pointer_mut(&format!("{MANAGER}/access_log")) {
        loggers.push(logger);
    }
}

/// Leaves an HTTP filter out everywhere but on the route of AI calls.
pub fn on_ai_route_alone(bootstrap: &mut Value, filter: &str) {
    let Some(manager) = bootstrap.pointer_mut(MANAGER) else { return };
    for each in members(manager, "/http_filters") {
        if each.get("name").is_some_and(|name| name == filter) {
            each["disabled"] = json!(true);
        }
    }
    let enabled = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
    for route in members(manager, "/route_config/virtual_hosts/0/routes") {
        if route.get("name").is_some_and(|name| name == AI_ROUTE) {
            route["typed_per_filter_config"] = json!({ filter: enabled });
        }
    }
}

/// The route of AI calls.
const AI_ROUTE: &str = "llm";

fn members<'a>(value: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::gateway_config::Gateway;

    #[test]
    fn a_filter_on_the_ai_route_alone_is_left_out_of_all_others() {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let filter = Filter::gatelog("f.wasm".as_ref(), &json!({}));
        let filters = vec![filter.clone()];
        let gateway = Gateway { upstream: anywhere, collector: anywhere, filters, access_log: None };
        let mut bootstrap = gateway.bootstrap();
        on_ai_route_alone(&mut bootstrap, &filter.name);
        add_logger(&mut bootstrap, wasm_logger(&filter));
        let manager = bootstrap.pointer(MANAGER).unwrap();
        assert_eq!(manager["http_filters"][0]["disabled"], true);
        assert_eq!(manager["http_filters"][1].get("disabled"), None);
        assert_eq!(manager["access_log"][0]["name"], "gatelog");
        let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap();
        let with_filter = routes.iter().filter(|route| route.get("typed_per_filter_config").is_some());
        assert_eq!(with_filter.map(|route| &route["name"]).collect::<Vec<_>>(), ["llm"]);
    }
}
