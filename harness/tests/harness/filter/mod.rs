//! Tests of the same filter that gateways load, in the deterministic host: behaviour that only shows over many streams,
//! over a long time, or with a gateway or collector that misbehaves.
//!
//! The filter's own metrics must account for each record: it is pushed, waits, or is counted as dropped.
#![expect(clippy::indexing_slicing, reason = "a missing part is a failed test")]

mod answers;
mod clocks;
mod configurations;
mod determinism;
mod end;
mod hostile;
mod memory;
mod support;
