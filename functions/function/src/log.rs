//! The log: one line for each event on standard error, which Spin prefixes with the component's name.

mod throttle;

use std::fmt;

use crate::Failure;

pub use throttle::Throttle;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something works otherwise than an operator may expect.
    Warn,
    /// A request was not served and the operator has to act.
    Error,
}

/// Writes one line.
pub fn write(level: Level, function: &str, message: impl fmt::Display) {
    eprintln!("{}", line(level, function, message));
}

/// Writes a line for a failure that the operator has to know of. What clients do wrong is told to clients only, so
/// that they cannot fill the log.
pub fn failure(function: &str, failure: &Failure) {
    if failure.is_ours() {
        write(Level::Error, function, failure);
    }
}

/// The line of an event: `level=error function=ingest message="…"`. The message is quoted and escaped, so it stays
/// one line.
pub fn line(level: Level, function: &str, message: impl fmt::Display) -> String {
    let level = match level {
        Level::Warn => "warn",
        Level::Error => "error",
    };
    format!("level={level} function={function} message={:?}", message.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_a_line_break_stays_one_line() {
        let line = line(Level::Warn, "ingest", "a\n\"b\"");
        assert_eq!(line, r#"level=warn function=ingest message="a\n\"b\"""#);
    }
}
