//! OpenTelemetry's log protocol (OTLP): export requests become records, and records become log records.
//!
//! - [`attributes`]: the table of attribute names and record fields, for both directions.
//! - [`export`]: records become log records, which are sent to a receiver.
//! - [`request`]: reads an export request into [`logs`]: `protobuf` over [`wire`], or `json`.
//! - `log_record`: what a log record says about a request; `fill` puts it into a record, `access_line` reads lines of
//!   access logs, `identity` makes ids.
//! - [`reply`]: responses to export requests.
//! - [`grpc_status`]: the names of gRPC's status codes.
//!
//! Reading knows neither HTTP nor WebAssembly. Only the implementation of [`export::post`] for Spin does I/O.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

mod access_line;
pub mod attributes;
pub mod export;
mod fill;
mod found;
pub mod grpc_status;
mod identity;
mod json;
mod log_record;
pub mod logs;
mod plain_json;
mod plain_value;
mod protobuf;
mod reader;
pub mod reply;
pub mod request;
mod value;
pub mod wire;

pub use logs::{Logs, RequestError};
pub use request::Encoding;
