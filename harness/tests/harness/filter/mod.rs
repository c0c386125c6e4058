//! The very filter that gateways load, in the deterministic host: what only shows over many streams, over long times, or
//! with a gateway and a collector that misbehave.
//!
//! The filter's own metrics have to account for each record: it is pushed, waits, or is counted as dropped.
#![expect(clippy::indexing_slicing, reason = "a missing part is a failed test")]

mod answers;
mod clocks;
mod configurations;
mod determinism;
mod end;
mod hostile;
mod memory;
mod support;
