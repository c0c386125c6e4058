//! A violation of a rule.

use std::fmt;

/// A place that breaks a rule. It prints as `file:line: what; what to do`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    /// From 1.
    pub line: usize,
    /// The problem there.
    pub what: String,
    fix: &'static str,
}

impl Finding {
    /// A finding at a line, from 1, of the file at `path` from the root.
    pub fn new(path: &str, line: usize, what: impl Into<String>, fix: &'static str) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), fix }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.fix)
    }
}
