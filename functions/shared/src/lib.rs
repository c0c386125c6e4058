//! Code shared by the functions: HTTP responses and failures, configuration, metrics, and the log.
//!
//! # Layout
//!
//! - [`config`]: configuration from the application's variables, and the database that they select.
//! - [`http`]: bearer tokens, bodies, responses, and [`Failure`], the error of every handler.
//! - [`log`]: one line for each event, on standard error.
//! - [`metrics`]: the counters, summed over all instances.
//! - [`environment`]: time and random bytes.
//! - `spin`: the implementations for Spin: variables, databases, bodies, clocks and random bytes. Built for
//!   WebAssembly only.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all requests of
// the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod config;
pub mod environment;
pub mod http;
pub mod log;
pub mod metrics;
#[cfg(target_family = "wasm")]
pub mod spin;

pub use self::config::{VariableReader, Variables};
pub use self::environment::Environment;
pub use self::http::{Body, BodySource, Failure, Response, Token};
pub use self::metrics::MetricsRecorder;
