//! The log: one line for each event on standard error, which Spin prefixes with the component's name.
//!
//! - [`line`]: the line of an event, and writing it.
//! - [`throttle`]: events that clients can cause are written once in a while.

pub mod line;
pub mod throttle;

use crate::Failure;

pub use line::{Level, write};
pub use throttle::Throttle;

/// Writes a line for a failure that the operator has to know of. What clients do wrong only clients are told, so that
/// they cannot fill the log.
pub fn failure(function: &str, failure: &Failure) {
    if failure.is_server_error() {
        write(Level::Error, function, failure);
    }
}
