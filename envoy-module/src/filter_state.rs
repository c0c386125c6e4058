//! What other plugins leave in a stream's filter state for the record: Higress's AI plugins and the like. Only an HTTP filter
//! can read it.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use gatelog_filter::host::attribute;

use crate::abi::{Buffer, Functions, Pointer, written};

/// Names that the core asks for.
pub const NAMES: [&str; 4] =
    [attribute::AI_LOG, attribute::MCP_SERVER_NAME, attribute::MCP_TOOL_NAME, attribute::INSTANCE_ID];

/// Before the names that a proxy-wasm plugin sets, Envoy puts this.
const OF_WASM: &str = "wasm.";

/// The value under a name; copied, because Envoy keeps the text only until the next one is asked for.
///
/// # Safety
///
/// The filter lives.
pub unsafe fn read(envoy: &Functions, filter: Pointer, name: &str) -> Option<Vec<u8>> {
    let of_wasm = [OF_WASM, name].concat();
    let typed = |key: &str| {
        // SAFETY: the filter lives, and the value is copied at once.
        unsafe {
            written(|text| (envoy.http_get_filter_state_typed)(filter, Buffer::of(key.as_bytes()), text))
                .map(<[u8]>::to_vec)
        }
    };
    let plain = || {
        // SAFETY: as above.
        unsafe {
            written(|text| (envoy.http_get_filter_state_bytes)(filter, Buffer::of(name.as_bytes()), text))
                .map(<[u8]>::to_vec)
        }
    };
    typed(&of_wasm).or_else(|| typed(name)).or_else(plain)
}
