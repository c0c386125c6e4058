//! The pages in `docs/` beside the code: every name, default and bound on them is the one that holds, the pages that are made from
//! the code are up to date, and the tests, tasks and pages that they name exist.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a page or manifest of another shape fails the test"
)]

mod claims;
mod filter;
mod functions;
mod generated;
mod higress;
mod index;
mod metrics;
mod monitoring;
mod otlp;
mod page;
mod query;
mod tasks;
