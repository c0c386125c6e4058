//! The exchange turned into an access record, when it is complete.
//!
//! Every value is read as late as this: only now are codes, sizes and flags final, and only now does the gateway
//! show what it shows in its own log. Asking is dear, so each header map is asked for once, and an attribute only
//! when it can have a value.

use std::borrow::Cow;
use std::rc::Rc;

use gatelog_record::{AccessRecord, Timestamp};

use crate::ai_log::{self, AiLog};
use crate::attributes::{self, Naming};
use crate::config::Config;
use crate::connection::{Connection, Connections};
use crate::exchange::Exchange;
use crate::flags;
use crate::headers::Headers;
use crate::host::{HeaderMap, Host, Time};
use crate::instance::Instance;
use crate::mcp::{self, McpHeaders};
use crate::names;

/// What a VM remembers between two records.
#[derive(Debug, Default)]
pub struct Memory {
    /// Which names of attributes the gateway answers.
    pub naming: Naming,
    /// The latest client connections.
    pub connections: Connections,
    /// Name of the gateway instance.
    pub instance: Instance,
    /// True once any request had an `ai_log`.
    ai_log_seen: bool,
}

/// Everything a record is made of, as the gateway gave it.
#[derive(Debug)]
pub struct Sources {
    request: Headers,
    response: Headers,
    connection: Rc<Connection>,
    start: Time,
    duration_ms: i64,
    flags: i64,
    code: i64,
    code_details: Option<String>,
    bytes_received: i64,
    bytes_sent: i64,
    route: Option<String>,
    cluster: Option<String>,
    upstream: Option<String>,
    upstream_local: Option<String>,
    failure: Option<String>,
    remote: Option<String>,
    ai_log: Option<AiLog>,
    mcp_server: Option<String>,
    mcp_tool: Option<String>,
    instance: String,
}

/// The request headers that a record is made of.
#[derive(Debug, Default)]
struct RequestHeaders<'a> {
    method: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    original_path: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    original_host: Option<&'a [u8]>,
    request_id: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
    forwarded_for: Option<&'a [u8]>,
    b3_trace_id: Option<&'a [u8]>,
    b3: Option<&'a [u8]>,
    traceparent: Option<&'a [u8]>,
    consumer: Option<&'a [u8]>,
    instance_id: Option<&'a [u8]>,
    llm_model: Option<&'a [u8]>,
    session: Option<&'a [u8]>,
    mcp: McpHeaders<'a>,
}

impl Sources {
    /// Asks the gateway for everything about the exchange that has just ended.
    pub fn read(
        exchange: &Exchange,
        config: &Config,
        memory: &mut Memory,
        host: &impl Host,
        now: Time,
    ) -> Self {
        let request = host.headers(HeaderMap::Request);
        let response = host.headers(HeaderMap::Response);
        let headers = RequestHeaders::read(&request);

        let duration = attributes::duration(host, attributes::REQUEST_DURATION);
        let start = match duration {
            Some(duration) => now.minus(duration),
            None => attributes::time(host, attributes::REQUEST_TIME).unwrap_or(now),
        };
        let duration_ms = i64::try_from(duration.unwrap_or_else(|| now.since(start)).as_millis());
        let flags = attributes::integer(host, attributes::RESPONSE_FLAGS).unwrap_or(0);
        let status =
            response.get(":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        let code = status.or_else(|| attributes::integer(host, attributes::RESPONSE_CODE)).unwrap_or(0);
        let size = |path| attributes::integer(host, path).unwrap_or(0).max(0);

        let route = memory.naming.read(host, attributes::ROUTE_NAME);
        let cluster = memory.naming.read(host, attributes::CLUSTER_NAME);
        // Without a cluster there was no upstream.
        let of_upstream = |path| cluster.as_ref().and_then(|_| attributes::text(host, path));
        let upstream = of_upstream(attributes::UPSTREAM_ADDRESS);
        let upstream_local =
            upstream.as_ref().and_then(|_| attributes::text(host, attributes::UPSTREAM_LOCAL_ADDRESS));
        let failure =
            if flags == 0 { None } else { of_upstream(attributes::UPSTREAM_TRANSPORT_FAILURE_REASON) };

        let mcp_server = mcp::server(host, &headers.mcp, exchange.request());
        let mcp_tool = mcp::tool(host, &headers.mcp, exchange.request());
        let ai_log = memory.read_ai_log(host, headers.method);
        let instance = memory.instance.name(config, headers.instance_id, &mut memory.naming, host);
        Self {
            connection: memory.connections.current(host),
            start,
            duration_ms: duration_ms.unwrap_or(i64::MAX),
            flags,
            code,
            code_details: attributes::text(host, attributes::RESPONSE_CODE_DETAILS),
            bytes_received: size(attributes::REQUEST_TOTAL_SIZE),
            bytes_sent: size(attributes::RESPONSE_TOTAL_SIZE),
            route,
            cluster,
            upstream,
            upstream_local,
            failure,
            remote: attributes::text(host, attributes::SOURCE_ADDRESS),
            ai_log,
            mcp_server,
            mcp_tool,
            instance,
            request,
            response,
        }
    }

    /// The record, without its id.
    pub fn record<'a>(&'a self, exchange: &'a Exchange, config: &Config) -> AccessRecord<'a> {
        let headers = RequestHeaders::read(&self.request);
        let route = self.route.as_deref().unwrap_or("-");
        let cluster = self.cluster.as_deref().unwrap_or_default();
        let path = text(headers.original_path.or(headers.path));
        let mut record = AccessRecord {
            start_time: Some(Timestamp::from_nanos(self.start.0)),
            trace_id: text(crate::trace::id(headers.b3_trace_id, headers.b3, headers.traceparent)),
            authority: text(headers.original_host.or(headers.authority)),
            method: text(headers.method),
            path: match config.redact.path(&path) {
                Cow::Owned(redacted) => Cow::Owned(redacted),
                Cow::Borrowed(_) => path,
            },
            protocol: self.connection.protocol.as_str().into(),
            request_id: text(headers.request_id),
            user_agent: text(headers.user_agent),
            x_forwarded_for: text(headers.forwarded_for),
            response_code: self.code,
            response_flags: flags::text(self.flags),
            response_code_details: borrowed(&self.code_details),
            bytes_received: self.bytes_received,
            bytes_sent: self.bytes_sent,
            duration: self.duration_ms,
            upstream_cluster: cluster.into(),
            upstream_host: borrowed(&self.upstream),
            upstream_service_time: text(self.response.get("x-envoy-upstream-service-time")),
            upstream_transport_failure_reason: borrowed(&self.failure),
            upstream_local_address: borrowed(&self.upstream_local),
            downstream_local_address: self.connection.local_address.as_str().into(),
            downstream_remote_address: borrowed(&self.remote),
            route_name: route.into(),
            requested_server_name: self.connection.server_name.as_str().into(),
            instance_id: self.instance.as_str().into(),
            api: names::api(route).unwrap_or_default().into(),
            consumer: text(headers.consumer),
            route: route.into(),
            service: names::service(cluster).into(),
            mcp_server: borrowed(&self.mcp_server),
            mcp_tool: borrowed(&self.mcp_tool),
            ..AccessRecord::default()
        };
        let is_ai = exchange.is_ai() || headers.llm_model.is_some() || names::is_ai_route(route);
        if let Some(log) = &self.ai_log {
            fill_from_ai_log(&mut record, log);
        }
        if self.ai_log.is_some() || (is_ai && config.ai.detection) {
            self.fill_from_bodies(&mut record, exchange, &headers);
        }
        record
    }

    /// Fills what `ai_log` left open.
    fn fill_from_bodies<'a>(
        &'a self,
        record: &mut AccessRecord<'a>,
        exchange: &'a Exchange,
        headers: &RequestHeaders<'a>,
    ) {
        let (request, response) = (exchange.request(), exchange.response());
        if record.model.is_empty() {
            record.model = response
                .and_then(|body| body.model.as_deref())
                .or_else(|| request.and_then(|body| body.model.as_deref()))
                .map(Cow::Borrowed)
                .or_else(|| {
                    let path = text(headers.original_path.or(headers.path));
                    names::gemini_model(&path).map(|model| Cow::Owned(model.to_owned()))
                })
                .unwrap_or_else(|| text(headers.llm_model));
        }
        if record.session_id.is_empty() {
            record.session_id = text(headers.session);
        }
        let Some(body) = response else { return };
        if record.chat_id.is_empty() {
            record.chat_id = borrowed(&body.chat_id);
        }
        if record.response_type.is_empty() {
            record.response_type = if exchange.is_streamed() { "stream" } else { "normal" }.into();
        }
        record.time_to_first_token = record.time_to_first_token.or_else(|| {
            exchange.first_part().and_then(|first| i64::try_from(first.since(self.start).as_millis()).ok())
        });
        record.input_tokens = record.input_tokens.or(body.input_tokens);
        record.output_tokens = record.output_tokens.or(body.output_tokens);
        record.total_tokens = record.total_tokens.or_else(|| body.total_tokens());
        record.cached_tokens = record.cached_tokens.or_else(|| body.cached());
        record.reasoning_tokens = record.reasoning_tokens.or(body.reasoning_tokens);
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

impl Memory {
    fn read_ai_log(&mut self, host: &impl Host, method: Option<&[u8]>) -> Option<AiLog> {
        // Calls of models are no GET; asking for every GET would be paid by gateways without AI.
        if !self.ai_log_seen && matches!(method, None | Some(b"GET" | b"HEAD" | b"OPTIONS")) {
            return None;
        }
        let log = host.attribute(attributes::AI_LOG).as_deref().and_then(ai_log::decode);
        self.ai_log_seen |= log.is_some();
        log
    }
}

impl<'a> RequestHeaders<'a> {
    fn read(headers: &'a Headers) -> Self {
        let mut read = Self::default();
        for (name, value) in headers.iter() {
            let place = match name {
                b":method" => &mut read.method,
                b":path" => &mut read.path,
                b"x-envoy-original-path" => &mut read.original_path,
                b":authority" => &mut read.authority,
                b"x-envoy-original-host" => &mut read.original_host,
                b"x-request-id" => &mut read.request_id,
                b"user-agent" => &mut read.user_agent,
                b"x-forwarded-for" => &mut read.forwarded_for,
                b"x-b3-traceid" => &mut read.b3_trace_id,
                b"b3" => &mut read.b3,
                b"traceparent" => &mut read.traceparent,
                b"x-mse-consumer" => &mut read.consumer,
                b"x-instance-id" => &mut read.instance_id,
                b"x-higress-llm-model" => &mut read.llm_model,
                b"x-openclaw-session-key"
                | b"x-clawdbot-session-key"
                | b"x-moltbot-session-key"
                | b"x-agent-session" => &mut read.session,
                b"x-envoy-mcp-server-name" => &mut read.mcp.server,
                b"x-envoy-mcp-tool-name" => &mut read.mcp.tool,
                b"mcp-protocol-version" | b"mcp-session-id" => {
                    read.mcp.is_mcp = true;
                    continue;
                }
                _ => continue,
            };
            // As the gateway's log: the first of several values.
            place.get_or_insert(value);
        }
        read
    }
}

fn text(value: Option<&[u8]>) -> Cow<'_, str> {
    value.map(String::from_utf8_lossy).unwrap_or_default()
}

fn borrowed(text: &Option<String>) -> Cow<'_, str> {
    text.as_deref().unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
