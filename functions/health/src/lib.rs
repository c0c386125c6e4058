//! `GET /health` and beside it: is the function alive, and can the database be used.
//!
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - `entry`: the Spin component. Built for WebAssembly only.

#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;

pub use handler::handle;
