//! `GET /health/metrics`: the counters of all instances and the reports of filters, in Prometheus' text format
//! 0.0.4.

use std::collections::HashMap;
use std::fmt::Write as _;

use gatelog_functions_shared::metrics::{COUNTERS, Histogram, WRITE_SECONDS, series};
use gatelog_record::Timestamp;
use gatelog_storage::filter_reports::{self, FilterTotals};
use gatelog_storage::{Executor, StorageError, counters};

/// The content type of the response.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A filter that has not pushed for this many milliseconds no longer counts as live, nor do the records that waited in
/// it.
const LIVE_MS: i64 = 120_000;

/// The metrics, read by two cheap statements. Every series exists from the start, with 0.
///
/// # Errors
///
/// The database's error.
pub async fn text(database: &impl Executor, now: Timestamp) -> Result<String, StorageError> {
    let counts: HashMap<String, i64> = counters::read(database).await?.into_iter().collect();
    let filters = filter_reports::totals(database, now.as_millis() - LIVE_MS).await?;
    let mut text = String::with_capacity(8 * 1_024);
    // Writing to a string cannot fail.
    let _ = write_text(&mut text, &counts, &filters);
    Ok(text)
}

fn write_text(text: &mut String, counts: &HashMap<String, i64>, filters: &FilterTotals) -> std::fmt::Result {
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    for family in COUNTERS {
        head(text, family.name, family.help, "counter")?;
        for value in family.values {
            let name = series(family.name, family.label, value);
            writeln!(text, "{name} {}", count(&name))?;
        }
    }
    histogram(text, &WRITE_SECONDS, count)?;
    for (name, kind, help, value) in [
        ("gatelog_filters", "gauge", "Filter VMs that have pushed in the last two minutes.", filters.live),
        (
            "gatelog_filter_queue_entries",
            "gauge",
            "Records that waited in these VMs at their last push.",
            filters.queue_entries,
        ),
        (
            "gatelog_filter_dropped_records_total",
            "counter",
            "Records that filters dropped, for whatever reason, all VMs together.",
            filters.dropped,
        ),
        (
            "gatelog_filter_retries_total",
            "counter",
            "Pushes that filters repeated, all VMs together.",
            filters.retries,
        ),
    ] {
        head(text, name, help, kind)?;
        writeln!(text, "{name} {value}")?;
    }
    Ok(())
}

fn histogram(text: &mut String, histogram: &Histogram, count: impl Fn(&str) -> i64) -> std::fmt::Result {
    head(text, histogram.name, histogram.help, "histogram")?;
    let mut below = 0;
    for le in histogram.bounds.iter().map(|(le, _)| *le).chain(["+Inf"]) {
        let name = series(histogram.bucket_name, "le", le);
        below += count(&name);
        writeln!(text, "{name} {below}")?;
    }
    writeln!(text, "{} {}", histogram.sum_name, count(histogram.sum_name) as f64 / 1e6)?;
    writeln!(text, "{}_count {below}", histogram.name)
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
