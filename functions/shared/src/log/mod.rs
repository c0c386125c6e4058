//! The log: one line for each event on standard error, which Spin prefixes with the component's name.
//!
//! - [`mod@line`]: formats and writes the line of an event.
//! - [`throttle`]: limits the lines for events that clients can cause.
//! - [`failures`]: requests that were not served.

pub mod failures;
pub mod line;
pub mod throttle;

pub use failures::{FailureLog, FailureThrottle};
pub use line::{Level, write};
pub use throttle::Throttle;
