//! `GET /query` and what is beside it: a query string becomes a typed query, its rows become JSON, NDJSON or CSV.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`page`]: pages and exports; [`records`]: reading them part by part; [`output`], [`log_entry`]: writing them.
//! - [`running`]: how much the database works on at once.
//! - [`scenario`]: HiMarket's statistics; [`java`]: its numbers. [`values`]: the values of a field.
//! - [`accept`]: which form a client prefers.
//! - [`params`]: the query string; [`filters`], [`controls`]: the tables of its parameters; [`terms`], [`time`]: their
//!   values.
//! - [`openapi`]: the description of the function, made from the tables.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod accept;
pub mod config;
pub mod controls;
#[cfg(target_family = "wasm")]
mod entry;
pub mod filters;
pub mod handler;
pub mod java;
pub mod log_entry;
pub mod openapi;
pub mod output;
pub mod page;
pub mod params;
pub mod records;
pub mod running;
pub mod scenario;
pub mod terms;
pub mod time;
pub mod values;

pub use config::QueryConfig;
pub use handler::handle;
