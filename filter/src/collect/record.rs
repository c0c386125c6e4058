//! Fills the fields of the access record.

use std::borrow::Cow;

use gatelog_record::{AccessRecord, Timestamp, higress};

use crate::ai::ai_log::{self, AiLog};
use crate::collect::ai_call;
use crate::collect::attributes::{Attributes, borrowed, millis, text};
use crate::collect::late_attributes::LateAttributes;
use crate::collect::request_headers::Name;
use crate::collect::response_flags;
use crate::collect::trace_id::TraceId;
use crate::config::settings::Settings;
use crate::host::attribute_values::Attribute;
use crate::stream::{RequestEnd, Stream};

/// The record, without its id.
pub fn build<'a>(
    attributes: &Attributes<'a>,
    late: &'a LateAttributes,
    stream: &'a Stream,
    settings: &Settings,
) -> AccessRecord<'a> {
    // In parts, because large functions take more of the gateway's memory when it compiles them.
    let mut record = AccessRecord::default();
    fill_from_headers(&mut record, attributes);
    fill_from_attributes(&mut record, attributes);
    record.time_to_headers = attributes.time_to_headers.map(millis);
    let wants_service_time = !settings.omitted.has("upstream_service_time");
    if record.upstream_service_time.is_empty() && wants_service_time && is_of_upstream(&record, attributes) {
        record.upstream_service_time = service_time(stream, attributes).unwrap_or_default();
    }
    fill_from_late(&mut record, late);
    if !late.capture_refused {
        record.request_body = stream.request_text();
        record.response_body = stream.response_text();
    }
    settings.redact.texts_of(&mut record);
    let is_ai = settings.ai.detection && ai_call::is_one(&record, stream, attributes);
    if late.ai_log.is_some() || is_ai {
        ai_call::fill(&mut record, stream, attributes);
    }
    // A 404 is not a model call, whatever the request looks like.
    if late.ai_log.is_none() && is_ai && settings.ai.build_log && attributes.code != 404 {
        record.ai_log = ai_log::build(&record).map(Cow::Owned);
    }
    record
}

#[inline(never)]
fn fill_from_headers<'a>(record: &mut AccessRecord<'a>, attributes: &Attributes<'a>) {
    let headers = &attributes.headers;
    record.trace_id = match headers.trace_id().map(TraceId::text) {
        Some(Cow::Owned(id)) => Cow::Owned(String::from_utf8_lossy(&id).into_owned()),
        Some(Cow::Borrowed(id)) => text(Some(id)),
        None => Cow::default(),
    };
    record.authority = text(headers.get(Name::Authority));
    record.method = text(headers.get(Name::Method));
    record.path = text(headers.get(Name::Path));
    record.upstream_path = text(headers.rewritten_path());
    record.scheme = text(headers.get(Name::Scheme));
    record.request_id = text(headers.get(Name::RequestId));
    record.user_agent = text(headers.get(Name::UserAgent));
    record.x_forwarded_for = text(headers.get(Name::ForwardedFor));
    record.consumer = text(headers.get(Name::Consumer));
}

#[inline(never)]
fn fill_from_attributes<'a>(record: &mut AccessRecord<'a>, attributes: &Attributes<'a>) {
    record.start_time = Some(Timestamp::from_nanos(attributes.start.0));
    record.duration = millis(attributes.duration);
    record.response_code = attributes.code;
    record.response_flags = response_flags::text(attributes.flags);
    record.response_code_details = attributes.text(Attribute::CodeDetails);
    record.bytes_received = size(attributes, Attribute::BytesReceived);
    record.bytes_sent = size(attributes, Attribute::BytesSent);
    record.protocol = attributes.text(Attribute::Protocol);
    record.upstream_cluster = attributes.text(Attribute::Cluster);
    record.service = part_of(&record.upstream_cluster, higress::service);
    record.upstream_host = attributes.text(Attribute::Upstream);
    record.upstream_attempts = attributes.integer(Attribute::Attempts).filter(|attempts| *attempts > 0);
    record.upstream_service_time = attributes.text(Attribute::ServiceTime);
    record.upstream_local_address = attributes.text(Attribute::UpstreamLocal);
    record.downstream_local_address = attributes.text(Attribute::Local);
    record.downstream_remote_address = attributes.text(Attribute::Remote);
    record.requested_server_name = attributes.text(Attribute::ServerName);
    record.route_name = match attributes.text(Attribute::Route) {
        route if route.is_empty() => Cow::Borrowed("-"),
        route => route,
    };
    record.route = record.route_name.clone();
    record.api = part_of(&record.route_name, |route| higress::api(route).unwrap_or_default());
}

#[inline(never)]
fn fill_from_late<'a>(record: &mut AccessRecord<'a>, late: &'a LateAttributes) {
    record.upstream_transport_failure_reason = borrowed(&late.failure);
    record.tls_version = borrowed(&late.tls_version);
    record.mtls = late.mtls.map(i64::from);
    record.grpc_status = late.grpc_status;
    record.instance_id = late.instance_id.as_str().into();
    record.mcp_server = borrowed(&late.mcp_server);
    record.mcp_tool = borrowed(&late.mcp_tool);
    record.request_headers = late.request_headers.as_deref().map(Cow::Borrowed);
    record.response_headers = late.response_headers.as_deref().map(Cow::Borrowed);
    if let Some(log) = &late.ai_log {
        fill_from_ai_log(record, log);
    }
}

fn fill_from_ai_log<'a>(record: &mut AccessRecord<'a>, log: &'a AiLog) {
    record.ai_log = Some(Cow::Borrowed(&log.json));
    let log = &log.members;
    record.model = borrowed(&log.model);
    record.chat_id = borrowed(&log.chat_id);
    record.session_id = borrowed(&log.session_id);
    record.response_type = borrowed(&log.response_type);
    record.input_tokens = log.input_tokens;
    record.output_tokens = log.output_tokens;
    record.total_tokens = log.total_tokens;
    record.cached_tokens = log.cached_tokens;
    record.reasoning_tokens = log.reasoning_tokens;
    record.time_to_first_token = log.time_to_first_token;
    if record.api.is_empty() {
        record.api = borrowed(&log.api);
    }
    if record.consumer.is_empty() {
        record.consumer = borrowed(&log.consumer);
    }
}

/// True when the response headers are those of an upstream host, not of the gateway because the host failed.
fn is_of_upstream(record: &AccessRecord<'_>, attributes: &Attributes<'_>) -> bool {
    let details = &*record.response_code_details;
    !record.upstream_host.is_empty()
        && if details.is_empty() {
            attributes.flags == 0
        } else {
            details == "via_upstream" || details.starts_with("upstream_reset_after_response_started")
        }
}

/// The upstream's time where the gateway does not add the header for it, measured as by the gateway: from the end of the
/// request to the response headers. `None` when the response headers came first.
fn service_time(stream: &Stream, attributes: &Attributes<'_>) -> Option<Cow<'static, str>> {
    let requested = match stream.request_end() {
        RequestEnd::Unknown => return None,
        RequestEnd::WithHeaders => attributes.started,
        RequestEnd::At(end) => end,
    };
    let answered = stream.headers_at().filter(|answered| *answered >= requested)?;
    Some(millis(answered.since(requested)).to_string().into())
}

fn size(attributes: &Attributes<'_>, attribute: Attribute) -> i64 {
    attributes.integer(attribute).unwrap_or(0).max(0)
}

/// A part of a text, borrowed from the same owner.
fn part_of<'a>(whole: &Cow<'a, str>, part: impl Fn(&str) -> &str) -> Cow<'a, str> {
    match whole {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(text).to_owned()),
    }
}
