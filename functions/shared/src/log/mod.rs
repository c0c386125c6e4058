//! The log: one line for each event on standard error, which Spin prefixes with the component's name.
//!
//! - [`mod@line`]: the line of an event, and writing it.
//! - [`throttle`]: events that clients can cause are written once in a while.
//! - [`failures`]: requests that were not served.

pub mod failures;
pub mod line;
pub mod throttle;

pub use failures::{FailureLog, FailureThrottle};
pub use line::{Level, write};
pub use throttle::Throttle;
