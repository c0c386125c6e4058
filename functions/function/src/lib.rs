//! What the functions share: answers and failures, access, configuration, bodies, and the line that goes to the log.
//!
//! # Layout
//!
//! - [`answer`]: [`Response`] and how JSON and text become one.
//! - [`failure`]: [`Failure`], the error of every handler: its status, its words for the client, its words for the log.
//! - [`access`]: bearer tokens.
//! - [`body`]: reading a request's body up to a limit.
//! - [`host`]: time and chance.
//! - [`settings`]: configuration from the application's variables; [`store`]: which database they choose.
//! - [`log`]: one line for each event, on standard error.
//! - [`metrics`], [`tally`]: what is counted, and counting it for all instances together.
//! - `spin`: the same for Spin: its variables, databases, bodies, clock and randomness. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod access;
pub mod answer;
pub mod body;
pub mod failure;
pub mod host;
pub mod log;
pub mod metrics;
pub mod settings;
#[cfg(target_family = "wasm")]
pub mod spin;
pub mod store;
pub mod tally;

pub use access::Token;
pub use answer::{Body, Response};
pub use body::BodySource;
pub use failure::Failure;
pub use host::Host;
pub use settings::{Settings, Variables};
pub use tally::Tally;
