//! `GET /query` and the paths below it: a query string becomes a typed query, and its rows become JSON, NDJSON or CSV.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`list`]: pages and exports; [`one`]: one record. [`reader`]: reading records part by part; [`encode`], [`log_entry`]:
//!   writing them.
//! - [`scenario`]: HiMarket's statistics; [`java_double`]: its numbers. [`values`]: the values of a field.
//! - [`aggregate`]: numbers over many records, and the records that come.
//! - [`prices`](mod@prices): what AI calls cost.
//! - [`params`]: the query string. [`accept`]: which form a client prefers.
//! - [`limited_executor`]: how many statements the database works on at once.
//! - [`openapi`]: the description of the function, made from the tables.
//! - `entry`: the Spin component. Built for WebAssembly only.

// These macros panic when the log takes nothing, as on a full disk, and a panic ends all requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod accept;
pub mod aggregate;
pub mod config;
pub mod cost;
pub mod encode;
#[cfg(target_family = "wasm")]
mod entry;
pub mod handler;
pub mod java_double;
pub mod limited_executor;
pub mod list;
pub mod log_entry;
pub mod one;
pub mod openapi;
pub mod params;
pub mod prices;
pub mod reader;
pub mod scenario;
pub mod values;

pub use config::QueryConfig;
pub use handler::handle;
