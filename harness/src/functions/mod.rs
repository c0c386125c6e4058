//! The host functions, by subject. Each behaves as in Envoy; `table.rs` documents them.

pub(super) mod attributes;
pub(super) mod buffers;
pub(super) mod callouts;
pub(super) mod headers;
pub(super) mod metrics;
pub(super) mod plugin;
pub(super) mod wasi;
