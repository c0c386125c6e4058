//! The tests of the crate.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a wrong shape fails the test"
)]

mod bounds;
mod export;
mod golden;
mod mapping;
mod messages;
mod properties;
mod unreadable;
