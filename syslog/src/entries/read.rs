//! Reads the entries of a text and reports all problems at once.

use serde_json::Value;

use super::document::Document;
use super::problems::Problems;
use super::{Entries, Entry, plugin, yaml};
use crate::error::ConfigError;

impl Entries {
    /// Reads the format documented in [`crate::entries`]; an empty text is an empty list.
    ///
    /// # Errors
    ///
    /// All problems, not only the first.
    pub fn from_text(text: &str) -> Result<Self, ConfigError> {
        entries(text).map(Self::new)
    }
}

/// The entries of the text that apply to requests.
fn entries(text: &str) -> Result<Vec<Entry>, ConfigError> {
    // Some editors write a byte order mark before the text.
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut problems = Problems::default();
    let mut entries: Vec<Entry> = Vec::new();
    match value(text) {
        Ok(value) => {
            let document = Document::read(&value, &mut problems);
            for found in &document.plugins {
                let before = problems.len();
                let Some(entry) = plugin::read(found, &document, &mut problems) else { continue };
                if let Some(other) = entries.iter().find(|known| known.scope == entry.scope) {
                    let other = &other.place;
                    problems.add(
                        &entry.place,
                        format_args!("has the same service, route and consumer as {other}"),
                    );
                }
                problems.of_entry(before, &entry.scope);
                entries.push(entry);
            }
        }
        Err(error) => problems.add("the configuration", error),
    }
    if problems.is_empty() { Ok(entries) } else { Err(ConfigError { problems: problems.into_texts() }) }
}

/// The value of a text. JSON is tried first, because its errors are better where the text begins like JSON.
fn value(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) if text.starts_with(['[', '{']) => Err(format!("is no JSON: {error}")),
        Err(_) => yaml::read(text).map_err(|error| format!("is neither JSON nor YAML: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;
    use crate::severity::{Facility, Severities, Severity};

    #[test]
    fn an_entry_in_kongs_form_is_read() {
        let read = entries(
            r#"[{"name":"syslog","enabled":true,"service":"google","route":null,"config":{
                "log_level":"notice","successful_severity":"notice","client_errors_severity":"warning",
                "server_errors_severity":"err","facility":"local3",
                "custom_fields_by_lua":{"b":"return 2","a.b":"return 1"}}}]"#,
        )
        .unwrap();
        let [entry] = &read[..] else { panic!("{read:?}") };
        assert_eq!(entry.scope.to_string(), r#"service "google""#);
        assert_eq!(entry.scope, Scope { service: Some("google".into()), route: None, consumer: None });
        assert_eq!(entry.facility, Facility::Local3);
        assert_eq!(entry.severities.client_errors, Severity::Warning);
        let keys: Vec<&str> = entry.custom_fields.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a.b", "b"]);
    }

    #[test]
    fn defaults_are_kongs() {
        let read = entries(r#"[{"config":{"custom_fields_by_lua":null,"facility":null}}]"#).unwrap();
        assert_eq!(read[0].facility, Facility::User);
        assert_eq!(read[0].severities, Severities::default());
        assert!(entries(" ").unwrap().is_empty());
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let error = entries(
            r#"[
              {"name":"http-log","enabled":"yes","svc":"x","route":"","consumer":7},
              {"config":{"log_level":"warn","facility":"local8","successful_severity":6,"host":"x",
                         "custom_fields_by_lua":{"..":"return 1","a":3}}},
              7,
              {"service":"s"}, {"service":"s"}
            ]"#,
        )
        .unwrap_err();
        let places: Vec<&str> =
            error.problems.iter().map(|problem| problem.split_once(' ').unwrap().0).collect();
        for place in [
            "[0].name",
            "[0].enabled",
            "[0].svc",
            "[0].route",
            "[0].consumer",
            "[1].config.log_level",
            "[1].config.facility",
            "[1].config.successful_severity",
            "[1].config.host",
            "[1].config.custom_fields_by_lua[\"..\"]",
            "[1].config.custom_fields_by_lua[\"a\"]",
            "[2]",
            "[4]",
        ] {
            assert_eq!(places.iter().filter(|found| **found == place).count(), 1, "{place}: {error}");
        }
        assert_eq!(places.len(), 13, "{error}");
        assert!(
            error.to_string().contains("[1].config.log_level is \"warn\", which is none of debug, info,")
        );
        assert!(error.to_string().contains("[4] has the same service, route and consumer as [3]"));
    }

    #[test]
    fn a_scope_may_be_an_object_with_a_name_as_kong_exports_it() {
        let text = r#"[
            {"service":{"name":"google"}},
            {"route":{"id":"7a1b0c3e","name":"search"},"consumer":{"username":"portaladmin"}}
        ]"#;
        let scopes: Vec<String> =
            entries(text).unwrap().iter().map(|entry| entry.scope.to_string()).collect();
        assert_eq!(scopes, [r#"service "google""#, r#"route "search", consumer "portaladmin""#]);
        let error =
            entries(r#"[{"service":{"id":"7a1b0c3e"}},{"route":{"name":"r","tags":[]}}]"#).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "[0].service has no name, and records do not contain ids: write the name (entry for all requests)",
                "[1].route.tags is no key of a scope (id, name) (entry for route \"r\")",
            ]
        );
    }

    #[test]
    fn a_problem_names_the_entry_by_place_and_scope() {
        let error =
            entries(r#"[{},{"enabled":false},{"route":"r","config":{"facility":"local8"}}]"#).unwrap_err();
        let [problem] = &error.problems[..] else { panic!("{error}") };
        assert!(
            problem.starts_with("[2].config.facility is ") && problem.ends_with(r#"(entry for route "r")"#)
        );
        let read = entries(r#"[{"enabled":false},{"route":"r"}]"#).unwrap();
        assert_eq!(read[0].place, "[1]");
    }

    #[test]
    fn a_value_that_is_not_a_list_is_refused() {
        assert!(entries("{}").unwrap_err().to_string().ends_with("not another object"));
        assert!(entries("7").unwrap_err().to_string().ends_with("must be a list, not a number"));
        assert!(entries("[").unwrap_err().to_string().contains("is no JSON"));
    }
}
