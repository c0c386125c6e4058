//! Reads entries from JSON. It goes through the values by hand, because serde stops at the first fault and operators
//! want to know all of them.

use serde_json::{Map, Value};

use super::{Entries, Entry};
use crate::error::ConfigError;
use crate::kong::serialize_value::Key;
use crate::severity::{Facility, Severities, Severity};

/// Longest Lua code of one field, in bytes. Compiling time grows faster than length.
const MAX_CODE_BYTES: usize = 16 * 1024;

impl Entries {
    /// Reads the format in the documentation of [`crate::entries`]; an empty text is an empty list.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, not only the first.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        entries(text).map(Self::new)
    }
}

/// The enabled entries of the text.
fn entries(text: &str) -> Result<Vec<Entry>, ConfigError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut problems = Problems(Vec::new());
    let mut entries: Vec<(String, Entry)> = Vec::new();
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                let place = format!("[{index}]");
                let before = problems.0.len();
                let Some((mut entry, enabled)) = read_entry(value, &place, &mut problems) else { continue };
                entry.index = index;
                if let Some((other, _)) =
                    entries.iter().find(|(_, known)| enabled && known.scope == entry.scope)
                {
                    problems.add(&place, format!("has the same service, route and consumer as {other}"));
                }
                for problem in problems.0.iter_mut().skip(before) {
                    *problem = format!("{problem} (entry for {})", entry.scope);
                }
                if enabled {
                    entries.push((place, entry));
                }
            }
        }
        Ok(other) => problems.add("the configuration", format!("must be a list, not {}", kind(&other))),
        Err(error) => problems.add("the configuration", format!("is no JSON: {error}")),
    }
    if problems.0.is_empty() {
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    } else {
        Err(ConfigError { problems: problems.0 })
    }
}

fn read_entry(value: &Value, place: &str, problems: &mut Problems) -> Option<(Entry, bool)> {
    let members = problems.object(value, place)?;
    let (mut entry, mut enabled) = (Entry::default(), true);
    for (key, value) in members {
        let place = format!("{place}.{key}");
        match key.as_str() {
            _ if value.is_null() => {}
            "name" => {
                if problems.text(value, &place).is_some_and(|name| name != "syslog") {
                    problems.add(&place, format!("must be \"syslog\", not {value}"));
                }
            }
            "enabled" => match value.as_bool() {
                Some(value) => enabled = value,
                None => problems.add(&place, format!("must be true or false, not {}", kind(value))),
            },
            "service" => entry.scope.service = problems.name(value, &place, &["name"]),
            "route" => entry.scope.route = problems.name(value, &place, &["name"]),
            "consumer" => entry.scope.consumer = problems.name(value, &place, &["name", "username"]),
            "config" => read_config(value, &place, &mut entry, problems),
            _ => problems.add(
                &place,
                "is no key of an entry (name, enabled, service, route, consumer, config)".into(),
            ),
        }
    }
    Some((entry, enabled))
}

fn read_config(value: &Value, place: &str, entry: &mut Entry, problems: &mut Problems) {
    let Some(members) = problems.object(value, place) else { return };
    let Severities { log_level, successful, client_errors, server_errors } = &mut entry.severities;
    for (key, value) in members {
        let place = format!("{place}.{key}");
        match key.as_str() {
            _ if value.is_null() => {}
            "log_level" => problems.one_of(value, &place, &Severity::ALL, log_level),
            "successful_severity" => problems.one_of(value, &place, &Severity::ALL, successful),
            "client_errors_severity" => problems.one_of(value, &place, &Severity::ALL, client_errors),
            "server_errors_severity" => problems.one_of(value, &place, &Severity::ALL, server_errors),
            "facility" => problems.one_of(value, &place, &Facility::ALL, &mut entry.facility),
            "custom_fields_by_lua" => entry.custom_fields = read_custom_fields(value, &place, problems),
            _ => problems.add(
                &place,
                "is no key of the plugin (log_level, successful_severity, client_errors_severity, \
                 server_errors_severity, facility, custom_fields_by_lua)"
                    .into(),
            ),
        }
    }
}

fn read_custom_fields(value: &Value, place: &str, problems: &mut Problems) -> Vec<(Key, String)> {
    let mut fields = Vec::new();
    for (name, code) in problems.object(value, place).into_iter().flatten() {
        let place = format!("{place}[{name:?}]");
        let key = Key::parse(name);
        if key.is_none() {
            problems.add(&place, "has no name in it".into());
        }
        match (key, problems.text(code, &place)) {
            (_, Some(code)) if code.len() > MAX_CODE_BYTES => {
                problems.add(&place, format!("is longer than {MAX_CODE_BYTES} bytes"));
            }
            (Some(key), Some(code)) => fields.push((key, code.to_owned())),
            _ => {}
        }
    }
    // Kong runs them in no order; a fixed one makes the outcome the same every time.
    fields.sort_by(|(left, _), (right, _)| left.as_str().cmp(right.as_str()));
    fields
}

/// What is wrong so far.
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, place: &str, problem: String) {
        self.0.push(format!("{place} {problem}"));
    }

    fn object<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        if !value.is_object() {
            self.add(place, format!("must be an object, not {}", kind(value)));
        }
        value.as_object()
    }

    fn text<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v str> {
        if !value.is_string() {
            self.add(place, format!("must be a text, not {}", kind(value)));
        }
        value.as_str()
    }

    /// A name, or an object that holds it under one of `keys`.
    fn name(&mut self, value: &Value, place: &str, keys: &[&str]) -> Option<String> {
        let Some(members) = value.as_object() else { return self.plain_name(value, place) };
        for key in members.keys().filter(|key| *key != "id" && !keys.contains(&key.as_str())) {
            self.add(&format!("{place}.{key}"), format!("is no key of a scope (id, {})", keys.join(", ")));
        }
        let named =
            keys.iter().find_map(|key| Some((key, members.get(*key).filter(|name| !name.is_null())?)));
        let Some((key, name)) = named else {
            self.add(place, "has no name, and records do not know an id: write the name".into());
            return None;
        };
        self.plain_name(name, &format!("{place}.{key}"))
    }

    fn plain_name(&mut self, value: &Value, place: &str) -> Option<String> {
        let name = self.text(value, place)?;
        if name.is_empty() {
            self.add(place, "must not be empty: leave the key out to apply to all".into());
        }
        Some(name.to_owned())
    }

    fn one_of<T: Copy>(&mut self, value: &Value, place: &str, known: &[(T, &str)], target: &mut T) {
        match value.as_str().and_then(|text| known.iter().find(|(_, name)| *name == text)) {
            Some((found, _)) => *target = *found,
            None => {
                let names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
                self.add(place, format!("is {value}, which is none of {}", names.join(", ")));
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;

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
    fn everything_that_is_wrong_is_named_at_once() {
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
                "[0].service has no name, and records do not know an id: write the name (entry for all requests)",
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
        assert_eq!(read[0].index, 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(entries("{}").unwrap_err().to_string().ends_with("must be a list, not an object"));
        assert!(entries("[").unwrap_err().to_string().contains("is no JSON"));
    }
}
