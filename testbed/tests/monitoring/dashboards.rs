//! Every series that the rules and the dashboard on Prometheus name exists in a running Prometheus.

use gatelog_testbed::prometheus::Prometheus;
use serde_json::Value;

use crate::promql::selectors;
use crate::rules;

/// What the dashboard's variables and Grafana's own stand for in the test.
const VARIABLES: [(&str, &str); 5] = [
    ("$__rate_interval", "10s"),
    ("$__range", "1m"),
    ("$gateway_job", ".*"),
    ("$gateway", ".*"),
    ("$job", ".*"),
];

/// Asserts that each selector has series, and that Prometheus accepts each expression of a panel.
pub async fn every_series_exists(prometheus: &Prometheus) {
    let mut expressions = rules::shipped().expressions;
    let of_panels = panel_expressions();
    for expression in &of_panels {
        prometheus.query(expression).await.unwrap();
    }
    expressions.extend(of_panels);
    expressions.extend(variable_selectors());
    let mut missing = Vec::new();
    for expression in &expressions {
        for selector in selectors(expression) {
            // A gateway of the test that has ended has no samples now.
            let seen = format!("present_over_time({selector}[1h])");
            if prometheus.query(&seen).await.unwrap().is_empty() {
                missing.push(format!("{selector} in {expression}"));
            }
        }
    }
    assert!(missing.is_empty(), "no series for\n{}", missing.join("\n"));
}

fn dashboard() -> Value {
    serde_json::from_str(&rules::text("deploy/grafana/gatelog.json")).unwrap()
}

fn panel_expressions() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions: Vec<String> = targets.map(|target| filled(target["expr"].as_str().unwrap())).collect();
    assert!(!expressions.is_empty());
    expressions
}

/// The selectors of the variables that ask for the values of a label.
fn variable_selectors() -> Vec<String> {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries = variables.filter(|variable| variable["type"] == "query");
    let selectors = queries.map(|variable| {
        let definition = variable["definition"].as_str().unwrap();
        let arguments = definition.strip_prefix("label_values(").unwrap();
        filled(arguments.rsplit_once(", ").unwrap().0)
    });
    selectors.collect()
}

fn filled(text: &str) -> String {
    let filled = VARIABLES.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!filled.contains('$'), "an unknown variable: {filled}");
    filled
}
