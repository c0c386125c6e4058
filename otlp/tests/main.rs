//! The tests of the crate.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a wrong shape fails the test")]

mod bounds;
mod golden;
mod mapping;
mod messages;
mod properties;
