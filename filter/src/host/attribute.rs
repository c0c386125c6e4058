//! The gateway's attributes that the filter reads, and how their values are encoded.
//!
//! # Format
//!
//! Texts come raw; integers as 8 bytes little endian; booleans as one byte; durations and times as nanoseconds in an
//! integer. An attribute that the gateway does not have, or not for this request, is absent.

use std::borrow::Cow;

use crate::host::{Exchange, Time};

/// Time from the start of the request to the end of the response.
pub const REQUEST_DURATION: &str = "request\0duration";
/// When the request began.
pub const REQUEST_TIME: &str = "request\0time";
/// `HTTP/1.1` and the like.
pub const REQUEST_PROTOCOL: &str = "request\0protocol";
/// Bytes of the request's body and, as far as the gateway still has them, of the names and values of its headers.
pub const REQUEST_TOTAL_SIZE: &str = "request\0total_size";
/// Bytes of the response's body and of the names and values of its headers and trailers.
pub const RESPONSE_TOTAL_SIZE: &str = "response\0total_size";
/// Status that the client received.
pub const RESPONSE_CODE: &str = "response\0code";
/// Why the response has its status.
pub const RESPONSE_CODE_DETAILS: &str = "response\0code_details";
/// gRPC status of the response; for a response without one the gateway derives a status from the HTTP status.
pub const RESPONSE_GRPC_STATUS: &str = "response\0grpc_status";
/// Mask of [`crate::collect::response_flags`].
pub const RESPONSE_FLAGS: &str = "response\0flags";
/// The client, as the gateway's log shows it.
pub const SOURCE_ADDRESS: &str = "source\0address";
/// The gateway's end of the client's connection.
pub const DESTINATION_ADDRESS: &str = "destination\0address";
/// TLS server name.
pub const REQUESTED_SERVER_NAME: &str = "connection\0requested_server_name";
/// The upstream host.
pub const UPSTREAM_ADDRESS: &str = "upstream\0address";
/// The gateway's end of the connection to the upstream host.
pub const UPSTREAM_LOCAL_ADDRESS: &str = "upstream\0local_address";
/// Why the connection to the upstream host failed.
pub const UPSTREAM_TRANSPORT_FAILURE_REASON: &str = "upstream\0transport_failure_reason";
/// How often the request was sent upstream.
pub const UPSTREAM_REQUEST_ATTEMPT_COUNT: &str = "upstream\0request_attempt_count";
/// TLS version of the client's connection.
pub const TLS_VERSION: &str = "connection\0tls_version";
/// Whether the client presented a certificate: one byte.
pub const MTLS: &str = "connection\0mtls";
/// What Higress's AI plugins logged; filter state, as every single-part name that Envoy does not know.
pub const AI_LOG: &str = "ai_log";
/// MCP server, set by Higress's MCP plugins.
pub const MCP_SERVER_NAME: &str = "mcp_server_name";
/// MCP tool, set by Higress's MCP plugins.
pub const MCP_TOOL_NAME: &str = "mcp_tool_name";
/// Name of the gateway instance, set by other plugins.
pub const INSTANCE_ID: &str = "instance_id";

/// An attribute that Envoy moved under `xds` in 1.33; Higress's Envoy has it under its bare name.
#[derive(Clone, Copy, Debug)]
pub struct RenamedAttribute {
    xds: &'static str,
    bare: &'static str,
}

impl RenamedAttribute {
    /// The name in stock Envoy.
    pub const fn xds(self) -> &'static str {
        self.xds
    }

    /// The name in Higress's Envoy.
    pub const fn bare(self) -> &'static str {
        self.bare
    }
}

/// Name of the route.
pub const ROUTE_NAME: RenamedAttribute = RenamedAttribute { xds: "xds\0route_name", bare: "route_name" };
/// Name of the cluster selected by the route.
pub const CLUSTER_NAME: RenamedAttribute =
    RenamedAttribute { xds: "xds\0cluster_name", bare: "cluster_name" };
/// Id of the gateway node.
pub const NODE_ID: RenamedAttribute = RenamedAttribute { xds: "xds\0node\0id", bare: "node\0id" };
/// Pod name in the node's metadata, as Istio and Higress set it.
pub const NODE_POD_NAME: RenamedAttribute =
    RenamedAttribute { xds: "xds\0node\0metadata\0POD_NAME", bare: "node\0metadata\0POD_NAME" };

/// Which names of a [`RenamedAttribute`] this gateway answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributeDialect {
    /// Not known (yet): both are tried.
    #[default]
    Unknown,
    /// Only the names under `xds`.
    Xds,
    /// Only the bare names.
    Bare,
}

impl AttributeDialect {
    /// Reads a renamed attribute, and learns which name the gateway answers.
    pub fn read(&mut self, host: &impl Exchange, attribute: RenamedAttribute) -> Option<String> {
        if *self != AttributeDialect::Bare
            && let Some(value) = text(host, attribute.xds)
        {
            *self = AttributeDialect::Xds;
            return Some(value);
        }
        if *self != AttributeDialect::Xds
            && let Some(value) = text(host, attribute.bare)
        {
            *self = AttributeDialect::Bare;
            return Some(value);
        }
        None
    }
}

/// A text attribute; absent when empty. Bytes that are not UTF-8 are replaced.
pub fn text(host: &impl Exchange, path: &str) -> Option<String> {
    host.attribute(path).filter(|bytes| !bytes.is_empty()).map(lossy)
}

/// An integer attribute.
pub fn integer(host: &impl Exchange, path: &str) -> Option<i64> {
    host.attribute(path)?.first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes))
}

/// A time of day.
pub fn time(host: &impl Exchange, path: &str) -> Option<Time> {
    u64::try_from(integer(host, path)?).ok().map(Time)
}

/// A boolean attribute.
pub fn boolean(host: &impl Exchange, path: &str) -> Option<bool> {
    host.attribute(path)?.first().map(|byte| *byte != 0)
}

/// A text from bytes. Bytes that are not UTF-8 are replaced, and only then is the text copied.
pub fn lossy(bytes: Cow<'_, [u8]>) -> String {
    String::from_utf8(bytes.into_owned())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    #[test]
    fn values_are_decoded() {
        let host = MockHost::new()
            .with_int("request.duration", 1_500_000_000)
            .with_int("response.flags", -1)
            .with_text("source.address", "10.0.0.1:5")
            .with_text("response.code", "abc");
        assert_eq!(integer(&host, REQUEST_DURATION), Some(1_500_000_000));
        assert_eq!(integer(&host, RESPONSE_FLAGS), Some(-1));
        assert_eq!(text(&host, SOURCE_ADDRESS).as_deref(), Some("10.0.0.1:5"));
        assert_eq!(integer(&host, RESPONSE_CODE), None);
        assert_eq!(text(&host, UPSTREAM_ADDRESS), None);
    }

    #[test]
    fn the_name_that_the_gateway_answers_is_learnt() {
        let envoy = MockHost::new().with_text("xds.route_name", "r").with_text("xds.cluster_name", "c");
        let mut dialect = AttributeDialect::default();
        assert_eq!(dialect.read(&envoy, ROUTE_NAME).as_deref(), Some("r"));
        assert_eq!(dialect.read(&envoy, NODE_ID), None);
        assert_eq!(dialect, AttributeDialect::Xds);
        assert_eq!(envoy.asked(), ["attribute xds.route_name", "attribute xds.node.id"]);

        let higress = MockHost::new().with_text("route_name", "r").with_text("cluster_name", "c");
        let mut dialect = AttributeDialect::default();
        assert_eq!(dialect.read(&higress, ROUTE_NAME).as_deref(), Some("r"));
        assert_eq!(dialect.read(&higress, CLUSTER_NAME).as_deref(), Some("c"));
        assert_eq!(
            higress.asked(),
            ["attribute xds.route_name", "attribute route_name", "attribute cluster_name"]
        );
    }
}
