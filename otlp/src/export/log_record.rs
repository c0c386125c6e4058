//! One access record as one log record.

use gatelog_record::json::write::write_text;
use gatelog_record::{AccessRecord, Timestamp};

use super::json::Attributes;
use super::{fields, operation};
use crate::grpc_status;

/// The name of the event that a log record describes.
pub const EVENT_NAME: &str = "gatelog.request";

/// Appends a log record. `now` is used as the time of a record without one; `currency` is that of the price table.
pub fn write(out: &mut Vec<u8>, record: &AccessRecord<'_>, now: Timestamp, currency: Option<&str>) {
    let start = record.start_time.unwrap_or(now).as_micros();
    let end = start.saturating_add(record.duration.max(0).saturating_mul(1_000));
    out.extend_from_slice(b"{\"timeUnixNano\":\"");
    write_nanos(out, start);
    out.extend_from_slice(b"\",\"observedTimeUnixNano\":\"");
    write_nanos(out, end);
    let (number, text) = severity(record);
    out.extend_from_slice(format!("\",\"severityNumber\":{number},\"severityText\":\"{text}\"").as_bytes());
    out.extend_from_slice(b",\"eventName\":");
    write_text(out, EVENT_NAME);
    out.extend_from_slice(b",\"body\":{\"stringValue\":");
    write_text(out, &summary(record));
    out.extend_from_slice(b"},\"attributes\":");
    let mut attributes = Attributes::new(out);
    fields::write(&mut attributes, record);
    let trace_id = trace_id(&record.trace_id);
    if trace_id.is_none() && !record.trace_id.is_empty() {
        attributes.text("gatelog.trace_id", &record.trace_id);
    }
    if let Some(error) = error_type(record) {
        attributes.text("error.type", &error);
    }
    if let Some(operation) = operation::name(record) {
        attributes.text("gen_ai.operation.name", operation);
    }
    if !record.mcp_tool.is_empty() {
        attributes.text("mcp.method.name", "tools/call");
    }
    if let (Some(_), Some(currency)) = (record.cost_nano, currency) {
        attributes.text("gatelog.cost_currency", currency);
    }
    attributes.finish();
    if let Some(trace_id) = trace_id {
        out.extend_from_slice(b",\"traceId\":");
        write_text(out, &trace_id);
    }
    out.push(b'}');
}

/// The severity by the status, as OpenTelemetry numbers it.
fn severity(record: &AccessRecord<'_>) -> (u8, &'static str) {
    match record.response_code {
        500.. => (17, "ERROR"),
        _ if is_server_error(record.grpc_status) => (17, "ERROR"),
        // 0: the client got no response.
        400..500 | ..=0 => (13, "WARN"),
        _ if record.grpc_status.is_some_and(|status| status != 0) => (13, "WARN"),
        _ => (9, "INFO"),
    }
}

/// What failed, if the server is to blame or the client got no response.
fn error_type(record: &AccessRecord<'_>) -> Option<String> {
    match record.response_code {
        status @ 500.. => Some(status.to_string()),
        ..=0 => {
            let flag = record.response_flags.split(',').next().map(str::trim);
            Some(flag.filter(|flag| !matches!(*flag, "" | "-")).unwrap_or("_OTHER").to_owned())
        }
        _ if is_server_error(record.grpc_status) => {
            record.grpc_status.and_then(grpc_status::name).map(ToOwned::to_owned)
        }
        _ => None,
    }
}

/// The codes of gRPC that OpenTelemetry's conventions take for errors of a server.
fn is_server_error(grpc_status: Option<i64>) -> bool {
    matches!(grpc_status, Some(2 | 4 | 12 | 13 | 14 | 15))
}

/// The text that log viewers show: method, path and status.
fn summary(record: &AccessRecord<'_>) -> String {
    let path = record.path.split_once('?').map_or(&*record.path, |(path, _)| path);
    let status = record.response_code;
    [&*record.method, path, &status.to_string()].into_iter().filter(|part| !part.is_empty()).fold(
        String::new(),
        |mut text, part| {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(part);
            text
        },
    )
}

/// The trace id as 32 hexadecimal digits. An id of 64 bits, as B3 has, is the lower half of one of 128.
fn trace_id(text: &str) -> Option<String> {
    let is_valid = matches!(text.len(), 16 | 32)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    is_valid.then(|| format!("{:0>32}", text.to_ascii_lowercase()))
}

/// Nanoseconds have 64 bits, which the end of an absurdly long request would exceed.
fn write_nanos(out: &mut Vec<u8>, micros: i64) {
    let nanos = u64::try_from(micros).unwrap_or(0).saturating_mul(1_000);
    out.extend_from_slice(nanos.to_string().as_bytes());
}
