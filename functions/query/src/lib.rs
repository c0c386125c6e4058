//! `GET /query` and what is beside it: a query string becomes a typed query, its rows become JSON.
//!
//! - [`config`]: the function's variables.
//! - [`handler`]: a request becomes an answer; no Spin in it.
//! - [`params`]: the query string; [`filters`]: the filters in it; [`terms`], [`time`]: their values.
//! - [`log_entry`]: a stored record in the shape that Higress's log-collector answers.
//! - `entry`: the Spin component. Built for WebAssembly only.

pub mod config;
#[cfg(target_family = "wasm")]
mod entry;
pub mod filters;
pub mod handler;
pub mod log_entry;
pub mod params;
pub mod terms;
pub mod time;

pub use config::QueryConfig;
pub use handler::handle;
