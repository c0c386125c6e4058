//! The host functions, by what they work on. Each answers as Envoy does; `table.rs` says what each is for.

pub(super) mod attributes;
pub(super) mod buffers;
pub(super) mod callouts;
pub(super) mod headers;
pub(super) mod metrics;
pub(super) mod plugin;
pub(super) mod wasi;
