//! The reference pages in `docs/` beside the code: every name, default and bound on them is the one that holds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a page or manifest of another shape fails the test"
)]

mod filter;
mod functions;
mod higress;
mod metrics;
mod monitoring;
mod page;
mod query;
