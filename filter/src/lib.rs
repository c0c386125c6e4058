//! The gateway filter: makes one access record of every request and pushes the records to the collector in batches.
//!
//! # The way of a record
//!
//! ```text
//! callbacks ─▶ wasm ─▶ exchange ─▶ collect ─▶ queue ─▶ push ─▶ wasm ─▶ collector
//!                       bodies      headers,   bounded  in flight,
//!                       usage       attributes          retried
//! ```
//!
//! # Layout
//!
//! - `wasm`: the only part that knows proxy-wasm; it turns callbacks into calls of [`plugin`] and [`exchange`], with the
//!   streams kept in [`by_id`].
//! - [`host`]: everything that the rest may ask of the gateway, as one trait.
//! - [`config`]: the plugin configuration, read and checked: destinations, [`rules`], [`settings`].
//! - [`plugin`]: one configured filter in one VM: what its streams share.
//! - [`exchange`]: one request and its response, from the first callback to the last.
//! - [`collect`]: the exchange turned into an access record, with [`questions`], [`attributes`], [`flags`],
//!   [`headers`], [`request_headers`], [`names`], [`trace`], [`redact`], [`ai_log`], [`mcp`], [`instance`] and [`record_id`];
//!   [`sampling`] decides whether, [`capture`] adds headers and bodies, [`writer`] makes the JSON.
//! - [`usage`]: model and token usage found in bodies as they pass.
//! - [`lane`] with [`queue`], [`push`] and [`keep_alive`]: records wait, travel in batches, and are kept until
//!   acknowledged or counted as dropped.
//! - [`json`]: small JSON texts read whole, and texts written.
//! - [`metrics`] and [`journal`]: what operators can see.
//!
//! Everything but `wasm` compiles and is tested natively. Time is always an argument.

pub mod ai_log;
pub mod attributes;
pub mod by_id;
pub mod capture;
pub mod collect;
pub mod config;
pub mod exchange;
pub mod flags;
pub mod headers;
pub mod host;
pub mod instance;
pub mod journal;
pub mod json;
pub mod keep_alive;
pub mod lane;
pub mod mcp;
pub mod metrics;
pub mod names;
pub mod plugin;
pub mod push;
pub mod questions;
pub mod queue;
pub mod random;
pub mod record_id;
pub mod redact;
pub mod request_headers;
pub mod rules;
pub mod sampling;
pub mod settings;
pub mod trace;
pub mod usage;
pub mod writer;

#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod split_tests;
