//! gatelog's module in a real Envoy: its records are those of the filter, nothing is lost when Envoy, the collector or a
//! configuration changes, and a panic costs no request anything.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test says where by panicking"
)]

mod both;
mod configurations;
mod deploy;
mod lifecycle;
mod own_thread;
mod panics;
mod parity;
mod requests;
mod site;
mod versions;
