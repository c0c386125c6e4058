//! Logs failures. Each class is throttled, so that a database that is down does not fill the log. A failure with a different
//! reason from the last is written at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::line::Level;
use super::throttle::Throttle;
use crate::http::Failure;

/// A throttle for each class of failures. It lives as long as the instance.
#[derive(Debug, Default)]
pub struct FailureThrottle {
    by_class: RefCell<BTreeMap<&'static str, OfClass>>,
}

/// The lines written for one class.
#[derive(Debug, Default)]
struct OfClass {
    throttle: Throttle,
    last: String,
    /// When the first different reason of this interval was written, in the host's ticks.
    since: Duration,
    other_reasons: u32,
}

/// Different reasons of a class that are written at once in one [`Throttle::INTERVAL`]; reasons may
/// alternate.
const MAX_OTHER_REASONS: u32 = 5;

impl FailureThrottle {
    /// Writes a line for a failure that concerns the operator, unless another of its class with the same text was written
    /// less than [`Throttle::INTERVAL`] before `now`, in the host's ticks. Clients' errors are only reported to the
    /// clients.
    pub fn write(&self, function: &str, failure: &Failure, now: Duration) {
        if failure.is_server_error() {
            let mut by_class = self.by_class.borrow_mut();
            let of_class = by_class.entry(failure.class()).or_default();
            of_class.open_for(failure.to_string(), now);
            of_class.throttle.write(Level::Error, function, now, failure);
        }
    }
}

impl OfClass {
    fn open_for(&mut self, text: String, now: Duration) {
        if text == self.last {
            return;
        }
        if now.saturating_sub(self.since) >= Throttle::INTERVAL {
            (self.since, self.other_reasons) = (now, 0);
        }
        if self.other_reasons < MAX_OTHER_REASONS {
            self.other_reasons += 1;
            self.last = text;
            self.throttle.open();
        }
    }
}

/// The failures of one function, for handlers without another clock.
#[derive(Debug)]
pub struct FailureLog {
    function: &'static str,
    ticks: fn() -> Duration,
    throttle: FailureThrottle,
}

impl FailureLog {
    /// The log of a function. `ticks` returns the monotonic time since some fixed moment.
    pub fn new(function: &'static str, ticks: fn() -> Duration) -> Self {
        Self { function, ticks, throttle: FailureThrottle::default() }
    }

    /// Like [`FailureThrottle::write`].
    pub fn write(&self, failure: &Failure) {
        self.throttle.write(self.function, failure, (self.ticks)());
    }
}

#[cfg(test)]
mod tests {
    use gatelog_storage::StorageError;

    use super::*;

    #[test]
    fn each_class_of_failures_is_throttled_and_client_errors_are_not_logged() {
        let throttle = FailureThrottle::default();
        let failed = |failure| throttle.write("test", &failure, Duration::ZERO);
        let reason = || "down".to_owned();
        for _ in 0..3 {
            failed(Failure::from(StorageError::Unavailable { reason: reason() }));
            failed(Failure::from(StorageError::Full { reason: reason() }));
            failed(Failure::NotFound { message: reason() });
        }
        let held_back: Vec<_> = throttle
            .by_class
            .borrow()
            .iter()
            .map(|(class, of_class)| (*class, of_class.throttle.held_back()))
            .collect();
        assert_eq!(held_back, [("database_full", 2), ("database_unavailable", 2)]);
    }

    #[test]
    fn a_different_reason_is_written_at_once_a_few_times_per_interval() {
        let throttle = FailureThrottle::default();
        let held_back =
            |of: &FailureThrottle| of.by_class.borrow()["database_unavailable"].throttle.held_back();
        let failed = |reason: &str, seconds| {
            let failure = Failure::from(StorageError::Unavailable { reason: reason.to_owned() });
            throttle.write("test", &failure, Duration::from_secs(seconds));
        };
        failed("connection refused", 100);
        failed("connection refused", 101);
        assert_eq!(held_back(&throttle), 1);
        failed("no answer", 102);
        assert_eq!(held_back(&throttle), 0, "written, with the number of those held back");
        for second in 103..109 {
            failed(if second % 2 == 0 { "no answer" } else { "connection refused" }, second);
        }
        assert_eq!(held_back(&throttle), 3);
        failed("read only", 200);
        assert_eq!(held_back(&throttle), 0);
    }
}
