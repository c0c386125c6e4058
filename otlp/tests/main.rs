//! The tests of the crate.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a wrong shape fails the test")]

mod export;
