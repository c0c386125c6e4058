//! Metrics of the functions.
//!
//! - [`catalogue`]: every family of metrics with its series. [`ai`]: those whose series are named for models.
//! - [`recorder`]: adds the counts of one instance to the counters that all instances share.

pub mod ai;
pub mod catalogue;
pub mod recorder;

pub use ai::AiCall;
pub use catalogue::{
    COUNTERS, DELETED, FAILURES, FLUSH_FAILURES, Family, Histogram, INVALID_AI_LOGS, OTLP_EXPORT_RECORDS,
    OTLP_EXPORT_REQUESTS, OTLP_IGNORED_ATTRIBUTES, OTLP_RECORDS, OTLP_REQUESTS, RECORDS, REQUESTS, SYSLOG,
    UNPRICED, VALUES_CUT, WRITE_SECONDS, series, series_with,
};
pub use recorder::{FlushGuard, MetricsRecorder};
