//! The lines that the function writes to its log.

use gatelog_functions_shared::log::{FailureThrottle, Throttle};

/// Name of the function in its log.
pub const FUNCTION: &str = "ingest";

/// Lines that clients or a failed database can cause, each kind with its own throttle.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    /// Values of records were lost.
    pub(crate) lost_values: Throttle,
    /// Records cannot be read.
    pub(crate) unreadable: Throttle,
    /// Records have no cost because the prices are wrong.
    pub(crate) prices: Throttle,
    /// The database refuses records.
    pub(crate) refused: Throttle,
    /// Requests were not served.
    pub(crate) failures: FailureThrottle,
}
