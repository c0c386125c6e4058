//! Attributes that only some streams have; they are read after sampling, and only where they can exist.

use serde_json::value::RawValue;

use crate::ai::ai_log::AiLog;
use crate::capture;
use crate::collect::attributes::Attributes;
use crate::collect::mcp;
use crate::collect::request_headers::Name;
use crate::collect::vm_state::VmState;
use crate::config::settings::Settings;
use crate::host::attribute;
use crate::host::headers::Headers;
use crate::host::{Exchange, HeaderMap};
use crate::stream::Stream;

/// The attributes that only some streams have.
#[derive(Debug, Default)]
pub struct LateAttributes {
    /// Why the connection to the upstream host failed.
    pub failure: Option<String>,
    /// TLS version of the client's connection.
    pub tls_version: Option<String>,
    /// True when the client presented a certificate.
    pub mtls: Option<bool>,
    /// gRPC status of the response.
    pub grpc_status: Option<i64>,
    /// The log of Higress's AI plugins.
    pub ai_log: Option<AiLog>,
    /// MCP server.
    pub mcp_server: Option<String>,
    /// MCP tool.
    pub mcp_tool: Option<String>,
    /// Name of the gateway instance.
    pub instance_id: String,
    /// Captured request headers: a JSON object.
    pub request_headers: Option<Box<RawValue>>,
    /// Captured response headers: a JSON object.
    pub response_headers: Option<Box<RawValue>>,
    /// True when the request refused to be captured.
    pub capture_refused: bool,
    /// True when an `ai_log` was too large to be read.
    pub ai_log_too_large: bool,
}

impl LateAttributes {
    /// Reads the attributes where they can exist.
    pub fn read(
        attributes: &Attributes<'_>,
        stream: &Stream,
        settings: &Settings,
        vm_state: &mut VmState,
        host: &impl Exchange,
    ) -> Self {
        let headers = &attributes.headers;
        // Without a response flag there is no failure.
        let failed = attributes.flags != 0 && !settings.omitted.has("upstream_transport_failure_reason");
        let failure =
            failed.then(|| attribute::text(host, attribute::UPSTREAM_TRANSPORT_FAILURE_REASON)).flatten();
        // The scheme may be that of a load balancer in front of the gateway, so the scheme alone proves
        // nothing.
        let secure = headers.get(Name::Scheme) == Some(b"https");
        let wants = |field| secure && !settings.omitted.has(field);
        let tls_version =
            wants("tls_version").then(|| attribute::text(host, attribute::TLS_VERSION)).flatten();
        let mtls = (wants("mtls") && (tls_version.is_some() || settings.omitted.has("tls_version")))
            .then(|| attribute::boolean(host, attribute::MTLS))
            .flatten();
        // A gateway that no longer has the headers and trailers invents a status.
        let has_status = headers.is_grpc() && !attributes.last_headers.is_empty();
        let grpc_status = (has_status && !settings.omitted.has("grpc_status"))
            .then(|| attribute::integer(host, attribute::RESPONSE_GRPC_STATUS))
            .flatten();
        let (ai_log, ai_log_too_large) = vm_state.read_ai_log(host, headers.get(Name::Method));
        let mcp = headers.mcp();
        let mut late = Self {
            failure,
            tls_version,
            mtls,
            grpc_status,
            ai_log,
            ai_log_too_large,
            mcp_server: mcp::server(host, &mcp, stream.request()),
            mcp_tool: mcp::tool(host, &mcp, stream.request()),
            instance_id: vm_state.instance_id.name(
                settings,
                headers.get(Name::InstanceId),
                &mut vm_state.dialect,
                host,
            ),
            ..Self::default()
        };
        // A gateway that does not log the stream no longer has the request's headers.
        let request = Some(attributes.last_headers).filter(|request| !request.is_empty());
        if let Some(request) = request.or(stream.arrived()) {
            late.capture(request, settings, host);
        }
        late
    }

    fn capture(&mut self, request: &Headers<'_>, settings: &Settings, host: &impl Exchange) {
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
