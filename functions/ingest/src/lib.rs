//! `POST /ingest` and `POST /v1/logs`: decode, validate, store, acknowledge.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: turns a request into a response, without Spin.
//! - `form`: what differs between records and OpenTelemetry's logs. [`content`]: checks content types. [`decompress`]: compressed
//!   bodies.
//! - [`normalize`]: makes a decoded record storable.
//! - [`pricing`]: computes what an AI call costs.
//! - [`group_commit`]: concurrent requests share an insert.
//! - `receipt`: the response about a batch.
//! - [`forward`]: stored records go on to syslog and to a receiver of OTLP.
//! - `timed_executor`: measures inserts. [`maintenance`]: deletes old records. `log`: lines of the log.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all requests of
// the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod config;
pub mod content;
pub mod decompress;
#[cfg(target_family = "wasm")]
mod entry;
mod form;
pub mod forward;
pub mod group_commit;
pub mod handler;
mod log;
pub mod maintenance;
pub mod normalize;
pub mod pricing;
mod receipt;
mod timed_executor;

pub use config::IngestConfig;
pub use form::UNAVAILABLE_FOR_OTLP;
pub use handler::Ingest;
