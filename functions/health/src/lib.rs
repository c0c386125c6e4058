//! `GET /health` and beside it: is the function alive, can the database be used, and what was counted.
//!
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`metrics`]: what was counted, as Prometheus reads it.
//! - `entry`: the Spin component. Built for WebAssembly only.

#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;
pub mod metrics;

pub use handler::handle;
