//! The exchange turned into an access record, when it is complete.
//!
//! Nearly every value is read as late as this: only now are codes, sizes and flags final, and only now does the gateway
//! show what it shows in its own log. What names the request was kept when it came. Asking is dear, so the headers are
//! asked for once more, and the attributes together; what only some exchanges have is asked for only where it can be.
//!
//! [`Raw`] is what every exchange is asked, [`Facts`] its meaning, [`Extras`] what is asked once the facts are known
//! and the exchange is sampled; [`record`] puts them together.

use std::borrow::Cow;
use std::time::Duration;

use gatelog_record::{AccessRecord, Timestamp};
use serde_json::value::RawValue;

use crate::ai::ai_log::{self, AiLog};
use crate::config::settings::Settings;
use crate::host::headers::Headers;
use crate::host::{HeaderMap, Host, Instant, Time};
use crate::names;
use crate::privacy::capture;
use crate::stream::Exchange;

pub mod attribute_batch;
pub mod attributes;
pub mod instance_id;
pub mod mcp;
pub mod record_id;
pub mod request_headers;
pub mod response_flags;
pub mod sampling;
pub mod trace_id;

use attribute_batch::{Answers, Question, Questions, Values};
use attributes::Naming;
use instance_id::Instance;
use request_headers::{Name, RequestHeaders};
use sampling::Candidate;

/// What a VM remembers between two records.
#[derive(Debug, Default)]
pub struct Memory {
    /// Which names of attributes the gateway answers.
    pub naming: Naming,
    /// Name of the gateway instance.
    pub instance: Instance,
    /// True once any request had an `ai_log`.
    ai_log_seen: bool,
}

/// What the gateway answered, as it gave it.
#[derive(Debug)]
pub struct Raw {
    request: Headers,
    answers: Answers,
}

impl Raw {
    /// Asks about the exchange that has just ended.
    pub fn ask(questions: &mut Questions, naming: &mut Naming, host: &impl Host) -> Self {
        Self { request: host.headers(HeaderMap::Request), answers: questions.ask(naming, host) }
    }
}

/// What the answers mean.
#[derive(Debug)]
pub struct Facts<'a> {
    raw: &'a Raw,
    headers: RequestHeaders<'a>,
    values: Values<'a>,
    start: Time,
    started: Instant,
    duration: Duration,
    flags: i64,
    code: i64,
}

impl<'a> Facts<'a> {
    /// Reads the answers to `questions` about the exchange that ends `now`.
    pub fn read(
        raw: &'a Raw,
        exchange: &'a Exchange,
        questions: &Questions,
        host: &impl Host,
        now: Instant,
    ) -> Self {
        let values = questions.values(&raw.answers);
        let number = |question| values.integer(question).and_then(|number| u64::try_from(number).ok());
        // The start is a time of day, the duration is not, so neither is reckoned from the other where both are known.
        let (start, duration) =
            match (number(Question::Start).map(Time), number(Question::Duration).map(Duration::from_nanos)) {
                (Some(start), Some(duration)) => (start, duration),
                (Some(start), None) => (start, host.wall_time().since(start)),
                (None, Some(duration)) => (host.wall_time().minus(duration), duration),
                (None, None) => (host.wall_time(), Duration::ZERO),
            };
        Self {
            raw,
            headers: RequestHeaders::of(exchange.arrived(), &raw.request),
            values,
            start,
            started: now.minus(duration),
            duration,
            flags: values.integer(Question::Flags).unwrap_or(0),
            code: values.integer(Question::Code).unwrap_or(0),
        }
    }

    /// What sampling looks at.
    pub fn candidate(&self) -> Candidate<'a> {
        Candidate {
            id: self.headers.get(Name::RequestId).or_else(|| self.headers.trace_id()),
            status: self.code,
            flags: self.flags,
            duration: self.duration,
        }
    }

    /// When the exchange ended.
    pub fn end(&self) -> Time {
        self.start.plus(self.duration)
    }

    fn text(&self, question: Question) -> Cow<'a, str> {
        text(Some(self.values.bytes(question)))
    }

    fn size(&self, question: Question) -> i64 {
        self.values.integer(question).unwrap_or(0).max(0)
    }
}

/// What only some exchanges have.
#[derive(Debug, Default)]
pub struct Extras {
    failure: Option<String>,
    tls_version: Option<String>,
    mtls: Option<bool>,
    grpc_status: Option<i64>,
    ai_log: Option<AiLog>,
    mcp_server: Option<String>,
    mcp_tool: Option<String>,
    instance: String,
    request_headers: Option<Box<RawValue>>,
    response_headers: Option<Box<RawValue>>,
    /// True when the request refused to be captured.
    pub capture_refused: bool,
    /// True when an `ai_log` was too large to be read.
    pub ai_log_too_large: bool,
}

impl Extras {
    /// Asks for them where they can be.
    pub fn ask(
        facts: &Facts<'_>,
        exchange: &Exchange,
        settings: &Settings,
        memory: &mut Memory,
        host: &impl Host,
    ) -> Self {
        let headers = &facts.headers;
        // Without a flag there was no failure.
        let failed = facts.flags != 0 && !settings.omitted.has("upstream_transport_failure_reason");
        let failure =
            failed.then(|| attributes::text(host, attributes::UPSTREAM_TRANSPORT_FAILURE_REASON)).flatten();
        // The scheme may be that of a balancer in front, so it alone does not tell.
        let secure = headers.get(Name::Scheme) == Some(b"https");
        let asks = |field| secure && !settings.omitted.has(field);
        let tls_version =
            asks("tls_version").then(|| attributes::text(host, attributes::TLS_VERSION)).flatten();
        let mtls = (asks("mtls") && (tls_version.is_some() || settings.omitted.has("tls_version")))
            .then(|| attributes::boolean(host, attributes::MTLS))
            .flatten();
        // Where the gateway no longer has the headers and trailers, it would make a status up.
        let has_status = headers.is_grpc() && !facts.raw.request.is_empty();
        let grpc_status = (has_status && !settings.omitted.has("grpc_status"))
            .then(|| attributes::integer(host, attributes::RESPONSE_GRPC_STATUS))
            .flatten();
        let (ai_log, ai_log_too_large) = memory.read_ai_log(host, headers.get(Name::Method));
        let mcp = headers.mcp();
        let mut extras = Self {
            failure,
            tls_version,
            mtls,
            grpc_status,
            ai_log,
            ai_log_too_large,
            mcp_server: mcp::server(host, &mcp, exchange.request()),
            mcp_tool: mcp::tool(host, &mcp, exchange.request()),
            instance: memory.instance.name(settings, headers.get(Name::InstanceId), &mut memory.naming, host),
            ..Self::default()
        };
        // The gateway no longer has the request's headers where it does not log the exchange.
        let request = Some(&facts.raw.request).filter(|request| !request.is_empty());
        if let Some(request) = request.or(exchange.arrived()) {
            extras.capture(request, settings, host);
        }
        extras
    }

    fn capture(&mut self, request: &Headers, settings: &Settings, host: &impl Host) {
        let capture = &settings.capture;
        if !capture.has_headers() && !capture.has_bodies() {
            return;
        }
        if capture.is_refused(request) {
            self.capture_refused = true;
            return;
        }
        self.request_headers = capture::headers(&capture.request_headers, request, &settings.redact);
        if !capture.response_headers.is_empty() {
            let response = host.headers(HeaderMap::Response);
            self.response_headers = capture::headers(&capture.response_headers, &response, &settings.redact);
        }
    }
}

/// The record, without its id.
pub fn record<'a>(
    facts: &Facts<'a>,
    extras: &'a Extras,
    exchange: &'a Exchange,
    settings: &Settings,
) -> AccessRecord<'a> {
    // In parts, because a gateway pays for large functions with memory when it compiles them.
    let mut record = AccessRecord::default();
    fill_from_headers(&mut record, facts, settings);
    fill_from_answers(&mut record, facts);
    record.time_to_headers = exchange.headers_at().map(|at| millis(at.since(facts.started)));
    fill_from_extras(&mut record, extras);
    if !extras.capture_refused {
        record.request_body = exchange.request_text();
        record.response_body = exchange.response_text();
    }
    let is_ai = settings.ai.detection && is_ai_call(&record, exchange, facts);
    if extras.ai_log.is_some() || is_ai {
        fill_from_bodies(&mut record, exchange, facts);
    }
    // What was not found was no call of a model, whatever the request looked like.
    if extras.ai_log.is_none() && is_ai && settings.ai.build_log && facts.code != 404 {
        record.ai_log = ai_log::build(&record).map(Cow::Owned);
    }
    record
}

/// True when the place tells of AI calls and so does the request or the answer, or when both do anywhere.
fn is_ai_call(record: &AccessRecord<'_>, exchange: &Exchange, facts: &Facts<'_>) -> bool {
    let place = exchange.is_on_ai_path()
        || facts.headers.get(Name::LlmModel).is_some()
        || names::is_ai_route(&record.route);
    let request = requested_model(exchange, facts).is_some()
        || (exchange.is_ai_upload() && (200..300).contains(&facts.code));
    let signs = [place, request, exchange.has_ai_answer()];
    signs.into_iter().filter(|sign| *sign).count() >= 2
}

/// The model that the request asks for: in its body, its path, or as Higress's model router has read it.
fn requested_model<'a>(exchange: &'a Exchange, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
    let named = exchange.request().and_then(|body| body.model.as_deref()).map(Cow::Borrowed);
    let routed = || facts.headers.get(Name::LlmModel).map(|model| text(Some(model)));
    named.or_else(|| gemini_model(facts)).or_else(routed)
}

fn gemini_model<'a>(facts: &Facts<'a>) -> Option<Cow<'a, str>> {
    let path = text(facts.headers.get(Name::Path));
    match path {
        Cow::Borrowed(path) => names::gemini_model(path).map(Cow::Borrowed),
        Cow::Owned(path) => names::gemini_model(&path).map(|model| Cow::Owned(model.to_owned())),
    }
}

#[inline(never)]
fn fill_from_headers<'a>(record: &mut AccessRecord<'a>, facts: &Facts<'a>, settings: &Settings) {
    let headers = &facts.headers;
    record.trace_id = text(headers.trace_id());
    record.authority = text(headers.get(Name::Authority));
    record.method = text(headers.get(Name::Method));
    record.path = redacted(headers.get(Name::Path), settings);
    record.upstream_path = redacted(headers.rewritten_path(), settings);
    record.scheme = text(headers.get(Name::Scheme));
    record.request_id = text(headers.get(Name::RequestId));
    record.user_agent = text(headers.get(Name::UserAgent));
    record.x_forwarded_for = text(headers.get(Name::ForwardedFor));
    record.consumer = text(headers.get(Name::Consumer));
}

#[inline(never)]
fn fill_from_answers<'a>(record: &mut AccessRecord<'a>, facts: &Facts<'a>) {
    record.start_time = Some(Timestamp::from_nanos(facts.start.0));
    record.duration = millis(facts.duration);
    record.response_code = facts.code;
    record.response_flags = response_flags::text(facts.flags);
    record.response_code_details = facts.text(Question::CodeDetails);
    record.bytes_received = facts.size(Question::BytesReceived);
    record.bytes_sent = facts.size(Question::BytesSent);
    record.protocol = facts.text(Question::Protocol);
    record.upstream_cluster = facts.text(Question::Cluster);
    record.service = part_of(&record.upstream_cluster, names::service);
    record.upstream_host = facts.text(Question::Upstream);
    record.upstream_attempts = facts.values.integer(Question::Attempts).filter(|attempts| *attempts > 0);
    record.upstream_service_time = facts.text(Question::ServiceTime);
    record.upstream_local_address = facts.text(Question::UpstreamLocal);
    record.downstream_local_address = facts.text(Question::Local);
    record.downstream_remote_address = facts.text(Question::Remote);
    record.requested_server_name = facts.text(Question::ServerName);
    record.route_name = match facts.text(Question::Route) {
        route if route.is_empty() => Cow::Borrowed("-"),
        route => route,
    };
    record.route = record.route_name.clone();
    record.api = part_of(&record.route_name, |route| names::api(route).unwrap_or_default());
}

#[inline(never)]
fn fill_from_extras<'a>(record: &mut AccessRecord<'a>, extras: &'a Extras) {
    record.upstream_transport_failure_reason = borrowed(&extras.failure);
    record.tls_version = borrowed(&extras.tls_version);
    record.mtls = extras.mtls.map(i64::from);
    record.grpc_status = extras.grpc_status;
    record.instance_id = extras.instance.as_str().into();
    record.mcp_server = borrowed(&extras.mcp_server);
    record.mcp_tool = borrowed(&extras.mcp_tool);
    record.request_headers = extras.request_headers.as_deref().map(Cow::Borrowed);
    record.response_headers = extras.response_headers.as_deref().map(Cow::Borrowed);
    if let Some(log) = &extras.ai_log {
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

/// Fills the models, and what `ai_log` left open.
fn fill_from_bodies<'a>(record: &mut AccessRecord<'a>, exchange: &'a Exchange, facts: &Facts<'a>) {
    let response = exchange.response();
    record.response_model = response.and_then(|body| body.model.as_deref()).unwrap_or_default().into();
    // Higress's plugins log the model that answered.
    if let Some(model) = requested_model(exchange, facts) {
        record.model = model;
    }
    if record.model.is_empty() {
        record.model = record.response_model.clone();
    }
    if record.session_id.is_empty() {
        record.session_id = text(facts.headers.get(Name::Session));
    }
    let Some(body) = response else { return };
    if record.chat_id.is_empty() {
        record.chat_id = borrowed(&body.chat_id);
    }
    if record.response_type.is_empty() {
        record.response_type = if exchange.is_streamed() { "stream" } else { "normal" }.into();
    }
    record.time_to_first_token = record
        .time_to_first_token
        .or_else(|| exchange.first_part().map(|first| millis(first.since(facts.started))));
    record.input_tokens = record.input_tokens.or(body.input_tokens);
    record.output_tokens = record.output_tokens.or(body.output_tokens);
    record.total_tokens = record.total_tokens.or_else(|| body.total_tokens());
    record.cached_tokens = record.cached_tokens.or_else(|| body.cached());
    record.reasoning_tokens = record.reasoning_tokens.or(body.reasoning_tokens);
}

impl Memory {
    /// The `ai_log`, and whether there was one that is too large.
    fn read_ai_log(&mut self, host: &impl Host, method: Option<&[u8]>) -> (Option<AiLog>, bool) {
        // Calls of models are no GET; asking for every GET would be paid by gateways without AI.
        if !self.ai_log_seen && matches!(method, None | Some(b"GET" | b"HEAD" | b"OPTIONS")) {
            return (None, false);
        }
        let raw = host.attribute(attributes::AI_LOG);
        let too_large = raw.as_ref().is_some_and(|raw| raw.len() > ai_log::MAX_BYTES);
        let log = raw.and_then(ai_log::decode);
        self.ai_log_seen |= log.is_some();
        (log, too_large)
    }
}

fn redacted<'a>(path: Option<&'a [u8]>, settings: &Settings) -> Cow<'a, str> {
    let path = text(path);
    match settings.redact.path(&path) {
        Cow::Owned(redacted) => Cow::Owned(redacted),
        Cow::Borrowed(_) => path,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A part of a text, borrowed from where the text is.
fn part_of<'a>(whole: &Cow<'a, str>, part: impl Fn(&str) -> &str) -> Cow<'a, str> {
    match whole {
        Cow::Borrowed(text) => Cow::Borrowed(part(text)),
        Cow::Owned(text) => Cow::Owned(part(text).to_owned()),
    }
}

// Not inlined: thirty copies of it would make one large function.
#[inline(never)]
fn text(value: Option<&[u8]>) -> Cow<'_, str> {
    // Looks at the bytes of plain ASCII faster than the lossy conversion does.
    let text =
        |bytes| std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    value.map(text).unwrap_or_default()
}

fn borrowed(text: &Option<String>) -> Cow<'_, str> {
    text.as_deref().unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
