//! What a function needs from its environment besides the database: time and random bytes.

use std::time::Duration;

use gatelog_record::Timestamp;

/// Time and random bytes, so that tests can control both.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Environment {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Monotonic time since some fixed moment, for measuring.
    fn ticks(&self) -> Duration;

    /// Fills `bytes` with random bytes.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
