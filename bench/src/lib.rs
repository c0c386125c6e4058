//! What the benchmarks share. `README.md` says how to run them and how figures are taken.
//!
//! - [`traffic`]: the requests that filters see, and the records that functions store.
//! - [`filter`]: one filter in the proxy-wasm host, timed phase by phase.
//! - [`gateway`]: the filter in a real Envoy, under load.
//! - [`ingest`]: records stored through the component, compared with the same rows stored natively.
//! - [`query`]: queries of a table of ten million rows.
//! - [`retention`]: deleting old records, and dropping their partition.
//! - [`size`]: bytes of a record on disk.
//! - [`syslog`]: ingest with syslog and without, under load.
//! - [`figure`]: one measured figure with its target.
//! - [`wrk`]: load from `wrk`.
//! - [`summary`]: figures of a filter next to those of the no-op filter.

pub mod figure;
pub mod filter;
pub mod gateway;
pub mod ingest;
pub mod query;
pub mod retention;
pub mod size;
pub mod summary;
pub mod syslog;
pub mod traffic;
pub mod wrk;
