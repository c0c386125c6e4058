//! `POST /ingest`: decode, validate, store, acknowledge.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`content`]: which content types and encodings are read.
//! - [`normalize`]: a decoded record becomes one that can be stored.
//! - [`pricing`]: what an AI call costs.
//! - [`group_commit`]: concurrent requests share an insert.
//! - `receipt`: what clients are told of their records.
//! - [`syslog`]: stored records as syslog messages.
//! - `timed_executor`: how long inserts take. [`maintenance`]: deleting old records. `log`: lines of the log.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod config;
pub mod content;
#[cfg(target_family = "wasm")]
mod entry;
pub mod group_commit;
pub mod handler;
mod log;
pub mod maintenance;
pub mod normalize;
pub mod pricing;
mod receipt;
pub mod syslog;
mod timed_executor;

pub use config::IngestConfig;
pub use handler::Ingest;
