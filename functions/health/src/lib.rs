//! `GET /health` and the paths below it: whether the function is alive, whether the database can be used, and metrics.
//!
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`metrics`]: what was counted, as Prometheus reads it.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;
pub mod metrics;

pub use handler::handle;
