//! What the logger needs from the program that runs it.

use std::time::Duration;

use crate::delivery::DeliveryError;

/// Services that the surrounding program provides to the logger.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Runtime {
    /// Monotonic time since some fixed moment.
    fn ticks(&self) -> Duration;

    /// Called for each failed attempt to send.
    fn delivery_failed(&self, error: &DeliveryError);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
