//! `GET /health` and the paths below it: whether the function is alive, whether the database can be used, and metrics.
//!
//! - [`handler`]: turns a request into a response, without Spin.
//! - [`metrics`]: the counters in Prometheus' format.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all requests of
// the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;
pub mod metrics;

pub use handler::{Service, handle};
