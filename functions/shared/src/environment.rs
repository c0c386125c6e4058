//! What a function needs of its environment apart from the database: time and random bytes.

use std::time::Duration;

use gatelog_record::Timestamp;

/// Time and random bytes, so that tests can control both.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Environment {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, never going back: for measuring.
    fn ticks(&self) -> Duration;

    /// Fills `bytes` with random ones.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
