//! How long a system is left alone after a failure: longer after each, so that one that is down or overloaded is not
//! asked for every batch.

use std::cell::Cell;
use std::time::Duration;

/// The pause of one system. All times are in the ticks of [`crate::Runtime`].
#[derive(Debug, Default)]
pub struct Pause {
    /// Failures since the last success.
    failures: Cell<u32>,
    /// When the first of them was.
    since: Cell<Option<Duration>>,
    until: Cell<Duration>,
}

impl Pause {
    /// The pause after the first failure; each further failure doubles it.
    pub const FIRST: Duration = Duration::from_millis(100);
    /// The longest pause, unless the system asks for a longer one.
    pub const LONGEST: Duration = Duration::from_secs(10);

    /// The rest of the pause, if there is one.
    pub fn rest(&self, now: Duration) -> Option<Duration> {
        self.until.get().checked_sub(now).filter(|rest| !rest.is_zero())
    }

    /// The time since the first failure after the last success; zero without a failure.
    pub fn age(&self, now: Duration) -> Duration {
        self.since.get().map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    /// Begins a pause after a failure and returns its length: at least `at_least`, for which the system has asked. `random`
    /// shortens what it did not ask for by up to a half; 0 leaves it as it is.
    pub fn begin(&self, now: Duration, at_least: Duration, random: u8) -> Duration {
        let failures = self.failures.get();
        let full = Self::FIRST.saturating_mul(1 << failures.min(10)).min(Self::LONGEST);
        let pause = (full - full * u32::from(random) / 512).max(at_least);
        self.failures.set(failures.saturating_add(1));
        self.since.set(self.since.get().or(Some(now)));
        self.until.set(now.saturating_add(pause));
        pause
    }

    /// Ends the pause after a success.
    pub fn end(&self) {
        self.failures.set(0);
        self.since.set(None);
        self.until.set(Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_pause_doubles_with_each_failure_up_to_the_longest_and_begins_anew_after_a_success() {
        let pause = Pause::default();
        let lengths: Vec<_> = (0..9).map(|_| pause.begin(Duration::ZERO, Duration::ZERO, 0)).collect();
        assert_eq!(
            lengths,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].map(|length| length * MS)
        );
        pause.end();
        assert_eq!(
            (pause.rest(Duration::ZERO), pause.begin(Duration::ZERO, Duration::ZERO, 0)),
            (None, 100 * MS)
        );
        for _ in 0..100 {
            pause.begin(Duration::ZERO, Duration::ZERO, 0);
        }
        assert_eq!(pause.rest(Duration::ZERO), Some(Pause::LONGEST));
    }

    #[test]
    fn chance_shortens_a_pause_by_at_most_half_but_never_below_what_the_system_asks_for() {
        for (random, at_least, expected) in [(0, 0, 100), (255, 0, 50), (255, 70, 70), (0, 60_000, 60_000)] {
            let pause = Pause::default().begin(Duration::ZERO, at_least * MS, random);
            assert_eq!(pause.as_millis(), expected, "{random} {at_least}");
        }
    }

    #[test]
    fn the_age_counts_from_the_first_failure_and_the_rest_to_the_end() {
        let pause = Pause::default();
        assert_eq!(pause.age(900 * MS), Duration::ZERO);
        pause.begin(1_000 * MS, Duration::ZERO, 0);
        pause.begin(1_100 * MS, Duration::ZERO, 0);
        assert_eq!((pause.age(1_250 * MS), pause.rest(1_250 * MS)), (250 * MS, Some(50 * MS)));
        assert_eq!(pause.rest(1_300 * MS), None);
    }
}
