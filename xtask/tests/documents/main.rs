//! The reference pages in `docs/` beside the code: every name, default and bound on them is the one that holds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a page or manifest of another shape fails the test"
)]

mod filter;
mod functions;
mod metrics;
mod otlp;
mod page;
mod query;
