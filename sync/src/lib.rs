//! Lets the requests of one component instance wait for each other. An instance has one thread, and nothing here
//! is `Send`.
//!
//! - [`oneshot`]: one request wakes another, once. Everything else is built on it.
//! - [`notify`]: wakes one task each time it waits.
//! - [`wait_queue`]: tasks that wait in order of arrival.
//! - [`semaphore`]: a number of permits.

pub mod notify;
pub mod oneshot;
pub mod semaphore;
pub mod wait_queue;

pub use notify::Notify;
pub use semaphore::{Permit, Semaphore};
pub use wait_queue::WaitQueue;
