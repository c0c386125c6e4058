//! What forwarding needs from the program that runs it.

use std::fmt;
use std::time::Duration;

use gatelog_record::Timestamp;

/// Services of the surrounding program.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Runtime {
    /// Monotonic time since some fixed moment.
    fn ticks(&self) -> Duration;

    /// The time of day.
    fn now(&self) -> Timestamp;

    /// A random byte, which spreads the attempts of several instances.
    fn random(&self) -> u8;

    /// Called for each failed attempt to send, with what the operator should know.
    fn delivery_failed(&self, what: &dyn fmt::Display);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
