//! Local stand-ins for the gateway and for Spin, on wasmtime.
//!
//! - [`spin`] runs the components of a `spin.toml` as `spin up` does.
//! - [`proxy_wasm`] runs the filter as a gateway does, with a clock and callouts that a test controls.
//! - [`artifacts`] finds the WebAssembly files that both run.

pub mod artifacts;
pub mod proxy_wasm;
pub mod spin;
