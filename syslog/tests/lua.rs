//! `custom_fields_by_lua` through the sink: what scripts can do, what they cannot, and where they are stopped.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bounds;
mod fields;
mod kong;
mod sandbox;
mod support;
