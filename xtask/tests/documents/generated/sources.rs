//! Where the value of each field comes from, as far as no table of the code says so.

use std::fs;
use std::path::Path;

use gatelog_documents::pages;
use gatelog_filter::collect::attribute_batch::source::Source as OfAttribute;
use gatelog_filter::host::attribute_values::Attribute;

/// Who fills a field, and from what.
pub struct Source {
    /// The name of the field.
    pub field: &'static str,
    /// Who fills it, apart from db-log-pusher.
    pub set_by: &'static [&'static str],
    /// Attributes, headers and properties in the order in which they are tried, with what else needs saying. An attribute of
    /// [`Attribute`] need not be here.
    pub from: &'static str,
}

const BOTH: &[&str] = &["filter", "logger"];
const FILTER: &[&str] = &["filter"];
const INGEST: &[&str] = &["ingest"];

const fn of(field: &'static str, set_by: &'static [&'static str], from: &'static str) -> Source {
    Source { field, set_by, from }
}

/// The fields in the order of the field table.
pub const SOURCES: &[Source] = &[
    of("record_id", &["filter", "logger", "ingest"], "a UUIDv7 of the filter; of ingest when absent"),
    of("start_time", &["filter", "logger", "ingest"], "`request.time`; of ingest, its clock, when absent"),
    of(
        "trace_id",
        BOTH,
        "`x-b3-traceid`, `b3`, `traceparent`, `sw8`, `x-datadog-trace-id`, `uber-trace-id`, `x-amzn-trace-id`",
    ),
    of("authority", BOTH, "`:authority`"),
    of("method", BOTH, "`:method`"),
    of("path", BOTH, "`:path`"),
    of("protocol", BOTH, ""),
    of("request_id", BOTH, "`x-request-id`"),
    of("user_agent", BOTH, "`user-agent`"),
    of("x_forwarded_for", BOTH, "`x-forwarded-for`"),
    of("response_code", BOTH, "`response.code`"),
    of("response_flags", BOTH, "`response.flags`"),
    of("response_code_details", BOTH, ""),
    of("bytes_received", BOTH, ""),
    of("bytes_sent", BOTH, ""),
    of("duration", BOTH, "`request.duration`"),
    of("upstream_cluster", BOTH, ""),
    of("upstream_host", BOTH, ""),
    of("upstream_service_time", BOTH, "otherwise measured, by the filter alone"),
    of("upstream_transport_failure_reason", BOTH, "`upstream.transport_failure_reason`"),
    of("upstream_local_address", BOTH, ""),
    of("downstream_local_address", BOTH, ""),
    of("downstream_remote_address", BOTH, ""),
    of("route_name", BOTH, ""),
    of("requested_server_name", BOTH, ""),
    of("istio_policy_status", &[], ""),
    of("ai_log", BOTH, "`ai_log`, which Higress's plugins write; otherwise made by the filter from calls"),
    of(
        "instance_id",
        BOTH,
        "the key `instance_id`, the pod's name (`POD_NAME`), `instance_id`, `x-instance-id`, the node's id",
    ),
    of("api", BOTH, "parts of the route's name; otherwise `ai_log`"),
    of("model", BOTH, "calls, `x-higress-llm-model`, `ai_log`, the route's name"),
    of("consumer", BOTH, "`x-mse-consumer`; otherwise `ai_log`"),
    of("route", BOTH, ""),
    of("service", BOTH, ""),
    of("mcp_server", BOTH, "`mcp_server_name`, `x-envoy-mcp-server-name`"),
    of("mcp_tool", BOTH, "`mcp_tool_name`, `x-envoy-mcp-tool-name`; otherwise calls, by the filter alone"),
    of("input_tokens", BOTH, "calls, `ai_log`"),
    of("output_tokens", BOTH, "calls, `ai_log`"),
    of("total_tokens", BOTH, "calls, `ai_log`"),
    of("cached_tokens", BOTH, "calls, `ai_log`"),
    of("reasoning_tokens", BOTH, "calls, `ai_log`"),
    of("response_type", BOTH, "calls, `ai_log`"),
    of("time_to_first_token", BOTH, "measured, `ai_log`"),
    of("chat_id", BOTH, "calls, `ai_log`"),
    of(
        "session_id",
        BOTH,
        "`x-openclaw-session-key`, `x-clawdbot-session-key`, `x-moltbot-session-key`, `x-agent-session`, calls, `ai_log`",
    ),
    of("scheme", BOTH, "`:scheme`"),
    of("upstream_path", FILTER, "`:path` when the request ends, if another"),
    of("upstream_attempts", BOTH, ""),
    of("time_to_headers", FILTER, "measured"),
    of("tls_version", BOTH, "`connection.tls_version`"),
    of("mtls", BOTH, "`connection.mtls`"),
    of("request_headers", BOTH, "the headers that `capture.request_headers` names"),
    of("response_headers", BOTH, "the headers that `capture.response_headers` names"),
    of("request_body", FILTER, "the request's body, up to `capture.request_body_bytes`"),
    of("response_body", FILTER, "the response's body, up to `capture.response_body_bytes`"),
    of("response_model", FILTER, "calls"),
    of("grpc_status", BOTH, "`response.grpc_status`"),
    of("provider", FILTER, "`x-higress-llm-provider`, the host, the path, calls"),
    of("cache_write_tokens", FILTER, "calls"),
    of("finish_reason", FILTER, "calls"),
    of("service_tier", FILTER, "calls"),
    of("usage_source", FILTER, "calls"),
    of("cost_nano", INGEST, "the [price table](cost.md)"),
    of("price_id", INGEST, "the [price table](cost.md)"),
];

/// What a field's value comes from: the attribute that the filter reads in one batch with others, and what the table says.
pub fn from(field: &str) -> String {
    let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.fields().contains(&field));
    let read = attribute.map(|attribute| match attribute.source() {
        OfAttribute::Always(path) | OfAttribute::Maybe(path) => format!("`{}`", path.replace('\0', ".")),
        OfAttribute::Renamed(name) => {
            format!("`{}`, in Higress `{}`", name.xds().replace('\0', "."), name.bare().replace('\0', "."))
        }
        OfAttribute::Header(name) => format!("the response's `{name}`"),
    });
    let said = SOURCES.iter().find(|source| source.field == field).map_or("", |source| source.from);
    match read {
        // The route's name is only a part of what these fields come from.
        Some(_) if matches!(field, "api" | "model") => said.to_owned(),
        Some(read) if said.is_empty() => read,
        Some(read) => format!("{read}; {said}"),
        None => said.to_owned(),
    }
}

#[test]
fn every_name_that_the_page_says_a_value_comes_from_is_one_that_the_filter_reads() {
    let mut text = String::new();
    let source = pages::root().join("filter/src");
    read_all(&source, &mut text);
    // Parts of an attribute's path are separated by zero bytes.
    let text = text.replace("\\0", ".");
    for source in SOURCES.iter().filter(|source| source.set_by != INGEST) {
        for name in source.from.split('`').skip(1).step_by(2) {
            // Keys of a section are members of an object.
            let name = name.strip_prefix("capture.").unwrap_or(name);
            assert!(
                text.contains(&format!("\"{name}\"")) || text.contains(&format!(".{name}\"")),
                "{}: {name}",
                source.field
            );
        }
    }
}

fn read_all(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
