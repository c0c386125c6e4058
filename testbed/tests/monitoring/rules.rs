//! The shipped rules and scrape configuration, adapted to a test: shorter times, and the test's own targets.
//!
//! Only times are changed: a range `[10m]` and an offset become a sixtieth, and `for: 15m` a hundredth, but not less than a few scrapes.

#![expect(
    clippy::string_slice,
    reason = "the rules are those of the repository, and a wrong one fails the test"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;

use gatelog_artifacts as artifacts;
use serde_json::{Value, json};

/// Seconds between two scrapes of a target.
const SCRAPE_SECONDS: u64 = 2;

/// What Prometheus scrapes at one place.
pub struct Target {
    /// The job of the shipped configuration.
    pub job: &'static str,
    /// The label by which the test knows it.
    pub site: &'static str,
    pub address: SocketAddr,
}

pub fn text(file: &str) -> String {
    std::fs::read_to_string(artifacts::workspace().join(file)).unwrap()
}

/// The shipped scrape configuration with these targets.
pub fn scrape_configuration(targets: &[Target]) -> Value {
    let mut config: Value = serde_saphyr::from_str(&text("deploy/prometheus/scrape.yaml")).unwrap();
    let every = format!("{SCRAPE_SECONDS}s");
    config["global"] =
        json!({ "scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every });
    for job in config["scrape_configs"].as_array_mut().unwrap() {
        let of_job = targets.iter().filter(|target| target.job == job["job_name"]);
        let targets: Vec<Value> = of_job
            .map(|target| json!({ "targets": [target.address.to_string()], "labels": { "site": target.site, "instance": target.site } }))
            .collect();
        assert!(!targets.is_empty(), "the test has nothing for the job {}", job["job_name"]);
        job["static_configs"] = targets.into();
    }
    config
}

/// The shipped rules with shorter times.
pub fn shortened() -> String {
    shorten(&text("deploy/prometheus/rules.yaml"))
}

fn shorten(rules: &str) -> String {
    let ranges = replace_durations(rules, "[", "]", |seconds| (seconds / 60).max(5 * SCRAPE_SECONDS));
    let offsets =
        replace_durations(&ranges, "offset ", ")", |seconds| (seconds / 60).max(5 * SCRAPE_SECONDS));
    replace_durations(&offsets, "for: ", "\n", |seconds| (seconds / 100).max(3 * SCRAPE_SECONDS))
}

/// Replaces each duration between two texts; `[3m]` and the like.
fn replace_durations(text: &str, before: &str, after: &str, shorter: impl Fn(u64) -> u64) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(before) {
        replaced.push_str(head);
        replaced.push_str(before);
        rest = tail;
        let Some((duration, _)) = tail.split_once(after) else { continue };
        if let Some(seconds) = seconds(duration) {
            replaced.push_str(&format!("{}s", shorter(seconds)));
            rest = &tail[duration.len()..];
        }
    }
    replaced + rest
}

fn seconds(duration: &str) -> Option<u64> {
    let (count, unit) = duration.split_at_checked(duration.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    Some(count.parse::<u64>().ok()? * unit)
}

/// The shipped rules: those that are alerts, by name, and every expression.
pub struct Rules {
    pub alerts: BTreeSet<String>,
    pub expressions: Vec<String>,
}

pub fn shipped() -> Rules {
    let rules: Value = serde_saphyr::from_str(&text("deploy/prometheus/rules.yaml")).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    let all: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    Rules {
        alerts: all.iter().filter_map(|rule| rule["alert"].as_str().map(str::to_owned)).collect(),
        expressions: all.iter().map(|rule| rule["expr"].as_str().unwrap().to_owned()).collect(),
    }
}

#[test]
fn only_times_are_shortened() {
    let rules =
        "expr: increase(a{b=\"[x]\"}[10m]) > 0 or c[1h] or (d offset 10m)\nfor: 15m\nlabels: [d]\nfor: 2m\n";
    let expected =
        "expr: increase(a{b=\"[x]\"}[10s]) > 0 or c[60s] or (d offset 10s)\nfor: 9s\nlabels: [d]\nfor: 6s\n";
    assert_eq!(shorten(rules), expected);
}
