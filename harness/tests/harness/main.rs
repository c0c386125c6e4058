//! Tests of the proxy-wasm host, and of the filter that gateways load.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod filter;
mod host;
