//! The Envoy configuration of the testbed: a listener with the filter, a route for each scenario, and Envoy's own
//! access log for comparison.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Envoy's formatters for a record's values, under the record's keys where the meaning is the same.
const ACCESS_LOG_FORMAT: &str = include_str!("../testdata/access_log_format.json");

/// The parameters of the gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The upstream behind most routes.
    pub upstream: SocketAddr,
    /// Where the functions listen.
    pub collector: SocketAddr,
    /// The filters, in order: each a wasm file with its configuration.
    pub filters: Vec<Filter>,
    /// The file for Envoy's own access log, with one JSON object per line; `None` for no log.
    pub access_log: Option<PathBuf>,
}

/// One proxy-wasm filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Its name in Envoy's logs and stats.
    pub name: String,
    /// The module.
    pub wasm: PathBuf,
    /// Its plugin configuration.
    pub configuration: Value,
}

impl Filter {
    /// gatelog's filter, pushing to the testbed's collector cluster, with further keys from `overrides`.
    pub fn gatelog(wasm: &Path, overrides: &Value) -> Self {
        let mut configuration =
            json!({ "collector_cluster": COLLECTOR_CLUSTER, "collector_path": "/ingest" });
        if let (Some(keys), Some(more)) = (configuration.as_object_mut(), overrides.as_object()) {
            keys.extend(more.clone());
        }
        Self { name: "gatelog".into(), wasm: wasm.to_owned(), configuration }
    }
}

/// The cluster that the filter pushes to.
pub const COLLECTOR_CLUSTER: &str = "gatelog";

impl Gateway {
    /// The bootstrap configuration, with ports chosen by Envoy.
    pub fn bootstrap(&self) -> Value {
        self.bootstrap_with(
            json!({ "listeners": [self.listener()], "clusters": self.clusters() }),
            Value::Null,
        )
    }

    /// Like [`Gateway::bootstrap`], with Envoy's own filters (name and `typed_config`) before and after the
    /// proxy-wasm filters.
    pub fn bootstrap_among(&self, before: &[Value], after: &[Value]) -> Value {
        let mut bootstrap = self.bootstrap();
        let chain = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
        if let Some(Value::Array(filters)) = bootstrap.pointer_mut(chain) {
            // The router must be the last filter.
            let end = filters.len().saturating_sub(1);
            filters.splice(end..end, after.iter().cloned());
            filters.splice(0..0, before.iter().cloned());
        }
        bootstrap
    }

    /// A bootstrap configuration that takes its listener from a file; Envoy reads it again whenever another file is
    /// moved to its place. See [`Gateway::listener_file`].
    pub fn dynamic_bootstrap(&self, listener_file: &Path) -> Value {
        let source = json!({ "resource_api_version": "V3", "path_config_source": { "path": listener_file } });
        self.bootstrap_with(json!({ "clusters": self.clusters() }), json!({ "lds_config": source }))
    }

    /// The content of the file for [`Gateway::dynamic_bootstrap`].
    pub fn listener_file(&self, version: &str) -> Value {
        let mut listener = self.listener();
        if let Some(members) = listener.as_object_mut() {
            members.insert("@type".into(), "type.googleapis.com/envoy.config.listener.v3.Listener".into());
        }
        json!({ "version_info": version, "resources": [listener] })
    }

    fn bootstrap_with(&self, static_resources: Value, dynamic_resources: Value) -> Value {
        json!({
            "node": { "id": "testbed-gateway", "cluster": "testbed", "metadata": { "POD_NAME": "gateway-pod-0" } },
            "admin": { "address": address(SocketAddr::from(([127, 0, 0, 1], 0))) },
            "static_resources": static_resources,
            "dynamic_resources": dynamic_resources,
        })
    }

    fn listener(&self) -> Value {
        json!({
            "name": "web",
            "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
            "filter_chains": [{ "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": self.connection_manager(),
            }] }],
        })
    }

    fn clusters(&self) -> Value {
        json!([
            cluster("web", self.upstream),
            cluster("llm", self.upstream),
            // Nothing listens on port 9 (discard), so connections are refused.
            cluster("dead", SocketAddr::from(([127, 0, 0, 1], 9))),
            { "name": "empty", "type": "STATIC", "connect_timeout": "1s" },
            cluster(COLLECTOR_CLUSTER, self.collector),
        ])
    }

    fn connection_manager(&self) -> Value {
        let mut http_filters: Vec<Value> = self.filters.iter().map(wasm_filter).collect();
        http_filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
        }));
        json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "web",
            "codec_type": "AUTO",
            "generate_request_id": true,
            "preserve_external_request_id": true,
            "use_remote_address": true,
            "route_config": { "name": "testbed", "validate_clusters": false, "virtual_hosts": [{
                "name": "all", "domains": ["*"], "routes": routes(),
            }] },
            "http_filters": http_filters,
            "access_log": self.access_log.as_deref().map(access_log).into_iter().collect::<Vec<_>>(),
        })
    }
}

/// Paths without a route begin with `/no-route`.
fn routes() -> Vec<Value> {
    let to = |name: &str, prefix: &str, cluster: &str| json!({ "name": name, "match": { "prefix": prefix }, "route": { "cluster": cluster } });
    vec![
        to("llm", "/v1/", "llm"),
        to("dead", "/dead", "dead"),
        to("empty", "/empty", "empty"),
        to("unknown-cluster", "/unknown-cluster", "no-such-cluster"),
        json!({ "name": "timeout", "match": { "prefix": "/delay/" }, "route": { "cluster": "web", "timeout": "0.2s" } }),
        json!({ "name": "rewritten", "match": { "prefix": "/rewritten/" },
                "route": { "cluster": "web", "prefix_rewrite": "/status/", "host_rewrite_literal": "inside.example" } }),
        json!({ "name": "retried", "match": { "prefix": "/retried/" },
                "route": { "cluster": "web", "prefix_rewrite": "/status/",
                           "retry_policy": { "retry_on": "5xx", "num_retries": 2 } } }),
        json!({ "name": "direct", "match": { "prefix": "/direct" },
                "direct_response": { "status": 418, "body": { "inline_string": "short and stout" } } }),
        json!({ "name": "redirect", "match": { "prefix": "/old" }, "redirect": { "path_redirect": "/" } }),
        json!({ "name": "web", "match": { "safe_regex": { "regex": "/(?:[^n].*)?" } }, "route": { "cluster": "web" } }),
    ]
}

fn wasm_filter(filter: &Filter) -> Value {
    json!({
        "name": filter.name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": plugin_config(filter),
        },
    })
}

/// What Envoy is to know of a filter wherever it runs it.
pub(crate) fn plugin_config(filter: &Filter) -> Value {
    json!({
        "name": filter.name,
        "root_id": filter.name,
        // As in deploy/envoy: only this setting keeps the requests in flight when a VM fails.
        "fail_open": true,
        // Plugins made for Higress hold back the headers until they have the body.
        "allow_on_headers_stop_iteration": true,
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": filter.configuration.to_string(),
        },
        "vm_config": {
            "vm_id": filter.name,
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": filter.wasm } },
        },
    })
}

/// A cluster of one endpoint.
pub fn cluster(name: &str, endpoint: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{
            "endpoint": { "address": address(endpoint) },
        }] }] },
    })
}

fn address(of: SocketAddr) -> Value {
    json!({ "socket_address": { "address": of.ip().to_string(), "port_value": of.port() } })
}

/// Envoy's own access log, with a record's values from Envoy's formatters.
pub fn access_log(path: &Path) -> Value {
    let format: Value = serde_json::from_str(ACCESS_LOG_FORMAT).unwrap_or_default();
    json!({
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": { "json_format": format },
        },
    })
}
