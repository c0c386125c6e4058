//! Tests of ingest through its public interface, with a native SQLite.

mod any_request;
mod cases;
mod group_commit;
mod ingest;
mod logs;
mod manifest;
mod otlp_export;
mod pricing;
mod secrets;
mod syslog;
