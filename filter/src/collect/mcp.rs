//! The MCP server and tool of a call, from values set by Higress's MCP plugins or from the call itself.

use crate::ai::usage::findings::Findings;
use crate::ai::usage::keys::TOOLS_CALL;
use crate::host::Exchange;
use crate::host::attribute;

/// The request headers about MCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct McpHeaders<'a> {
    /// `x-envoy-mcp-server-name`.
    pub server: Option<&'a [u8]>,
    /// `x-envoy-mcp-tool-name`.
    pub tool: Option<&'a [u8]>,
    /// True with `mcp-protocol-version` or `mcp-session-id`.
    pub is_mcp: bool,
}

/// The server: property `mcp_server_name`, otherwise header `x-envoy-mcp-server-name`.
///
/// The property is read only when the request has a sign of MCP.
pub fn server(host: &impl Exchange, headers: &McpHeaders<'_>, request: Option<&Findings>) -> Option<String> {
    is_mcp(headers, request)
        .then(|| attribute::text(host, attribute::MCP_SERVER_NAME))
        .flatten()
        .or_else(|| headers.server.map(lossy))
}

/// The tool: property `mcp_tool_name`, otherwise header `x-envoy-mcp-tool-name`, otherwise `params.name` of a
/// `tools/call`.
pub fn tool(host: &impl Exchange, headers: &McpHeaders<'_>, request: Option<&Findings>) -> Option<String> {
    is_mcp(headers, request)
        .then(|| attribute::text(host, attribute::MCP_TOOL_NAME))
        .flatten()
        .or_else(|| headers.tool.map(lossy))
        .or_else(|| request.filter(|body| is_tool_call(body)).and_then(|body| body.rpc_name.clone()))
}

fn is_mcp(headers: &McpHeaders<'_>, request: Option<&Findings>) -> bool {
    headers.is_mcp || request.is_some_and(is_tool_call)
}

fn is_tool_call(body: &Findings) -> bool {
    body.rpc_method.as_deref() == Some(TOOLS_CALL)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    #[test]
    fn server_and_tool_come_from_properties_headers_or_the_call() {
        let plain = MockHost::new();
        let plugin =
            MockHost::new().with_text("mcp_server_name", "weather").with_text("mcp_tool_name", "forecast");
        let mut call = Findings::default();
        call.rpc_method = Some(TOOLS_CALL.into());
        call.rpc_name = Some("get_weather".into());
        let mut list = call.clone();
        list.rpc_method = Some("tools/list".into());
        let none = McpHeaders::default();
        let mcp = McpHeaders { is_mcp: true, ..none };
        let named = McpHeaders { server: Some(b"s"), tool: Some(b"t"), is_mcp: false };
        for (host, headers, body, expected_server, expected_tool) in [
            (&plain, none, None, None, None),
            (&plugin, none, None, None, None),
            (&plugin, mcp, None, Some("weather"), Some("forecast")),
            (&plain, mcp, Some(&call), None, Some("get_weather")),
            (&plain, mcp, Some(&list), None, None),
            (&plain, named, Some(&call), Some("s"), Some("t")),
            (&plugin, named, Some(&call), Some("weather"), Some("forecast")),
        ] {
            assert_eq!(server(host, &headers, body).as_deref(), expected_server);
            assert_eq!(tool(host, &headers, body).as_deref(), expected_tool);
        }
    }
}
