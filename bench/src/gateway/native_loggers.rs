//! Configurations of loggers that are native code: Envoy's own, and gatelog's dynamic module.

use std::net::SocketAddr;
use std::path::Path;

use gatelog_testbed::gateway_config::{COLLECTOR_CLUSTER, access_log, cluster};
use serde_json::{Value, json};

/// Bytes that Envoy collects before it pushes.
const BUFFER_BYTES: u32 = 64 << 10;

/// What a record holds in Envoy's formatters, as OTLP has it here.
const FIELDS: [(&str, &str); 26] = [
    ("start_time", "%START_TIME%"),
    ("duration", "%DURATION%"),
    ("time_to_headers", "%RESPONSE_DURATION%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("scheme", "%REQ(:SCHEME)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("trace_id", "%REQ(TRACEPARENT)%"),
    ("consumer", "%REQ(X-MSE-CONSUMER)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("route_name", "%ROUTE_NAME%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("upstream_attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
];

/// Envoy's JSON log in a file.
pub fn file(path: &Path) -> Value {
    access_log(path)
}

/// Envoy's OpenTelemetry log, pushed over HTTP to `path` at the collector.
pub fn otlp(collector: SocketAddr, path: &str) -> Value {
    let attribute = |(key, format): &(&str, &str)| json!({ "key": key, "value": { "string_value": format } });
    let attributes: Vec<Value> = FIELDS.iter().map(attribute).collect();
    let uri = format!("http://{collector}{path}");
    json!({
        "name": "envoy.access_loggers.open_telemetry",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
            "log_name": "bench",
            "http_service": { "http_uri": { "uri": uri, "cluster": COLLECTOR_CLUSTER, "timeout": "5s" } },
            "attributes": { "values": attributes },
            "buffer_size_bytes": BUFFER_BYTES,
            "buffer_flush_interval": "1s",
        },
    })
}

/// Envoy's access log service: the cluster that takes it over HTTP/2, and the logger.
pub fn als(collector: SocketAddr) -> (Value, Value) {
    let protocol = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http2_protocol_options": {} },
        },
    });
    let mut service = cluster("als", collector);
    if let Some(members) = service.as_object_mut() {
        members.insert("typed_extension_protocol_options".into(), protocol);
    }
    let logger = json!({
        "name": "envoy.access_loggers.http_grpc",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": {
                "log_name": "bench",
                "transport_api_version": "V3",
                "buffer_size_bytes": BUFFER_BYTES,
                "grpc_service": { "envoy_grpc": { "cluster_name": "als" } },
            },
            "additional_request_headers_to_log": ["x-mse-consumer", "traceparent"],
            "additional_response_headers_to_log": ["x-envoy-upstream-service-time"],
        },
    });
    (service, logger)
}

/// gatelog's dynamic module as access logger. It takes its configuration from the bootstrap extension.
pub fn module_logger(file: &Path) -> Value {
    json!({
        "name": MODULE,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.dynamic_modules.v3.DynamicModuleAccessLog",
            "dynamic_module_config": module(file),
            "logger_name": MODULE,
        },
    })
}

/// Its HTTP filter, which reads bodies.
pub fn module_filter(file: &Path) -> Value {
    json!({
        "name": MODULE,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": module(file),
            "filter_name": MODULE,
        },
    })
}

/// Its bootstrap extension, which pushes.
pub fn bootstrap_module(file: &Path, configuration: &Value) -> Value {
    json!({
        "name": MODULE,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.dynamic_modules.v3.DynamicModuleBootstrapExtension",
            "dynamic_module_config": module(file),
            "extension_name": MODULE,
            "extension_config": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": configuration.to_string(),
            },
        },
    })
}

const MODULE: &str = "gatelog";

fn module(file: &Path) -> Value {
    json!({ "module": { "local": { "filename": file } }, "do_not_close": true })
}
