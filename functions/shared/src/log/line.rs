//! Formats and writes one line of the log.
//!
//! A line that cannot be written is lost without further effect. Spin fails the write when its own log cannot be
//! written, for example on a full disk, and `eprintln!` would then trap the instance with all its requests.

use std::fmt;
use std::io::{self, Write};

/// The level of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something that an operator requested.
    Info,
    /// Something does not work as an operator might expect.
    Warn,
    /// A request was not served and the operator must act.
    Error,
}

/// Writes one line.
pub fn write(level: Level, function: &str, message: impl fmt::Display) {
    write_to(&mut io::stderr(), level, function, message);
}

/// The line of an event: `level=error function=ingest message="…"`. The message is quoted and escaped, so it
/// remains one line.
pub fn line(level: Level, function: &str, message: impl fmt::Display) -> String {
    let level = match level {
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    format!("level={level} function={function} message={:?}", message.to_string())
}

/// Writes the line in one call, so that lines of several instances do not mix.
fn write_to(log: &mut impl Write, level: Level, function: &str, message: impl fmt::Display) {
    let line = line(level, function, message) + "\n";
    // There is nowhere else to report the error.
    let _ = log.write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log on a full disk, which counts the attempts.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_log_that_cannot_be_written_loses_lines_and_fails_no_request() {
        let mut log = Full(0);
        write_to(&mut log, Level::Error, "ingest", "the database is full");
        assert_eq!(log.0, 1);
        let mut log = Vec::new();
        write_to(&mut log, Level::Error, "ingest", "a");
        assert_eq!(log, b"level=error function=ingest message=\"a\"\n");
    }

    #[test]
    fn a_message_with_a_line_break_remains_one_line() {
        let line = line(Level::Warn, "ingest", "a\n\"b\"");
        assert_eq!(line, r#"level=warn function=ingest message="a\n\"b\"""#);
    }
}
