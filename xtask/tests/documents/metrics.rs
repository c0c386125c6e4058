//! The metrics in `docs/metrics.md`, and those that the filter and the functions have.

use std::collections::{BTreeMap, BTreeSet};

use gatelog_filter::observe::metric::{Metric, MetricKind};
use gatelog_record::Timestamp;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};

use crate::page;

/// A database in which nothing was counted.
struct Empty;

impl Executor for Empty {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
        Ok(Rows::new())
    }
}

#[test]
fn the_page_names_each_metric_of_the_filter_with_its_kind_and_no_other() {
    let rows = page::rows("docs/metrics.md", &["name", "kind", "what it shows"]);
    let named: Vec<(&str, &str)> = rows.iter().map(|row| (&*row[0].text, &*row[1].text)).collect();
    let kind = |metric: &Metric| match metric.kind() {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    };
    let all: BTreeSet<_> = Metric::ALL.iter().map(|metric| (metric.name(), kind(metric))).collect();
    assert_eq!(BTreeSet::from_iter(named.iter().copied()), all);
    assert_eq!(named.len(), all.len(), "a metric is there twice");
}

/// Of each metric its kind, and its labels, each with those of its values that are always there.
type Families = BTreeMap<String, (String, Vec<String>)>;

#[tokio::test(flavor = "current_thread")]
async fn the_page_names_each_metric_of_the_functions_with_its_labels_and_no_other() {
    let rows = page::rows("docs/metrics.md", &["name", "kind", "label", "what it shows"]);
    let named: Families =
        rows.iter().map(|row| (row[0].text.clone(), (row[1].text.clone(), row[2].codes.clone()))).collect();
    assert_eq!(named.len(), rows.len(), "a metric is there twice");
    let mut families = families(&functions_text().await);
    // Values that depend on the version and on what is configured.
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    families.get_mut("gatelog_build_info").unwrap().1 = labels(&["version", "component", "store"]);
    families.get_mut("gatelog_ai_cost_total").unwrap().1 = labels(&["model", "currency"]);
    assert_eq!(named, families);
}

/// What `/health/metrics` answers when nothing was counted.
pub async fn functions_text() -> String {
    gatelog_health::metrics::text(&Empty, "libsql", true, Timestamp::MIN).await.unwrap()
}

/// Reads Prometheus' text format.
pub fn families(text: &str) -> Families {
    let mut families = Families::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            families.insert(name.to_owned(), (kind.to_owned(), Vec::new()));
        } else if let Some((name, rest)) = line.split_once('{') {
            let name = name.strip_suffix("_bucket").unwrap_or(name);
            let Some((_, known)) = families.get_mut(name) else { continue };
            for pair in rest.split_once('}').unwrap().0.split(',') {
                let (label, value) = pair.split_once("=\"").unwrap();
                add(known, label, value.trim_end_matches('"'));
            }
        }
    }
    families
}

/// Adds a value after its label, or both at the end. The label of a histogram's buckets is no label of its own.
fn add(known: &mut Vec<String>, label: &str, value: &str) {
    if label == "le" {
        return;
    }
    for text in [label, value] {
        if !known.iter().any(|other| other == text) {
            known.push(text.to_owned());
        }
    }
}
