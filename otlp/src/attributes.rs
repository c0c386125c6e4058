//! The one table that relates the names of log attributes to fields of the access record.
//!
//! A row gives a name, the field that it stands for, how its value relates to the field's, and whether gatelog writes it.
//! Every row is read, except costs ([`Conversion::Money`]). A field's rows stand together, the name that is written first; when a log record has several names
//! of one field, the first of them that has a value holds.
//!
//! Beside the rows, each field is read under its own name ([`gatelog_record::FIELDS`]), with the prefix [`OWN_PREFIX`] or
//! without. The prefixed name is also what is written for a field that OpenTelemetry has no name for.

use std::collections::HashMap;
use std::sync::OnceLock;

use gatelog_record::FIELDS;

/// Precedes the name of a field for which OpenTelemetry has no name: `gatelog.upstream_cluster`.
pub const OWN_PREFIX: &str = "gatelog.";

/// Fields that OTLP has a place of its own for, beside the attributes of the log record, and the name of that place.
pub const PLACES: [(&str, &str); 3] =
    [("start_time", "timeUnixNano"), ("trace_id", "traceId"), ("instance_id", "service.instance.id")];

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute's name. With [`Conversion::Header`] it ends with a dot, and a header's name follows it.
    pub name: &'static str,
    /// The field's name in the record.
    pub field: &'static str,
    /// How the two values relate.
    pub conversion: Conversion,
    /// Whether the field is written under this name. A field may be written as several attributes (path and query).
    pub written: bool,
}

/// How an attribute's value relates to the field's, in both directions. Whatever the conversion, a text that holds the
/// value is read as well as the value itself, and an empty text or `-` means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The same value: a text, a whole number, a time (RFC 3339) or a JSON value, as the field's kind says.
    Same,
    /// Seconds with a fraction; the field has whole milliseconds.
    Seconds,
    /// An amount of the price table's currency with a fraction; the field has billionths of it. Written only, because
    /// nobody but ingest says what a call costs.
    Money,
    /// An array of texts; the field has one text. Read: the texts joined with `, `.
    Texts,
    /// The path of the field without its query string.
    UrlPath,
    /// The query string of the field, without `?`; not written when there is none.
    UrlQuery,
    /// A whole URL, of which the path and the query string are the field's. Never written.
    Url,
    /// The host or IP address of the field, without its port and without brackets.
    Host,
    /// The port of the field, a whole number; not written when there is none.
    Port,
    /// `1.1`, `2`, `3`; the field has `HTTP/1.1`, `HTTP/2`, `HTTP/3`.
    HttpVersion,
    /// `1.3`; the field has `TLSv1.3`.
    TlsVersion,
    /// Whether the response is streamed; the field has `stream` or `normal`.
    Streamed,
    /// The name of a gRPC status (`DEADLINE_EXCEEDED`); the field has its number. See [`crate::grpc_status`].
    GrpcStatus,
    /// How often the request was sent again; the field has how often it was sent. Never written.
    Resends,
    /// A W3C `traceparent`; the field has its trace id. Never written.
    TraceParent,
    /// A header: the field has an object of them by name, the attribute has an array with the texts of one.
    Header,
}

const fn written(field: &'static str, name: &'static str, conversion: Conversion) -> Attribute {
    Attribute { name, field, conversion, written: true }
}

const fn read(field: &'static str, name: &'static str, conversion: Conversion) -> Attribute {
    Attribute { name, field, conversion, written: false }
}

use Conversion::*;

/// The table.
pub const ATTRIBUTES: &[Attribute] = &[
    written("record_id", "log.record.uid", Same),
    read("start_time", "@timestamp", Same),
    read("trace_id", "traceparent", TraceParent),
    read("trace_id", "x-b3-traceid", Same),
    written("authority", "server.address", Host),
    written("authority", "server.port", Port),
    read("authority", ":authority", Same),
    read("authority", "host", Same),
    read("authority", "http.host", Same),
    read("authority", "net.host.name", Host),
    read("authority", "net.host.port", Port),
    written("method", "http.request.method", Same),
    read("method", ":method", Same),
    read("method", "request_method", Same),
    read("method", "http.method", Same),
    written("path", "url.path", UrlPath),
    written("path", "url.query", UrlQuery),
    read("path", "x-envoy-original-path", Same),
    read("path", "x-envoy-origin-path", Same),
    read("path", ":path", Same),
    read("path", "request_path", Same),
    read("path", "http.target", Same),
    read("path", "url.full", Url),
    read("path", "http.url", Url),
    written("protocol", "network.protocol.version", HttpVersion),
    read("protocol", "http.flavor", HttpVersion),
    written("request_id", "http.request.header.x-request-id", Texts),
    read("request_id", "x-request-id", Same),
    read("request_id", "guid:x-request-id", Same),
    written("user_agent", "user_agent.original", Same),
    read("user_agent", "http.user_agent", Same),
    read("user_agent", "http.request.header.user-agent", Texts),
    written("x_forwarded_for", "http.request.header.x-forwarded-for", Texts),
    written("response_code", "http.response.status_code", Same),
    read("response_code", ":status", Same),
    read("response_code", "status", Same),
    read("response_code", "status_code", Same),
    read("response_code", "http.status_code", Same),
    written("bytes_received", "http.request.size", Same),
    read("bytes_received", "http.request.body.size", Same),
    read("bytes_received", "request_size", Same),
    read("bytes_received", "http.request_content_length", Same),
    written("bytes_sent", "http.response.size", Same),
    read("bytes_sent", "http.response.body.size", Same),
    read("bytes_sent", "response_size", Same),
    read("bytes_sent", "http.response_content_length", Same),
    written("duration", "http.server.request.duration", Seconds),
    read("duration", "request_duration", Same),
    read("duration", "duration_ms", Same),
    read("upstream_cluster", "upstream_cluster.name", Same),
    read("upstream_host", "upstream_address", Same),
    read("upstream_service_time", "x-envoy-upstream-service-time", Same),
    read("downstream_local_address", "network.local.address", Host),
    read("downstream_local_address", "network.local.port", Port),
    written("downstream_remote_address", "client.address", Host),
    written("downstream_remote_address", "client.port", Port),
    read("downstream_remote_address", "network.peer.address", Host),
    read("downstream_remote_address", "network.peer.port", Port),
    read("downstream_remote_address", "net.peer.ip", Host),
    read("downstream_remote_address", "net.peer.port", Port),
    read("downstream_remote_address", "http.client_ip", Host),
    read("route_name", "http.route", Same),
    written("requested_server_name", "tls.client.server_name", Same),
    written("instance_id", "service.instance.id", Same),
    read("instance_id", "k8s.pod.name", Same),
    read("instance_id", "node_name", Same),
    read("instance_id", "host.name", Same),
    written("model", "gen_ai.request.model", Same),
    read("model", "llm.request.model", Same),
    read("model", "genai_model_name", Same),
    read("model", "x-ai-eg-model", Same),
    written("consumer", "enduser.id", Same),
    read("consumer", "user.id", Same),
    read("consumer", "x-mse-consumer", Same),
    read("mcp_server", "mcp.server.name", Same),
    written("mcp_tool", "gen_ai.tool.name", Same),
    read("mcp_tool", "mcp.tool.name", Same),
    written("input_tokens", "gen_ai.usage.input_tokens", Same),
    read("input_tokens", "gen_ai.usage.prompt_tokens", Same),
    read("input_tokens", "llm.usage.prompt_tokens", Same),
    read("input_tokens", "llm.token_count.prompt", Same),
    read("input_tokens", "llm_input_token", Same),
    read("input_tokens", "genai_tokens_input", Same),
    written("output_tokens", "gen_ai.usage.output_tokens", Same),
    read("output_tokens", "gen_ai.usage.completion_tokens", Same),
    read("output_tokens", "llm.usage.completion_tokens", Same),
    read("output_tokens", "llm.token_count.completion", Same),
    read("output_tokens", "llm_output_token", Same),
    read("output_tokens", "genai_tokens_output", Same),
    written("total_tokens", "gen_ai.usage.total_tokens", Same),
    read("total_tokens", "llm.usage.total_tokens", Same),
    read("total_tokens", "llm.token_count.total", Same),
    read("total_tokens", "llm_total_token", Same),
    read("total_tokens", "genai_tokens_total", Same),
    written("cached_tokens", "gen_ai.usage.cache_read.input_tokens", Same),
    read("cached_tokens", "gen_ai.usage.cache_read_input_tokens", Same),
    read("cached_tokens", "gen_ai.usage.cached_tokens", Same),
    read("cached_tokens", "llm_cached_input_token", Same),
    written("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens", Same),
    read("reasoning_tokens", "gen_ai.usage.reasoning_tokens", Same),
    written("response_type", "gen_ai.request.stream", Streamed),
    read("response_type", "llm.is_streaming", Streamed),
    written("time_to_first_token", "gen_ai.response.time_to_first_chunk", Seconds),
    read("time_to_first_token", "gen_ai.server.time_to_first_token", Seconds),
    written("chat_id", "gen_ai.response.id", Same),
    written("session_id", "session.id", Same),
    read("session_id", "gen_ai.conversation.id", Same),
    read("session_id", "mcp.session.id", Same),
    read("session_id", "mcp-session-id", Same),
    written("scheme", "url.scheme", Same),
    read("scheme", ":scheme", Same),
    read("scheme", "http.scheme", Same),
    read("scheme", "x-forwarded-proto", Same),
    read("upstream_attempts", "upstream_request_attempt_count", Same),
    read("upstream_attempts", "http.request.resend_count", Resends),
    read("time_to_headers", "response_duration", Same),
    written("tls_version", "tls.protocol.version", TlsVersion),
    read("tls_version", "downstream_tls_version", TlsVersion),
    written("request_headers", "http.request.header.", Header),
    written("response_headers", "http.response.header.", Header),
    read("request_body", "http.request.body.content", Same),
    read("response_body", "http.response.body.content", Same),
    written("response_model", "gen_ai.response.model", Same),
    read("response_model", "llm.response.model", Same),
    read("response_model", "llm.model_name", Same),
    written("grpc_status", "rpc.response.status_code", GrpcStatus),
    read("grpc_status", "rpc.grpc.status_code", GrpcStatus),
    read("grpc_status", "grpc_status", GrpcStatus),
    read("grpc_status", "grpc_status_number", GrpcStatus),
    written("provider", "gen_ai.provider.name", Same),
    read("provider", "gen_ai.system", Same),
    read("provider", "llm.provider", Same),
    written("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens", Same),
    read("cache_write_tokens", "gen_ai.usage.cache_creation_input_tokens", Same),
    read("cache_write_tokens", "llm_cache_creation_input_token", Same),
    written("finish_reason", "gen_ai.response.finish_reasons", Texts),
    read("finish_reason", "gen_ai.response.finish_reason", Same),
    written("service_tier", "openai.response.service_tier", Same),
    read("service_tier", "gen_ai.openai.response.service_tier", Same),
    written("cost_nano", "gen_ai.usage.cost", Money),
];

/// The rows under which `field` is written, in the order of the table. None means that it is written under its own name
/// with [`OWN_PREFIX`], unless the log record has a place of its own for it (trace id, time).
pub fn written_as(field: &str) -> impl Iterator<Item = &'static Attribute> {
    ATTRIBUTES.iter().filter(move |attribute| attribute.written && attribute.field == field)
}

/// What an attribute of this name stands for, and its rank: the lowest of a field holds. Letters are compared without
/// case, and `-` and `_` as the same (`User-Agent`, `user_agent`).
pub fn find(name: &str) -> Option<(usize, Attribute)> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let folded = fold(name);
    let index = index();
    if let Some(found) = index.names.get(folded.as_str()) {
        return Some(*found);
    }
    index.headers.iter().find(|(prefix, _)| folded.starts_with(prefix.as_str())).map(|(_, found)| *found)
}

/// Longest name that is looked up, in bytes; any other is unknown.
const LONGEST_NAME: usize = 128;

struct Index {
    names: HashMap<String, (usize, Attribute)>,
    headers: Vec<(String, (usize, Attribute))>,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let own = FIELDS.iter().flat_map(|field| {
            let own = Attribute { name: field.name, ..read(field.name, field.name, Same) };
            [(format!("{OWN_PREFIX}{}", field.name), own), (field.name.to_owned(), own)]
        });
        let (prefixes, rows): (Vec<Attribute>, Vec<_>) =
            ATTRIBUTES.iter().partition(|attribute| attribute.conversion == Header);
        let rows = rows.into_iter().map(|attribute| (attribute.name.to_owned(), attribute));
        // A row with the name of a field says how its value is read, so rows come last.
        let names =
            own.chain(rows).enumerate().map(|(rank, (name, attribute))| (fold(&name), (rank, attribute)));
        let names: HashMap<_, _> = names.collect();
        let last = names.len() * 2;
        let headers =
            prefixes.into_iter().map(|attribute| (fold(attribute.name), (last, attribute))).collect();
        Index { names, headers }
    })
}

/// The form in which names are compared.
fn fold(name: &str) -> String {
    name.chars().map(|char| if char == '-' { '_' } else { char.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_row_names_a_field_of_the_record() {
        for attribute in ATTRIBUTES {
            assert!(gatelog_record::fields::field(attribute.field).is_some(), "{attribute:?}");
        }
    }

    #[test]
    fn no_name_stands_for_two_fields() {
        let mut names = HashSet::new();
        for attribute in ATTRIBUTES {
            assert!(names.insert(fold(attribute.name)), "{} is there twice", attribute.name);
            let own = gatelog_record::fields::field(&fold(attribute.name));
            assert!(own.is_none_or(|own| own.name == attribute.field), "{attribute:?}");
        }
    }

    #[test]
    fn the_rows_of_a_field_stand_together_and_the_written_ones_first() {
        let mut seen = HashSet::new();
        for pair in ATTRIBUTES.windows(2) {
            let [before, after] = pair else { unreachable!() };
            if before.field == after.field {
                assert!(before.written || !after.written, "{after:?}");
            } else {
                assert!(seen.insert(before.field), "{before:?}");
            }
        }
    }

    #[test]
    fn every_field_is_found_by_its_own_name_and_every_row_by_its() {
        for field in FIELDS {
            for name in [field.name.to_owned(), format!("{OWN_PREFIX}{}", field.name)] {
                assert_eq!(find(&name).unwrap().1.field, field.name, "{name}");
            }
        }
        for attribute in ATTRIBUTES {
            assert_eq!(find(attribute.name).unwrap().1, *attribute);
        }
    }

    #[test]
    fn names_are_compared_without_case_and_without_the_kind_of_dash() {
        for (name, field) in [
            ("User-Agent", Some("user_agent")),
            ("X-REQUEST-ID", Some("request_id")),
            ("http.request.header.x_request_id", Some("request_id")),
            ("http.request.header.accept", Some("request_headers")),
            ("HTTP.Response.Header.Server", Some("response_headers")),
            ("http.method", Some("method")),
            ("gatelog.duration", Some("duration")),
            ("duration", Some("duration")),
            ("cluster_name", None),
            ("", None),
        ] {
            assert_eq!(find(name).map(|(_, attribute)| attribute.field), field, "{name}");
        }
        assert_eq!(find(&"x".repeat(LONGEST_NAME + 1)), None);
    }
}
