//! Records written as log records, and sent to a receiver over OTLP/HTTP.
//!
//! ```text
//! AccessRecord ─▶ log record (JSON) ─▶ batch ─▶ request body ─▶ post ─▶ answer ─▶ sent, retried or counted as lost
//! ```
//!
//! Requests are in JSON, which every receiver of OTLP/HTTP must read: it is written directly, without a tree of messages in
//! between, and can be read where it is captured. Compressed, it is hardly larger than protobuf.
//!
//! - [`config`]: the settings. [`endpoint`], [`headers`]: two of them.
//! - [`log_record`]: one record. `fields`: its attributes, by the table of names. `operation`: the kind of an AI call.
//!   `json`: how values are written.
//! - [`batch`]: log records that wait, and the requests that carry them.
//! - [`post`]: the interface to the network. [`answer`]: what a response means.
//! - [`exporter`]: sends batches, again if necessary. [`stats`]: its counters.

pub mod answer;
pub mod batch;
pub mod config;
pub mod endpoint;
pub mod exporter;
mod fields;
pub mod headers;
mod json;
pub mod log_record;
mod operation;
pub mod post;
pub mod stats;

pub use config::{Compression, ExportConfig, ExportConfigError};
pub use exporter::{ExportError, Exporter};
pub use post::{Post, PostRequest, PostResponse};
pub use stats::ExportStats;
