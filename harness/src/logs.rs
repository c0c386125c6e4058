//! The log of a guest.

use std::fmt;

use super::abi::Level;

/// One line of a guest's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its level.
    pub level: Level,
    /// The context that wrote it; 0 while the module started.
    pub context: u32,
    /// Its text, with bytes that are not UTF-8 replaced.
    pub text: String,
}

/// Lines in the order of writing. Each is displayed as one line, `[level] text`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logs(pub(super) Vec<LogLine>);

impl Logs {
    /// The lines.
    pub fn lines(&self) -> &[LogLine] {
        &self.0
    }

    /// Whether any line contains this text.
    pub fn contain(&self, text: &str) -> bool {
        self.0.iter().any(|line| line.text.contains(text))
    }

    /// The lines of at least this level.
    pub fn at_least(&self, level: Level) -> impl Iterator<Item = &LogLine> {
        self.0.iter().filter(move |line| line.level >= level)
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.0 {
            writeln!(f, "[{:?}] {}", line.level, line.text)?;
        }
        Ok(())
    }
}
