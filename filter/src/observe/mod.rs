//! Observability of the filter itself: metrics, and lines of the gateway's log.

pub mod log_throttle;
pub mod metric;
pub mod metrics;
