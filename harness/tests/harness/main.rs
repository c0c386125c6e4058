//! The proxy-wasm host, and in it the very filter that gateways load.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod filter;
mod host;
