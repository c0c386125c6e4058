//! gatelog's module in an Envoy configuration of the testbed: any of its three parts, beside the filter or instead of it.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};

/// The parts of the module that a configuration has.
#[derive(Clone, Debug)]
pub struct Module {
    /// The configuration document.
    pub configuration: Value,
    /// With the bootstrap extension, which holds the document for the others; without it each has its own.
    pub has_bootstrap: bool,
    /// With the HTTP filter, last before the router.
    pub has_filter: bool,
}

/// Where Envoy finds the module: a variable of its environment.
pub fn search_path(module: &Path) -> (String, OsString) {
    let folder = module.parent().unwrap_or(module);
    ("ENVOY_DYNAMIC_MODULES_SEARCH_PATH".to_owned(), folder.into())
}

impl Module {
    /// All parts, pushing to the testbed's collector cluster, with further keys from `overrides`.
    pub fn whole(overrides: &Value) -> Self {
        let mut configuration = json!({ "collector_cluster": "gatelog", "collector_path": "/ingest" });
        if let (Some(keys), Some(more)) = (configuration.as_object_mut(), overrides.as_object()) {
            keys.extend(more.clone());
        }
        Self { configuration, has_bootstrap: true, has_filter: true }
    }

    /// Adds the parts to a bootstrap configuration, its listeners included.
    pub fn add_to(&self, bootstrap: &mut Value) {
        if let Some(Value::Array(listeners)) = bootstrap.pointer_mut("/static_resources/listeners") {
            listeners.iter_mut().for_each(|listener| self.add_to_listener(listener));
        }
        if let (true, Some(members)) = (self.has_bootstrap, bootstrap.as_object_mut()) {
            members.insert("bootstrap_extensions".into(), json!([self.bootstrap_extension()]));
        }
    }

    /// Adds the logger and the filter to a listener.
    pub fn add_to_listener(&self, listener: &mut Value) {
        let manager = listener.pointer_mut("/filter_chains/0/filters/0/typed_config");
        let Some(manager) = manager.and_then(Value::as_object_mut) else { return };
        if let Some(Value::Array(loggers)) = manager.get_mut("access_log") {
            loggers.push(self.access_logger());
        }
        if let (true, Some(Value::Array(filters))) = (self.has_filter, manager.get_mut("http_filters")) {
            // The router must be the last filter.
            filters.insert(filters.len().saturating_sub(1), self.http_filter());
        }
    }

    fn bootstrap_extension(&self) -> Value {
        json!({ "name": "gatelog", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.dynamic_modules.v3.DynamicModuleBootstrapExtension",
            "dynamic_module_config": module(),
            "extension_name": "gatelog",
            "extension_config": string(&self.configuration.to_string()),
        } })
    }

    fn access_logger(&self) -> Value {
        json!({ "name": "gatelog", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.dynamic_modules.v3.DynamicModuleAccessLog",
            "dynamic_module_config": module(),
            "logger_name": "gatelog",
            "logger_config": self.own_configuration(),
        } })
    }

    fn http_filter(&self) -> Value {
        json!({ "name": "gatelog-module", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": module(),
            "filter_name": "gatelog",
            "filter_config": self.own_configuration(),
        } })
    }

    fn own_configuration(&self) -> Value {
        string(&if self.has_bootstrap { String::new() } else { self.configuration.to_string() })
    }
}

fn module() -> Value {
    json!({ "name": "gatelog", "do_not_close": true, "metrics_namespace": "gatelogmodule" })
}

fn string(value: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": value })
}
