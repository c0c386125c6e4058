//! OpenTelemetry's log protocol (OTLP): export requests become records, and records become log records.
//!
//! - [`attributes`]: the table of attribute names and record fields, for both directions.
//! - [`export`]: records become log records, which are sent to a receiver.
//! - [`grpc_status`]: the names of gRPC's status codes.

pub mod attributes;
pub mod export;
pub mod grpc_status;
