//! The request headers that a record needs, as they arrived and as they are at the end of the stream.
//!
//! Method, path, authority and the like are recorded as they arrived at the filter, because other plugins and the
//! router change them. Values that the gateway adds or vouches for (ids, the consumer, the route of an AI call) are
//! read at the end. Headers in which a proxy reports rewrites, such as `x-envoy-original-path`, are not trusted,
//! because clients can send them too.

use crate::collect::mcp::McpHeaders;
use crate::collect::trace_id::{self, TraceHeaders, TraceId};
use crate::host::headers::Headers;

/// A header that a record needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `:method`
    Method,
    /// `:path`
    Path,
    /// `:authority`
    Authority,
    /// `:scheme`
    Scheme,
    /// `x-request-id`
    RequestId,
    /// `user-agent`
    UserAgent,
    /// `content-type`
    ContentType,
    /// `x-forwarded-for`
    ForwardedFor,
    /// `x-b3-traceid`
    B3TraceId,
    /// `b3`
    B3,
    /// `traceparent`
    Traceparent,
    /// `sw8`
    Skywalking,
    /// `x-datadog-trace-id`
    Datadog,
    /// `uber-trace-id`
    Jaeger,
    /// `x-amzn-trace-id`
    XRay,
    /// `x-mse-consumer`
    Consumer,
    /// `x-instance-id`
    InstanceId,
    /// `x-higress-llm-model`
    LlmModel,
    /// Any of the headers that name a session.
    Session,
    /// `x-envoy-mcp-server-name`
    McpServer,
    /// `x-envoy-mcp-tool-name`
    McpTool,
    /// Any of the headers that only MCP has.
    Mcp,
}

/// Number of [`Name`]s.
const COUNT: usize = Name::Mcp as usize + 1;

/// The headers by name. A table instead of a `match`, which would be one of the largest functions of the filter;
/// large functions take more of the gateway's memory when it compiles them.
const NAMES: [(&[u8], Name); 26] = [
    (b":method", Name::Method),
    (b":path", Name::Path),
    (b":authority", Name::Authority),
    (b":scheme", Name::Scheme),
    (b"x-request-id", Name::RequestId),
    (b"user-agent", Name::UserAgent),
    (b"content-type", Name::ContentType),
    (b"x-forwarded-for", Name::ForwardedFor),
    (b"x-b3-traceid", Name::B3TraceId),
    (b"b3", Name::B3),
    (b"traceparent", Name::Traceparent),
    (b"sw8", Name::Skywalking),
    (b"x-datadog-trace-id", Name::Datadog),
    (b"uber-trace-id", Name::Jaeger),
    (b"x-amzn-trace-id", Name::XRay),
    (b"x-mse-consumer", Name::Consumer),
    (b"x-instance-id", Name::InstanceId),
    (b"x-higress-llm-model", Name::LlmModel),
    (b"x-openclaw-session-key", Name::Session),
    (b"x-clawdbot-session-key", Name::Session),
    (b"x-moltbot-session-key", Name::Session),
    (b"x-agent-session", Name::Session),
    (b"x-envoy-mcp-server-name", Name::McpServer),
    (b"x-envoy-mcp-tool-name", Name::McpTool),
    (b"mcp-protocol-version", Name::Mcp),
    (b"mcp-session-id", Name::Mcp),
];

/// A bit for each length of a name, so that most other headers are skipped by their length.
const LENGTHS: u32 = {
    let (mut lengths, mut rest) = (0, NAMES.as_slice());
    while let Some(((name, _), after)) = rest.split_first() {
        lengths |= 1 << name.len();
        rest = after;
    }
    lengths
};

/// The headers that are recorded as they arrived.
const AS_THEY_CAME: [Name; 5] = [Name::Method, Name::Path, Name::Authority, Name::Scheme, Name::UserAgent];

/// Largest header map, in bytes, that is kept whole until its stream ends. From a larger one only the headers that a
/// record needs are kept, because a gateway has thousands of streams at once and clients choose the size of their
/// headers.
const KEPT_WHOLE: usize = 4 << 10;
/// Bytes kept of each value in a larger map, except the path.
const KEPT_OF_VALUE: usize = 4 << 10;
/// Bytes kept of the path in a larger map: more than a record holds.
const KEPT_OF_PATH: usize = 32 << 10;

/// A header map, reduced to a size that can be kept for the lifetime of its stream.
pub fn small(headers: Headers<'_>) -> Headers<'static> {
    if headers.encoded_size() <= KEPT_WHOLE {
        return headers.into_encoded();
    }
    let known = headers.iter().filter_map(|(name, value)| {
        let (name, _) = NAMES.iter().find(|(known, _)| *known == name)?;
        let most = if *name == b":path" { KEPT_OF_PATH } else { KEPT_OF_VALUE };
        Some((std::str::from_utf8(name).ok()?, value.get(..most).unwrap_or(value)))
    });
    known.collect()
}

/// The values of the headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHeaders<'a> {
    values: [Option<&'a [u8]>; COUNT],
    sent_path: Option<&'a [u8]>,
}

impl<'a> RequestHeaders<'a> {
    /// Finds the values in the header map as it arrived, if the filter saw it, and as it is at the end, if the
    /// gateway still has it.
    pub fn of(arrived: Option<&'a Headers<'_>>, last: &'a Headers<'_>) -> Self {
        let mut of_end = Self::read(last);
        let Some(arrived) = arrived.map(Self::read) else { return of_end };
        if last.is_empty() {
            return arrived;
        }
        of_end.sent_path = of_end.get(Name::Path);
        for name in AS_THEY_CAME {
            if let Some(place) = of_end.values.get_mut(name as usize) {
                *place = arrived.get(name);
            }
        }
        of_end
    }

    fn read(headers: &'a Headers<'_>) -> Self {
        let mut read = Self::default();
        for (name, value) in headers.iter() {
            if name.len() >= 32 || LENGTHS >> name.len() & 1 == 0 {
                continue;
            }
            let known = NAMES.iter().find(|(known, _)| *known == name);
            if let Some(place) = known.and_then(|(_, name)| read.values.get_mut(*name as usize)) {
                // The first of several values, as in the gateway's access log.
                place.get_or_insert(value);
            }
        }
        read
    }

    /// The first value of a header.
    pub fn get(&self, name: Name) -> Option<&'a [u8]> {
        self.values.get(name as usize).copied().flatten()
    }

    /// The path that the upstream received, when it differs from the one that arrived.
    pub fn rewritten_path(&self) -> Option<&'a [u8]> {
        self.sent_path.filter(|path| Some(*path) != self.get(Name::Path))
    }

    /// True when the request is a gRPC call.
    pub fn is_grpc(&self) -> bool {
        let rest = self.get(Name::ContentType).and_then(|content_type| content_type.get(16..));
        let start = self.get(Name::ContentType).and_then(|content_type| content_type.get(..16));
        start.is_some_and(|start| start.eq_ignore_ascii_case(b"application/grpc"))
            && rest.is_some_and(|rest| rest.first().is_none_or(|next| matches!(next, b'+' | b';' | b' ')))
    }

    /// The trace id.
    pub fn trace_id(&self) -> Option<TraceId<'a>> {
        trace_id::find(&TraceHeaders {
            x_b3_traceid: self.get(Name::B3TraceId),
            b3: self.get(Name::B3),
            traceparent: self.get(Name::Traceparent),
            sw8: self.get(Name::Skywalking),
            datadog: self.get(Name::Datadog),
            uber: self.get(Name::Jaeger),
            amzn: self.get(Name::XRay),
        })
    }

    /// The headers of MCP.
    pub fn mcp(&self) -> McpHeaders<'a> {
        McpHeaders {
            server: self.get(Name::McpServer),
            tool: self.get(Name::McpTool),
            is_mcp: self.get(Name::Mcp).is_some(),
        }
    }
}
