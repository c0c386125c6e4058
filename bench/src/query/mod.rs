//! What queries of a large table cost: pages, statistics and exports through the query component in the local host,
//! compared with the same statements in this process and without an index, in the same run.
//!
//! - [`database`]: the table. [`client`]: the component.
//! - [`pages`], [`scenarios`], [`export`]: the queries, and whether their answers are right.

pub mod client;
pub mod database;
pub mod export;
pub mod pages;
pub mod scenarios;

use std::path::Path;
use std::time::Duration;

use gatelog_record::FieldValue;
use gatelog_storage::StoredRecord;

use crate::figure::{Figure, Target};
use client::Client;
use database::Database;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rows of the table.
    pub rows: u64,
    /// Requests for each figure of a page.
    pub requests: u32,
    /// Requests for each scenario.
    pub scenario_rounds: u32,
    /// Records of an export.
    pub exported: u32,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self = Self { rows: 10_000_000, requests: 200, scenario_rounds: 5, exported: 500_000 };
    /// A quick look.
    pub const QUICK: Self = Self { rows: 200_000, requests: 40, scenario_rounds: 3, exported: 50_000 };
}

/// Measures and prints one line for each figure. `kept` is a file for the table that outlives the run.
///
/// # Errors
///
/// When a part does not start, or an answer is wrong: a wrong answer gives no figure.
pub async fn run(effort: Effort, kept: Option<&Path>) -> anyhow::Result<()> {
    let database = Database::prepare(effort.rows, kept).await?;
    let client = Client::start(&database.file).await?;
    let pages = pages::measure(&client, &database, effort).await?;
    at_most("query.page.first.p99", pages.first, "ms", 20.0);
    at_most("query.page.last.p99", pages.last, "ms", 20.0);
    at_most("query.page.anywhere.p99", pages.anywhere, "ms", 20.0);
    at_most("query.page.with_total.p99", pages.counted, "ms", 250.0);
    at_least("query.page.native_over_unindexed", pages.unindexed, "ratio", 10.0);
    let whole_count = scenarios::whole_count(&client, &database).await?;
    println!("# a page with total=true: {whole_count:.0} ms");
    let slowest = scenarios::measure(&client, &database, effort).await?;
    at_most("query.scenario.slowest", slowest, "ms", 100.0);
    client.stop().await;
    let export = export::measure(&database, effort).await?;
    at_least("query.export.rate", export.per_second, "records/s", 20_000.0);
    at_least("query.export.of_native_reading", export.of_native, "ratio", 0.25);
    at_most("query.export.first_byte", export.first_ms, "ms", 50.0);
    at_most("query.export.memory", export.memory_mib, "MiB", 64.0);
    Ok(())
}

fn at_most(name: &str, value: f64, unit: &'static str, bound: f64) {
    println!("{}", Figure { name: name.into(), value, unit, target: Target::AtMost(bound) });
}

fn at_least(name: &str, value: f64, unit: &'static str, bound: f64) {
    println!("{}", Figure { name: name.into(), value, unit, target: Target::AtLeast(bound) });
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The nearest rank among the times, in milliseconds; 0 when there are none.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().map_or(0.0, millis)
}

/// The id of a record that was read with every field.
fn record_id(record: &StoredRecord) -> String {
    match record.fields().next() {
        Some((_, FieldValue::Text(id))) => id.to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!([percentile(&times, 50), percentile(&times, 99)], [100.0, 198.0]);
        assert_eq!(percentile(&times[..1], 99), 1.0);
        assert_eq!(percentile(&[], 99), 0.0);
    }
}
