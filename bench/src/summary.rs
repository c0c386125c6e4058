//! Figures of gatelog's filter beside those of the no-op filter, which ran in the same process.

use std::collections::BTreeMap;
use std::fmt;

use crate::filter::{Cost, Phase};

/// All that was measured: for each traffic and phase, what the two filters cost and over how many streams.
#[derive(Debug, Default)]
pub struct Summary {
    rows: BTreeMap<(&'static str, Phase), ByFilter>,
    memory_bytes: Vec<(&'static str, &'static str, usize)>,
}

/// What some streams cost, and how many they were, by filter.
type ByFilter = BTreeMap<&'static str, (Cost, u64)>;

impl Summary {
    /// Adds what some streams cost.
    pub fn add(
        &mut self,
        traffic: &'static str,
        phase: Phase,
        filter: &'static str,
        cost: Cost,
        streams: u64,
    ) {
        let (sum, count) = self.rows.entry((traffic, phase)).or_default().entry(filter).or_default();
        sum.time += cost.time;
        sum.host_calls += cost.host_calls;
        *count += streams;
    }

    /// Adds the size that a filter's memory grew to.
    pub fn memory(&mut self, traffic: &'static str, filter: &'static str, bytes: usize) {
        self.memory_bytes.push((traffic, filter, bytes));
    }
}

impl fmt::Display for Summary {
    /// One line for each traffic and phase: microseconds and host calls per stream, and the ratio of the times; then the
    /// memory of each filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24}{:>12}{:>12}{:>9}{:>12}",
            "phase", "noop µs", "gatelog µs", "ratio", "host calls"
        )?;
        for ((traffic, phase), filters) in &self.rows {
            let (noop, _) = filters.get("noop").map(per_stream).unwrap_or_default();
            let (gatelog, host_calls) = filters.get("gatelog").map(per_stream).unwrap_or_default();
            let name = format!("{traffic}-{}", phase.name());
            let ratio = if noop > 0.0 { gatelog / noop } else { 0.0 };
            writeln!(f, "{name:<24}{noop:>12.2}{gatelog:>12.2}{ratio:>9.1}{host_calls:>12.1}")?;
        }
        for (traffic, filter, bytes) in &self.memory_bytes {
            writeln!(f, "{traffic}: memory of {filter} {} kB", bytes / 1024)?;
        }
        Ok(())
    }
}

/// Microseconds and host calls of one stream.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn per_stream((sum, streams): &(Cost, u64)) -> (f64, f64) {
    let streams = (*streams).max(1) as f64;
    (sum.time.as_secs_f64() * 1e6 / streams, sum.host_calls as f64 / streams)
}
