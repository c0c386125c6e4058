//! Limits the log lines for events that clients can cause, so that no client can fill the log.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use super::line::{self, Level};

/// Writes at most one line, or a few, per interval for one kind of event. Further events are counted, and the next line
/// has their number.
///
/// Each kind of event has its own throttle, which lives as long as the instance.
#[derive(Debug)]
pub struct Throttle {
    interval: Duration,
    /// Lines per interval.
    most: u32,
    /// When the interval began, in the host's ticks, and the number of lines written in it.
    since: Cell<Option<Duration>>,
    written: Cell<u32>,
    held_back: Cell<u64>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(Self::INTERVAL)
    }
}

impl Throttle {
    /// The usual interval.
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// A throttle that has written nothing yet.
    pub const fn new(interval: Duration) -> Self {
        Self::of_several(interval, 1)
    }

    /// The same for at most `most` lines per interval.
    pub const fn of_several(interval: Duration, most: u32) -> Self {
        Self { interval, most, since: Cell::new(None), written: Cell::new(0), held_back: Cell::new(0) }
    }

    /// Writes a line, unless the limit was reached in the interval before `now`, in the host's ticks.
    pub fn write(&self, level: Level, function: &str, now: Duration, message: impl fmt::Display) {
        if let Some(message) = self.admit(now, message) {
            line::write(level, function, message);
        }
    }

    /// Allows the next line.
    pub fn open(&self) {
        self.since.set(None);
    }

    /// Counts lines that were dropped before they got here.
    pub fn hold_back(&self, lines: u64) {
        self.held_back.set(self.held_back.get().saturating_add(lines));
    }

    /// The number of lines suppressed since the last written one.
    pub fn held_back(&self) -> u64 {
        self.held_back.get()
    }

    /// The message with the number of lines suppressed since the last; `None` when this one is suppressed.
    fn admit(&self, now: Duration, message: impl fmt::Display) -> Option<String> {
        if self.since.get().is_none_or(|since| now.saturating_sub(since) >= self.interval) {
            self.since.set(Some(now));
            self.written.set(0);
        }
        if self.written.get() >= self.most {
            self.hold_back(1);
            return None;
        }
        self.written.set(self.written.get() + 1);
        Some(match self.held_back.replace(0) {
            0 => message.to_string(),
            more => format!("{message} (and {more} more lines like this since the last one)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_per_interval_is_written_with_the_number_of_suppressed_ones() {
        let throttle = Throttle::default();
        let at = |seconds| throttle.admit(Duration::from_secs(seconds), format_args!("at {seconds}"));
        assert_eq!(at(5).as_deref(), Some("at 5"));
        for second in 5..15 {
            assert_eq!(at(second), None);
        }
        assert_eq!(at(15).as_deref(), Some("at 15 (and 10 more lines like this since the last one)"));
        assert_eq!(at(16), None);
        assert_eq!(at(100).as_deref(), Some("at 100 (and 1 more lines like this since the last one)"));
    }

    #[test]
    fn a_throttle_of_several_lines_writes_as_many_in_each_interval() {
        let throttle = Throttle::of_several(Duration::from_secs(10), 2);
        let at = |seconds| throttle.admit(Duration::from_secs(seconds), format_args!("at {seconds}"));
        assert_eq!(
            [at(1).as_deref(), at(9).as_deref(), at(9).as_deref()],
            [Some("at 1"), Some("at 9"), None]
        );
        throttle.hold_back(4);
        assert_eq!(at(11).as_deref(), Some("at 11 (and 5 more lines like this since the last one)"));
        assert_eq!([at(12).as_deref(), at(20).as_deref()], [Some("at 12"), None]);
    }
}
