//! The request headers that a record is made of.

use crate::headers::Headers;
use crate::mcp::McpHeaders;

/// A header that a record is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `:method`
    Method,
    /// `:path`
    Path,
    /// `x-envoy-original-path`
    OriginalPath,
    /// `:authority`
    Authority,
    /// `x-envoy-original-host`
    OriginalHost,
    /// `:scheme`
    Scheme,
    /// `x-request-id`
    RequestId,
    /// `user-agent`
    UserAgent,
    /// `x-forwarded-for`
    ForwardedFor,
    /// `x-b3-traceid`
    B3TraceId,
    /// `b3`
    B3,
    /// `traceparent`
    Traceparent,
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

/// The headers by name. A table instead of a `match`: that would be one of the largest functions of the filter, and
/// gateways pay for large functions with memory when they compile them.
const NAMES: [(&[u8], Name); 23] = [
    (b":method", Name::Method),
    (b":path", Name::Path),
    (b"x-envoy-original-path", Name::OriginalPath),
    (b":authority", Name::Authority),
    (b"x-envoy-original-host", Name::OriginalHost),
    (b":scheme", Name::Scheme),
    (b"x-request-id", Name::RequestId),
    (b"user-agent", Name::UserAgent),
    (b"x-forwarded-for", Name::ForwardedFor),
    (b"x-b3-traceid", Name::B3TraceId),
    (b"b3", Name::B3),
    (b"traceparent", Name::Traceparent),
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

/// A bit for each length that one of the names has: most other headers need no look at their bytes.
const LENGTHS: u32 = {
    let (mut lengths, mut rest) = (0, NAMES.as_slice());
    while let Some(((name, _), after)) = rest.split_first() {
        lengths |= 1 << name.len();
        rest = after;
    }
    lengths
};

/// The values, where they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHeaders<'a> {
    values: [Option<&'a [u8]>; COUNT],
}

impl<'a> RequestHeaders<'a> {
    /// Finds the values in a header map.
    pub fn read(headers: &'a Headers) -> Self {
        let mut read = Self::default();
        for (name, value) in headers.iter() {
            if name.len() >= 32 || LENGTHS >> name.len() & 1 == 0 {
                continue;
            }
            let known = NAMES.iter().find(|(known, _)| *known == name);
            if let Some(place) = known.and_then(|(_, name)| read.values.get_mut(*name as usize)) {
                // As the gateway's log: the first of several values.
                place.get_or_insert(value);
            }
        }
        read
    }

    /// The first value of a header.
    pub fn get(&self, name: Name) -> Option<&'a [u8]> {
        self.values.get(name as usize).copied().flatten()
    }

    /// The path, before any rewrite.
    pub fn path(&self) -> Option<&'a [u8]> {
        self.get(Name::OriginalPath).or_else(|| self.get(Name::Path))
    }

    /// The path that went upstream, when it was rewritten.
    pub fn rewritten_path(&self) -> Option<&'a [u8]> {
        let original = self.get(Name::OriginalPath)?;
        self.get(Name::Path).filter(|path| *path != original)
    }

    /// The host, before any rewrite.
    pub fn authority(&self) -> Option<&'a [u8]> {
        self.get(Name::OriginalHost).or_else(|| self.get(Name::Authority))
    }

    /// The trace id.
    pub fn trace_id(&self) -> Option<&'a [u8]> {
        crate::trace::id(self.get(Name::B3TraceId), self.get(Name::B3), self.get(Name::Traceparent))
    }

    /// What tells of MCP.
    pub fn mcp(&self) -> McpHeaders<'a> {
        McpHeaders {
            server: self.get(Name::McpServer),
            tool: self.get(Name::McpTool),
            is_mcp: self.get(Name::Mcp).is_some(),
        }
    }
}
