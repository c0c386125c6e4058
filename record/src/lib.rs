//! The access record, which is what gatelog stores for one request: the struct, its JSON and its limits.
//!
//! # Layout
//!
//! - [`fields`]: the field table. Every list of record fields (JSON keys, columns, SQL, query parameters,
//!   documentation) is generated from it.
//! - [`AccessRecord`]: the struct that the table generates, with one member per field.
//! - [`json`]: writes a record to JSON and reads it back.
//! - [`batch`]: the contents of a request body: one object, an array, or NDJSON.
//! - [`limits`]: the longest value of each field, the deepest JSON, and how larger values are cut.
//! - [`members`]: the members of a JSON object as slices of its text.
//! - [`mend`]: repairs broken characters and numbers in place.
//! - [`push`]: the headers in which a filter reports its state.
//! - [`higress`], [`upstream_cluster`]: names of routes and clusters; [`host_port`]: hosts with a port.
//! - [`date_time`]: dates and times with or without an offset.
//! - [`Timestamp`]: microseconds since the Unix epoch, RFC 3339 on the wire.
//!
//! The crate does no I/O and knows neither SQL nor WebAssembly.

// These macros panic when the log cannot be written, for example on a full disk, and a panic ends all
// requests of the instance.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod batch;
pub mod date_time;
pub mod fields;
pub mod higress;
pub mod host_port;
pub mod json;
pub mod limits;
pub mod members;
pub mod mend;
pub mod push;
mod timestamp;
pub mod upstream_cluster;

pub use fields::{AccessRecord, FIELDS, Field, FieldValue, Kind, Origin};
pub use timestamp::forms::{UnreadableTime, read as read_timestamp};
pub use timestamp::{InvalidTimestamp, Timestamp};
