//! Reads the settings of a destination, each a short text that fits a variable, and reports all problems at once.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The names of all settings, each with its default, which an empty text also selects.
pub type Settings = &'static [(&'static str, &'static str)];

/// Reads settings one by one and collects their problems. `text_of` returns the text of a setting by its name.
#[derive(Debug)]
pub struct SettingsReader<F> {
    settings: Settings,
    text_of: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> String> SettingsReader<F> {
    /// A reader without problems so far.
    pub fn new(settings: Settings, text_of: F) -> Self {
        Self { settings, text_of, problems: Vec::new() }
    }

    /// The text of a setting, or its default.
    pub fn text(&self, name: &str) -> String {
        let text = (self.text_of)(name).trim().to_owned();
        if text.is_empty() { self.default_of(name).to_owned() } else { text }
    }

    /// Adds a problem with a setting.
    pub fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// The setting as `parse` reads it; `None` when it is wrong.
    pub fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        parse(&self.text(name)).map_err(|problem| self.problem(name, &problem)).ok()
    }

    /// A time in milliseconds within `range`.
    pub fn millis(&mut self, name: &str, range: RangeInclusive<usize>) -> Duration {
        Duration::from_millis(self.number(name, range) as u64)
    }

    /// A whole number within `range`.
    pub fn number(&mut self, name: &str, range: RangeInclusive<usize>) -> usize {
        let read = self.parsed(name, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(format!("\"{text}\" is not a whole number from {} to {}", range.start(), range.end())),
        });
        // A wrong number does not cause a second problem where two numbers are compared.
        read.or_else(|| self.default_of(name).parse().ok()).unwrap_or(*range.start())
    }

    /// The problems.
    pub fn finish(self) -> Vec<String> {
        self.problems
    }

    fn default_of(&self, name: &str) -> &'static str {
        self.settings.iter().find(|(known, _)| *known == name).map_or("", |(_, default)| default)
    }
}

/// The settings other than `delivery` whose text differs from the default. Where `delivery` is off, they show that
/// somebody expects it to be on.
pub fn given(settings: Settings, text_of: impl Fn(&str) -> String) -> Vec<&'static str> {
    let is_given = |(name, default): &(&str, &str)| {
        let text = text_of(name);
        *name != "delivery" && !text.trim().is_empty() && text.trim() != *default
    };
    settings.iter().filter(|setting| is_given(setting)).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = &[("delivery", "off"), ("size", "10"), ("wait_ms", "20")];

    fn text_of(name: &str) -> String {
        let texts = [("delivery", "best_effort"), ("size", " 11 "), ("wait_ms", "soon")];
        texts.iter().find(|(known, _)| *known == name).unwrap().1.to_owned()
    }

    #[test]
    fn a_wrong_number_is_a_problem_and_its_default_holds() {
        let mut reader = SettingsReader::new(SETTINGS, text_of);
        assert_eq!((reader.text("delivery").as_str(), reader.number("size", 1..=20)), ("best_effort", 11));
        assert_eq!(reader.millis("wait_ms", 1..=100), Duration::from_millis(20));
        assert_eq!(reader.number("size", 1..=10), 10);
        assert_eq!(
            reader.finish(),
            [
                "wait_ms: \"soon\" is not a whole number from 1 to 100",
                "size: \"11\" is not a whole number from 1 to 10"
            ]
        );
    }

    #[test]
    fn settings_that_differ_from_their_default_are_given() {
        assert_eq!(given(SETTINGS, text_of), ["size", "wait_ms"]);
        assert!(given(SETTINGS, |_| " ".to_owned()).is_empty());
    }
}
