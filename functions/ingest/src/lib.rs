//! `POST /ingest`: decode, validate, store, acknowledge.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`content`]: which content types and encodings are read.
//! - [`complete`]: a decoded record becomes one that can be stored.
//! - `entry`: the Spin component. Built for WebAssembly only.

pub mod complete;
pub mod config;
pub mod content;
#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;

pub use config::IngestConfig;
pub use handler::handle;
