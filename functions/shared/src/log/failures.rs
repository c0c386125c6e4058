//! Failures in the log: of each class one line in a while, so that a database which is down does not fill the log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::line::Level;
use super::throttle::Throttle;
use crate::http::Failure;

/// A throttle for each class of failures. It lives as long as the instance.
#[derive(Debug, Default)]
pub struct FailureThrottle {
    by_class: RefCell<BTreeMap<&'static str, Throttle>>,
}

impl FailureThrottle {
    /// Writes a line for a failure that the operator has to know of, unless another of its class was written less than
    /// [`Throttle::INTERVAL`] before `now`, the host's ticks. What clients do wrong only they are told.
    pub fn write(&self, function: &str, failure: &Failure, now: Duration) {
        if failure.is_server_error() {
            let mut by_class = self.by_class.borrow_mut();
            by_class.entry(failure.class()).or_default().write(Level::Error, function, now, failure);
        }
    }
}

/// The failures of one function, for handlers that see no other clock.
#[derive(Debug)]
pub struct FailureLog {
    function: &'static str,
    ticks: fn() -> Duration,
    throttle: FailureThrottle,
}

impl FailureLog {
    /// The log of a function. `ticks` tells the time since some fixed moment, never going back.
    pub fn new(function: &'static str, ticks: fn() -> Duration) -> Self {
        Self { function, ticks, throttle: FailureThrottle::default() }
    }

    /// As [`FailureThrottle::write`].
    pub fn write(&self, failure: &Failure) {
        self.throttle.write(self.function, failure, (self.ticks)());
    }
}

#[cfg(test)]
mod tests {
    use gatelog_storage::StorageError;

    use super::*;

    #[test]
    fn each_class_of_failures_has_a_throttle_and_what_clients_do_wrong_has_none() {
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
            .map(|(class, throttle)| (*class, throttle.held_back()))
            .collect();
        assert_eq!(held_back, [("database_full", 2), ("database_unavailable", 2)]);
    }
}
