//! End-to-end tests: a real Envoy with the same filter that operators load, the functions, a real database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test says where by panicking"
)]

mod altered;
mod chain;
mod deploy;
mod encodings;
mod filter;
mod functions;
mod gateway;
mod higress;
mod http3;
mod logger;
mod otlp;
mod otlp_export;
mod protocols;
mod query;
mod setup;
mod syslog;
mod trap;
