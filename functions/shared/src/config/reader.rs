//! Reads configuration from the application's variables. All problems are reported at once, each with the name
//! of its variable.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::variables::{Variables, VariablesError};

/// Reads variables one by one and collects their problems.
#[derive(Debug)]
pub struct VariableReader<'v, V> {
    variables: &'v V,
    problems: Vec<String>,
}

impl<'v, V: Variables> VariableReader<'v, V> {
    /// A reader without problems so far.
    pub fn new(variables: &'v V) -> Self {
        Self { variables, problems: Vec::new() }
    }

    /// A whole number within `range`; `default` when the variable is missing or empty.
    pub async fn number(&mut self, name: &str, default: usize, range: RangeInclusive<usize>) -> usize {
        let text = self.text(name).await;
        if text.is_empty() {
            return default;
        }
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (low, high) = range.into_inner();
                self.problems.push(format!("{name}: \"{text}\" is not a whole number from {low} to {high}"));
                default
            }
        }
    }

    /// A time in milliseconds within `range`; `default` when the variable is missing or empty.
    pub async fn millis(&mut self, name: &str, default: Duration, range: RangeInclusive<usize>) -> Duration {
        let default = usize::try_from(default.as_millis()).unwrap_or(usize::MAX);
        Duration::from_millis(self.number(name, default, range).await as u64)
    }

    /// `true` or `false`; `default` when the variable is missing or empty.
    pub async fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).await.as_str() {
            "" => default,
            "true" => true,
            "false" => false,
            other => {
                self.problems.push(format!("{name}: \"{other}\" is neither true nor false"));
                default
            }
        }
    }

    /// A text without surrounding white space; empty when the variable is missing.
    pub async fn text(&mut self, name: &str) -> String {
        match self.variables.get(name).await {
            Ok(value) => value.unwrap_or_default().trim().to_owned(),
            Err(reason) => {
                self.problems.push(format!("{name}: {reason}"));
                String::new()
            }
        }
    }

    /// Adds another problem; the text begins with the variable's name and contains no secret.
    pub fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// The configuration, if there were no problems.
    ///
    /// # Errors
    ///
    /// All problems.
    pub fn finish<T>(self, settings: T) -> Result<T, VariablesError> {
        if self.problems.is_empty() { Ok(settings) } else { Err(VariablesError { problems: self.problems }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn all_bad_variables_are_named_at_once() {
        let variables = [("a", "x"), ("b", "11"), ("c", " 7 "), ("d", "")];
        let mut settings = VariableReader::new(&variables);
        for name in ["a", "b", "c", "d", "e"] {
            settings.number(name, 5, 1..=10).await;
        }
        let error = settings.finish(()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the function's variables are wrong: a: \"x\" is not a whole number from 1 to 10; \
             b: \"11\" is not a whole number from 1 to 10"
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_flag_is_true_or_false_and_nothing_else() {
        let variables = [("yes", "true"), ("no", " false"), ("empty", ""), ("bad", "yes")];
        let mut settings = VariableReader::new(&variables);
        for (name, expected) in [("yes", true), ("no", false), ("empty", true), ("missing", true)] {
            assert_eq!(settings.flag(name, true).await, expected, "{name}");
        }
        assert!(!settings.flag("bad", false).await);
        let error = settings.finish(()).unwrap_err();
        assert_eq!(error.problems, ["bad: \"yes\" is neither true nor false"]);
    }
}
