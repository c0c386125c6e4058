//! `POST /ingest`: decode, validate, store, acknowledge.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`content`]: which content types and encodings are read.
//! - [`ai_log`]: which AI logs are stored; [`captured`]: which captured headers are.
//! - `answer`: what clients are told of their records.
//! - [`committer`]: concurrent requests share an insert; `store`: the insert, and finding what is refused of it.
//! - [`complete`]: a decoded record becomes one that can be stored.
//! - [`syslog`]: stored records as syslog messages.
//! - `measured`: how long inserts take. [`upkeep`]: deleting old records.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod ai_log;
mod answer;
pub mod captured;
pub mod committer;
pub mod complete;
pub mod config;
pub mod content;
#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;
mod measured;
mod store;
pub mod syslog;
pub mod upkeep;

pub use config::IngestConfig;
pub use handler::Ingest;
