//! `GET /health/metrics`: the counters of all instances and the reports of filters, in Prometheus' text format
//! 0.0.4.

use std::collections::HashMap;
use std::fmt::{Result as Written, Write as _};

use gatelog_functions_shared::metrics::{COUNTERS, Histogram, WRITE_SECONDS, ai, series_with};
use gatelog_record::Timestamp;
use gatelog_storage::filter_reports::{self, FilterTotals};
use gatelog_storage::{Executor, StorageError, counters};

/// The content type of the response.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A filter that has not pushed for this many milliseconds no longer counts as live, nor do the records that waited in
/// it.
const LIVE_MS: i64 = 120_000;

/// The metrics, read by two cheap statements. `is_ready` says whether ingest can work with its variables. Every series exists from the start, with 0, except those of models.
///
/// # Errors
///
/// The database's error.
pub async fn text(
    database: &impl Executor,
    store: &str,
    is_ready: bool,
    now: Timestamp,
) -> Result<String, StorageError> {
    let counts = Counts(counters::read(database).await?.into_iter().collect());
    let filters = filter_reports::totals(database, now.as_millis() - LIVE_MS).await?;
    let mut text = String::with_capacity(16 * 1_024);
    // Writing to a string cannot fail.
    let _ = write_service(&mut text, store, is_ready);
    let _ = write_counters(&mut text, &counts);
    let _ = write_filters(&mut text, &filters);
    let _ = write_ai(&mut text, &counts);
    Ok(text)
}

/// What can be said while the database does not answer. The counters are in the database, and a 0 would look like a restart.
pub fn text_without_database(store: &str) -> String {
    let mut text = String::new();
    let _ = write_service(&mut text, store, false);
    text
}

/// The counters in the database, by the names of their series.
struct Counts(HashMap<String, i64>);

impl Counts {
    fn of(&self, name: &str, labels: &[(&str, &str)]) -> i64 {
        self.0.get(&series_with(name, labels)).copied().unwrap_or_default()
    }

    /// The values of the label `model`, sorted; the one for other models is always there.
    fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self.0.keys().filter_map(|name| ai::model_of(name)).collect();
        models.push(ai::OTHER);
        models.sort_unstable();
        models.dedup();
        models
    }

    /// The labels of the series of costs. Costs in another currency are another series.
    fn costs(&self) -> Vec<(&str, i64)> {
        let prefix = format!("{}{{", ai::COST.name);
        let mut costs: Vec<(&str, i64)> = self
            .0
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix))
            .map(|(name, nano)| (&**name, *nano))
            .collect();
        costs.sort_unstable();
        costs
    }
}

fn write_service(text: &mut String, store: &str, is_ready: bool) -> Written {
    head(text, "gatelog_build_info", "The version of gatelog, and the kind of database. Always 1.", "gauge")?;
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("component", "health"), ("store", store)];
    writeln!(text, "{} 1", series_with("gatelog_build_info", &labels))?;
    head(
        text,
        "gatelog_ready",
        "1 when the database answers and has its tables and ingest's variables are right, as /health/ready says.",
        "gauge",
    )?;
    writeln!(text, "gatelog_ready {}", u8::from(is_ready))
}

fn write_counters(text: &mut String, counts: &Counts) -> Written {
    for family in COUNTERS {
        head(text, family.name, family.help, "counter")?;
        for value in family.values {
            let label = Some((family.label, *value)).filter(|(label, _)| !label.is_empty());
            sample(text, family.name, label.as_slice(), counts)?;
        }
    }
    head(text, WRITE_SECONDS.name, WRITE_SECONDS.help, "histogram")?;
    histogram(text, &WRITE_SECONDS, None, counts)
}

fn write_filters(text: &mut String, filters: &FilterTotals) -> Written {
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

fn write_ai(text: &mut String, counts: &Counts) -> Written {
    let models = counts.models();
    head(text, ai::CALLS.name, ai::CALLS.help, "counter")?;
    for &model in &models {
        sample(text, ai::CALLS.name, &[("model", model)], counts)?;
    }
    head(text, ai::TOKENS.name, ai::TOKENS.help, "counter")?;
    for &model in &models {
        for kind in ai::TOKEN_TYPES {
            sample(text, ai::TOKENS.name, &[("model", model), ("type", kind)], counts)?;
        }
    }
    head(text, ai::COST.name, ai::COST.help, "counter")?;
    for (name, nano) in counts.costs() {
        writeln!(text, "{name} {}", nano as f64 / 1e9)?;
    }
    head(text, ai::FIRST_TOKEN.name, ai::FIRST_TOKEN.help, "histogram")?;
    for &model in &models {
        histogram(text, &ai::FIRST_TOKEN, Some(("model", model)), counts)?;
    }
    Ok(())
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], counts: &Counts) -> Written {
    let value = counts.of(name, labels);
    writeln!(text, "{} {value}", series_with(name, labels))
}

/// The samples of a histogram, with a label besides `le` if there are several.
fn histogram(
    text: &mut String,
    histogram: &Histogram,
    label: Option<(&str, &str)>,
    counts: &Counts,
) -> Written {
    let mut below = 0;
    for le in histogram.bounds.iter().map(|(le, _)| *le).chain(["+Inf"]) {
        let labels: Vec<(&str, &str)> = label.into_iter().chain([("le", le)]).collect();
        below += counts.of(histogram.bucket_name, &labels);
        writeln!(text, "{} {below}", series_with(histogram.bucket_name, &labels))?;
    }
    let labels = label.as_slice();
    let sum = counts.of(histogram.sum_name, labels) as f64 / 1e6;
    writeln!(text, "{} {sum}", series_with(histogram.sum_name, labels))?;
    writeln!(text, "{} {below}", series_with(&format!("{}_count", histogram.name), labels))
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) -> Written {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
