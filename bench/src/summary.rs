//! Figures of gatelog's filter next to those of the no-op filter, which ran in the same process.

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
        *sum += cost;
        *count += streams;
    }

    /// Adds the size that a filter's memory grew to.
    pub fn memory(&mut self, traffic: &'static str, filter: &'static str, bytes: usize) {
        self.memory_bytes.push((traffic, filter, bytes));
    }
}

impl fmt::Display for Summary {
    /// One line for each traffic and phase: microseconds, host calls and allocations per stream, and the ratio of the
    /// times; then the memory of each filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24}{:>12}{:>12}{:>9}{:>12}{:>13}",
            "phase", "noop µs", "gatelog µs", "ratio", "host calls", "allocations"
        )?;
        for ((traffic, phase), filters) in &self.rows {
            let of = |filter| filters.get(filter).map(per_stream).unwrap_or_default();
            let ([noop, ..], [gatelog, host_calls, _], [_, _, allocations]) =
                (of("noop"), of("gatelog"), of("counted"));
            let name = format!("{traffic}-{}", phase.name());
            let ratio = if noop > 0.0 { gatelog / noop } else { 0.0 };
            write!(f, "{name:<24}{noop:>12.2}{gatelog:>12.2}{ratio:>9.1}{host_calls:>12.1}")?;
            writeln!(f, "{allocations:>13.1}")?;
        }
        for (traffic, filter, bytes) in &self.memory_bytes {
            writeln!(f, "{traffic}: memory of {filter} {} kB", bytes / 1024)?;
        }
        Ok(())
    }
}

/// Microseconds, host calls and allocations of one stream.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn per_stream((sum, streams): &(Cost, u64)) -> [f64; 3] {
    let all = [sum.time.as_secs_f64() * 1e6, sum.host_calls as f64, sum.allocations as f64];
    all.map(|value| value / (*streams).max(1) as f64)
}
