//! The configuration entries: severities, facility and custom fields for all requests, or for those of a service, a
//! route, a consumer, or a combination of them.
//!
//! # Format
//!
//! A list of entries as JSON or YAML, each in the form of a plugin in Kong's declarative configuration. All keys are optional.
//!
//! ```json
//! [
//!   { "config": { "log_level": "notice" } },
//!   { "name": "syslog", "enabled": true,
//!     "service": "google", "route": "search", "consumer": "portaladmin",
//!     "config": {
//!       "log_level": "info",
//!       "successful_severity": "info",
//!       "client_errors_severity": "warning",
//!       "server_errors_severity": "err",
//!       "facility": "user",
//!       "custom_fields_by_lua": { "request.headers.cookie": "return nil" } } }
//! ]
//! ```
//!
//! Levels are `debug`, `info`, `notice`, `warning`, `err`, `crit`, `alert` and `emerg`; every level setting is `info` by
//! default. Facilities are those of [`Facility::ALL`]; the default is `user`.
//!
//! The list may also be part of a Kong export: a decK file, Kong's declarative configuration, or a response of the Admin
//! API (`document.rs` finds the plugins in them and skips those with other names).
//!
//! `service`, `route` and `consumer` are names, or objects with a `name` (a consumer's is its `username`). Records hold
//! only names, so an `id` must refer to an entity in the same file that has that id and a name. An entry with `"enabled":
//! false` counts as absent, whatever else it says, and so does one whose `protocols` are only stream protocols. Kong's own
//! members (`id`, `instance_name`, `tags`, `created_at`, …) must have the right type and have no effect.
//!
//! # Which entry applies
//!
//! Exactly one, the most specific; entries are never merged. In this order: route + service + consumer, route +
//! consumer, service + consumer, route + service, consumer, route, service, all requests. When no entry applies,
//! nothing is sent.

use std::collections::HashMap;
use std::fmt;

use crate::kong::serialize_value::Key;
use crate::severity::{Facility, Severities};

mod document;
mod plugin;
mod problems;
mod read;
mod yaml;

/// Entries by precedence.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    entries: Vec<Entry>,
    /// For each level of precedence, entries by the names of their scope. Levels without entries are left out.
    levels: Vec<(Level, HashMap<String, usize>)>,
}

/// One configuration.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its place in the configuration, such as `[2]` or `services[0].plugins[1]`, for error messages.
    pub place: String,
    /// The requests it applies to.
    pub scope: Scope,
    /// Its severities.
    pub severities: Severities,
    /// Its facility.
    pub facility: Facility,
    /// Its custom fields with the Lua code of each, in the order of their keys.
    pub custom_fields: Vec<(Key, String)>,
}

/// The scope of an entry; all requests when nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Name of a service.
    pub service: Option<String>,
    /// Name of a route.
    pub route: Option<String>,
    /// Name of a consumer.
    pub consumer: Option<String>,
}

/// The names of a request, to compare with scopes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'n> {
    /// The service, if any.
    pub service: Option<&'n str>,
    /// The route, if any.
    pub route: Option<&'n str>,
    /// The consumer, if any.
    pub consumer: Option<&'n str>,
}

/// A level of precedence: which of route, service and consumer a scope names.
type Level = (bool, bool, bool);

/// The levels, from the most specific to the least.
const PRECEDENCE: [Level; 8] = [
    (true, true, true),
    (true, false, true),
    (false, true, true),
    (true, true, false),
    (false, false, true),
    (true, false, false),
    (false, true, false),
    (false, false, false),
];

impl Entries {
    /// Builds the list; the scopes of the entries must differ.
    fn new(entries: Vec<Entry>) -> Self {
        let mut levels = Vec::new();
        for level in PRECEDENCE {
            let of_level: HashMap<String, usize> = entries
                .iter()
                .enumerate()
                .filter_map(|(index, entry)| {
                    let names = entry.scope.names();
                    (names.level() == level).then(|| (names.key(level), index))
                })
                .filter_map(|(key, index)| key.map(|key| (key, index)))
                .collect();
            if !of_level.is_empty() {
                levels.push((level, of_level));
            }
        }
        Self { entries, levels }
    }

    /// The entries in the order of the configuration.
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that applies, with its position in [`Self::all`].
    pub fn applying(&self, names: Names<'_>) -> Option<(usize, &Entry)> {
        let index = self.levels.iter().find_map(|(level, of_level)| of_level.get(&names.key(*level)?))?;
        self.entries.get(*index).map(|entry| (*index, entry))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (kind, name) in [("route", &self.route), ("service", &self.service), ("consumer", &self.consumer)]
        {
            if let Some(name) = name {
                write!(f, "{comma}{kind} {name:?}")?;
                comma = ", ";
            }
        }
        if comma.is_empty() { f.write_str("all requests") } else { Ok(()) }
    }
}

impl Scope {
    fn names(&self) -> Names<'_> {
        Names {
            service: self.service.as_deref(),
            route: self.route.as_deref(),
            consumer: self.consumer.as_deref(),
        }
    }
}

impl Names<'_> {
    fn level(&self) -> Level {
        (self.route.is_some(), self.service.is_some(), self.consumer.is_some())
    }

    /// The names that the level asks for, as one text; `None` when one of them is missing.
    fn key(&self, (route, service, consumer): Level) -> Option<String> {
        let mut key = String::new();
        for (asked, name) in [(route, self.route), (service, self.service), (consumer, self.consumer)] {
            if asked {
                key.push_str(name?);
            }
            // No record contains NUL, so joined names stay unambiguous.
            key.push('\0');
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(scopes: &[&str], names: Names<'_>) -> Option<usize> {
        let entries: Vec<String> = scopes.iter().map(|scope| format!("{{{scope}}}")).collect();
        Entries::from_text(&format!("[{}]", entries.join(","))).unwrap().applying(names).map(|found| found.0)
    }

    #[test]
    fn the_most_specific_of_all_eight_levels_applies() {
        let scopes = [
            r#""route":"r","service":"s","consumer":"c""#,
            r#""route":"r","consumer":"c""#,
            r#""service":"s","consumer":"c""#,
            r#""route":"r","service":"s""#,
            r#""consumer":"c""#,
            r#""route":"r""#,
            r#""service":"s""#,
            "",
        ];
        let names = Names { service: Some("s"), route: Some("r"), consumer: Some("c") };
        for first in 0..scopes.len() {
            // With the levels before it removed, each level in turn is the most specific; the order in the list does
            // not matter.
            let mut left: Vec<&str> = scopes[first..].to_vec();
            assert_eq!(applies(&left, names), Some(0), "level {first}");
            left.reverse();
            assert_eq!(applies(&left, names), Some(left.len() - 1), "level {first}");
        }
        assert_eq!(applies(&[], names), None);
    }

    #[test]
    fn an_entry_applies_only_when_every_name_of_its_scope_is_the_requests() {
        let request = |route, service, consumer| Names { route, service, consumer };
        for (scope, names, fits) in [
            (r#""route":"r""#, request(Some("r"), None, None), true),
            (r#""route":"r""#, request(Some("other"), None, None), false),
            (r#""route":"r""#, request(None, Some("r"), Some("r")), false),
            (r#""service":"s","consumer":"c""#, request(Some("x"), Some("s"), Some("c")), true),
            (r#""service":"s","consumer":"c""#, request(Some("x"), Some("s"), None), false),
            ("", request(None, None, None), true),
        ] {
            assert_eq!(applies(&[scope], names).is_some(), fits, "{scope} {names:?}");
        }
    }

    #[test]
    fn a_disabled_entry_leaves_its_place_to_the_next() {
        let scopes = [r#""route":"r","enabled":false"#, ""];
        let names = Names { route: Some("r"), ..Names::default() };
        let entries = Entries::from_text(&format!("[{{{}}},{{{}}}]", scopes[0], scopes[1])).unwrap();
        assert_eq!(entries.applying(names).unwrap().1.scope, Scope::default());
    }
}
