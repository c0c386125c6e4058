//! OpenTelemetry's log protocol (OTLP): export requests become records, and records become log records.
//!
//! - [`attributes`]: the table of attribute names and record fields, for both directions.
//! - [`grpc_status`]: the names of gRPC's status codes.

pub mod attributes;
pub mod grpc_status;
