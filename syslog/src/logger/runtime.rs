//! What the logger needs of the program that runs it.

use std::time::Duration;

use crate::delivery::DeliveryError;

/// What the logger asks of the program around it.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Runtime {
    /// Time since some fixed moment, never going back.
    fn ticks(&self) -> Duration;

    /// Hears of each attempt to send that failed.
    fn delivery_failed(&self, error: &DeliveryError);

    /// Waits.
    async fn sleep(&self, duration: Duration);
}
