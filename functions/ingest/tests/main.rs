//! The tests of ingest over its public interface, in a native SQLite.

mod any_request;
mod cases;
mod group_commit;
mod ingest;
mod manifest;
mod pricing;
mod syslog;
