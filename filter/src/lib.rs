//! The gateway filter: makes one access record of every request and pushes the records to the collector in batches.
//!
//! # The way of a record
//!
//! ```text
//! callbacks ─▶ shell ─▶ stream ─▶ collect ─▶ deliver ─────────▶ shell ─▶ collector
//!                       bodies    headers,   queue    push
//!                       usage     attributes bounded  in flight,
//!                                                     retried
//! ```
//!
//! # Layout
//!
//! - [`shell`]: the only part that knows proxy-wasm; it turns callbacks into calls of [`plugin`] and [`stream`].
//! - [`host`]: everything that the rest may ask of the gateway, as one trait.
//! - [`config`]: the plugin configuration, read and checked.
//! - [`plugin`]: one configured filter in one VM: a recorder and a delivery.
//! - [`recorder`]: makes the records of one configuration on one thread of the gateway.
//! - [`stream`]: one request and its response, from the first callback to the last.
//! - [`collect`]: the stream turned into an access record at its end.
//! - [`capture`]: headers and bodies captured when operators ask for them. (`gatelog_redact` takes secrets out.)
//! - [`ai`]: models and token usage, found in bodies as they pass, and `ai_log`.
//! - [`deliver`]: records wait, travel in batches, and are kept until acknowledged or counted as dropped.
//! - [`observe`]: metrics and log lines.
//!
//! Everything but the shell compiles and is tested natively. Time is always an argument. The native module for Envoy
//! (`envoy-module/`) is another shell over the same core: its workers run recorders, its main thread the delivery.

pub mod ai;
pub mod base64;
pub mod capture;
pub mod collect;
pub mod config;
pub mod context;
pub mod deliver;
pub mod host;
pub mod json;
pub mod observe;
pub mod plugin;
pub mod recorder;
pub mod rng;
pub mod shell;
pub mod stream;

#[cfg(test)]
mod tests;
