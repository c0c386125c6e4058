//! Events that clients can cause are logged once in a while, so that no client fills the log.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use super::line::{self, Level};

/// Writes at most one line an interval for one kind of event. Events in between are counted, and the next line has their
/// number.
///
/// Each kind of event has its own throttle, which lives as long as the instance.
#[derive(Debug)]
pub struct Throttle {
    interval: Duration,
    /// When the last line was written, in the host's ticks.
    written: Cell<Option<Duration>>,
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
        Self { interval, written: Cell::new(None), held_back: Cell::new(0) }
    }

    /// Writes a line, unless another was written less than an interval before `now`, the host's ticks.
    pub fn write(&self, level: Level, function: &str, now: Duration, message: impl fmt::Display) {
        if let Some(message) = self.admit(now, message) {
            line::write(level, function, message);
        }
    }

    /// Lets the next line pass.
    pub fn open(&self) {
        self.written.set(None);
    }

    /// How many lines were held back since the last that was written.
    pub fn held_back(&self) -> u64 {
        self.held_back.get()
    }

    /// The message with the number of those that were held back since the last; `None` when this one is held back.
    fn admit(&self, now: Duration, message: impl fmt::Display) -> Option<String> {
        if self.written.get().is_some_and(|written| now.saturating_sub(written) < self.interval) {
            self.held_back.set(self.held_back.get().saturating_add(1));
            return None;
        }
        self.written.set(Some(now));
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
    fn a_line_an_interval_is_written_and_tells_how_many_were_not() {
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
}
