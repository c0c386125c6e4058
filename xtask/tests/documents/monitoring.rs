//! The alert rules and dashboards in `deploy/`, the runbook, and the metrics that there are.

use std::collections::BTreeSet;

use gatelog_filter::observe::metric::{Metric, MetricKind};
use serde_json::Value;

use crate::metrics::{families, functions_text};
use crate::page;

const RULES: &str = "deploy/prometheus/rules.yaml";
const DASHBOARDS: [&str; 2] = ["deploy/grafana/gatelog.json", "deploy/grafana/gatelog-mysql.json"];
const RUNBOOK: &str = "docs/runbook.md";

fn rules() -> Vec<Value> {
    let rules: Value = serde_saphyr::from_str(&page::text(RULES)).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn alerts() -> Vec<Value> {
    rules().into_iter().filter(|rule| rule["alert"].is_string()).collect()
}

#[test]
fn each_alert_has_a_severity_texts_tests_and_a_section_in_the_runbook_and_no_section_is_left_over() {
    let runbook = page::text(RUNBOOK);
    let sections: BTreeSet<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let tests = page::text("deploy/prometheus/rules_test.yaml");
    let (alerts, mut names) = (alerts(), BTreeSet::new());
    for alert in &alerts {
        let name = alert["alert"].as_str().unwrap();
        let text = |pointer: &str| {
            alert
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("{name} has no {pointer}"))
        };
        assert!(["critical", "warning", "info"].contains(&text("/labels/severity")), "{name}");
        assert!(!text("/annotations/summary").is_empty() && !text("/annotations/description").is_empty());
        let anchor = format!("{RUNBOOK}#{}", name.to_lowercase());
        assert_eq!(text("/annotations/runbook_url"), anchor);
        assert!(sections.contains(name), "{RUNBOOK} has no section {name}");
        let [fires, is_silent] = [format!("alertname: {name}\n"), format!("alertname: {name}, ")];
        assert!(
            tests.contains(&fires) && tests.contains(&is_silent),
            "rules_test.yaml lacks a case of {name}"
        );
        assert!(names.insert(name), "{name} is there twice");
    }
    let of_alerts: BTreeSet<&str> = sections.into_iter().filter(|section| !section.contains(' ')).collect();
    assert_eq!(of_alerts, names, "{RUNBOOK} has a section for each alert, and for no other");
}

#[test]
fn each_section_of_the_runbook_says_the_same_five_things_in_the_same_order() {
    let runbook = page::text(RUNBOOK);
    for section in
        runbook.split("\n## ").skip(1).filter(|section| !section.lines().next().unwrap().contains(' '))
    {
        let parts: Vec<&str> =
            section.split("**").skip(1).step_by(2).filter(|part| part.ends_with('.')).collect();
        let expected = ["Meaning.", "Lost.", "Look.", "Mend.", "Clears."];
        assert_eq!(parts, expected, "{}", section.lines().next().unwrap());
    }
}

#[tokio::test(flavor = "current_thread")]
async fn rules_and_dashboards_name_metrics_that_exist() {
    let mut known: BTreeSet<String> = rules()
        .iter()
        .filter_map(|rule| rule["record"].as_str())
        .flat_map(|record| words(record).map(str::to_owned))
        .collect();
    let of_functions = families(&functions_text().await);
    for (name, kind) in of_functions
        .iter()
        .map(|(name, (kind, _))| (name.as_str(), kind == "histogram"))
        .chain(Metric::ALL.iter().map(|metric| (metric.name(), metric.kind() == MetricKind::Histogram)))
    {
        known.insert(name.to_owned());
        if kind {
            known.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
        }
    }
    let mut named = 0;
    for file in [&[RULES, RUNBOOK, "docs/monitoring.md"][..], &DASHBOARDS].concat() {
        let text = page::text(file);
        for word in words(&text).filter(|word| word.starts_with("gatelog_")) {
            assert!(known.contains(word) || is_another_thing(word), "{file}: there is no metric {word}");
            named += 1;
        }
    }
    assert!(named > 50);
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}

/// Names of tables, files and parts of names.
fn is_another_thing(word: &str) -> bool {
    let tables = ["gatelog_counters", "gatelog_filters"];
    tables.contains(&word) || word.ends_with('_') || word.ends_with("_filter")
}

#[test]
fn each_panel_says_what_it_shows_of_which_data_source_in_which_unit() {
    for file in DASHBOARDS {
        let dashboard: Value = serde_json::from_str(&page::text(file)).unwrap();
        assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36, "{file}");
        let source = &dashboard["templating"]["list"][0];
        assert_eq!(
            (&source["name"], &source["type"]),
            (&"datasource".into(), &"datasource".into()),
            "{file}"
        );
        let (mut ids, mut places) = (BTreeSet::new(), Vec::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{file}: the id of {title} is there twice");
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(
                x + w <= 24
                    && places
                        .iter()
                        .all(|(a, b, c, d)| x >= a + c || a >= &(x + w) || y >= b + d || b >= &(y + h)),
                "{file}: {title} lies over another"
            );
            places.push((x, y, w, h));
            if panel["type"] == "row" {
                continue;
            }
            assert!(panel["description"].as_str().unwrap().ends_with('.'), "{file}: {title}");
            let targets = panel["targets"].as_array().unwrap();
            for place in targets.iter().chain([panel]) {
                assert_eq!(place["datasource"]["uid"], "${datasource}", "{file}: {title}");
                assert_eq!(place["datasource"]["type"], source["query"], "{file}: {title}");
            }
            if panel["type"] == "timeseries" {
                assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{file}: {title} has no unit");
            }
            let known: BTreeSet<String> =
                alerts().iter().map(|alert| alert["alert"].as_str().unwrap().to_lowercase()).collect();
            for link in panel["links"].as_array().into_iter().flatten() {
                let anchor = link["url"].as_str().unwrap().strip_prefix("${docs}/runbook.md#").unwrap();
                assert!(known.contains(anchor), "{file}: {title}");
            }
        }
        let links: Vec<&str> =
            dashboard["links"].as_array().unwrap().iter().map(|link| link["url"].as_str().unwrap()).collect();
        assert_eq!(links, ["${docs}/runbook.md", "${gatelog}/ui/"], "{file}");
    }
}
