//! The plugin configuration: read from JSON and checked. A wrong one is refused with all its problems.
//!
//! `reader` takes values out of the JSON by key and collects the problems; [`sink`] and [`settings`] define the keys,
//! their meaning and their defaults. A [`Config`] is always valid.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::config::rules::{Matcher, Rule};
use crate::config::settings::Settings;
use crate::json::Json;
use crate::observe::log_throttle::Verbosity;

pub mod rules;
pub mod secret;
pub mod settings;
pub mod sink;

mod reader;

use reader::Reader;
use sink::{BatchFormat, Destination};

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The destinations of records, to which settings refer.
    pub destinations: Vec<Destination>,
    /// The settings outside the rules; `None` when there are rules and no collector is named outside them.
    pub global: Option<Rc<Settings>>,
    /// `_rules_`, in order.
    pub rules: Vec<Rule>,
    /// `drain_timeout_ms`: how long the filter keeps pushing after its configuration is removed.
    pub drain_timeout: Duration,
    /// `log_level`: the lowest level written to the gateway's log; the most verbose one when rules have their
    /// own.
    pub log_level: Verbosity,
}

/// All problems of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// One sentence for each problem, which names its key.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plugin configuration is refused: ")?;
        self.problems.iter().enumerate().try_for_each(|(index, problem)| {
            f.write_str(if index > 0 { "; " } else { "" })?;
            f.write_str(problem)
        })
    }
}

/// The key that holds the rules.
const RULES: &str = "_rules_";
/// The keys of a rule's matchers.
const MATCHERS: [&str; 4] = ["_match_route_", "_match_domain_", "_match_service_", "_match_route_prefix_"];

impl Config {
    /// Reads and checks the JSON text of a configuration.
    ///
    /// # Errors
    ///
    /// When it is not a JSON object, or has unknown keys or bad values; all problems are named.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let text = if text.trim_ascii().is_empty() { b"{}" } else { text };
        let value = Json::parse(text)
            .map_err(|error| ConfigError { problems: vec![format!("not JSON: {error}")] })?;
        let mut problems = Vec::new();
        let config = Self::read(&value, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    /// All settings, in the order of their numbers.
    pub fn settings(&self) -> impl Iterator<Item = &Rc<Settings>> {
        self.global.iter().chain(self.rules.iter().map(|rule| &rule.settings))
    }

    fn read(value: &Json, problems: &mut Vec<String>) -> Self {
        let mut keys = Reader::root(value, problems);
        let rules = keys.list(RULES);
        let mut config = Self {
            destinations: Vec::new(),
            global: None,
            rules: Vec::new(),
            drain_timeout: keys.millis("drain_timeout_ms", 0, 600_000).unwrap_or(Duration::from_secs(5)),
            log_level: Verbosity::default(),
        };
        let mut log_level = settings::log_level(&mut keys);
        if rules.is_empty() || sink::is_meant(&keys) {
            let destination = config.destination(sink::read(&mut keys));
            config.global = Some(Rc::new(config.settings_of(settings::read(&mut keys, 0, destination))));
        } else {
            // Rules inherit from it, but without a collector it records nothing.
            sink::check(&mut keys);
            settings::read(&mut keys, 0, 0);
        }
        keys.finish();
        for (index, rule) in rules.iter().enumerate() {
            let mut keys = Reader::rule(rule, index, value, problems);
            let mut names = MATCHERS.map(|key| keys.alone().texts(key).unwrap_or_default()).into_iter();
            let mut next = || names.next().unwrap_or_default();
            let matcher = Matcher::new(
                next(),
                next().iter().map(|domain| domain.to_ascii_lowercase()).collect(),
                next(),
                next(),
            );
            keys.know(&MATCHERS);
            if keys.has("drain_timeout_ms") {
                keys.problem("drain_timeout_ms", "can only be set outside the rules");
                keys.know(&["drain_timeout_ms"]);
            }
            log_level = log_level.into_iter().chain(settings::log_level(&mut keys.alone())).min();
            keys.know(&["log_level"]);
            if matcher.is_none() {
                keys.problem("", format_args!("must have at least one of: {}", MATCHERS.join(", ")));
            }
            let destination = config.destination(sink::read(&mut keys));
            let settings = Rc::new(config.settings_of(settings::read(&mut keys, index + 1, destination)));
            keys.finish();
            config.rules.extend(matcher.map(|matcher| Rule { matcher, settings }));
        }
        config.log_level = log_level.unwrap_or_default();
        config
    }

    /// The settings, without the fields that the format of their destination omits.
    fn settings_of(&self, mut settings: Settings) -> Settings {
        let destination = self.destinations.get(settings.destination);
        if destination.is_some_and(|known| known.collector.batch_format == BatchFormat::Single) {
            settings.omitted.add_all_but_the_references();
        }
        settings
    }

    /// The number of a destination; equal destinations share a number.
    fn destination(&mut self, destination: Destination) -> usize {
        let known = self.destinations.iter().position(|known| *known == destination);
        known.unwrap_or_else(|| {
            self.destinations.push(destination);
            self.destinations.len() - 1
        })
    }
}

#[cfg(test)]
mod tests;
