//! Counters of the exporter: every place where a record can be lost has one.

use gatelog_forward::Counter;

/// Counters since the instance began.
#[derive(Debug, Default)]
pub struct ExportStats {
    /// What became of records.
    pub records: RecordCounters,
    /// How requests ended.
    pub requests: RequestCounters,
}

/// What became of records. Under `at_least_once`, a record that was not exported is counted each time that it was tried.
#[derive(Debug, Default)]
pub struct RecordCounters {
    /// The receiver has them.
    pub sent: Counter,
    /// The receiver refuses them for good: status 400 or 413, or a partial success.
    pub rejected: Counter,
    /// The receiver refused the request with a status that is not retried.
    pub refused: Counter,
    /// The receiver was still unavailable (429, 502, 503, 504) when they were given up (`best_effort`) or left to the
    /// client to send again (`at_least_once`).
    pub unavailable: Counter,
    /// The same for a receiver that could not be reached or did not respond in time.
    pub unreachable: Counter,
    /// Too much was waiting (`best_effort`).
    pub dropped: Counter,
}

/// How requests ended.
#[derive(Debug, Default)]
pub struct RequestCounters {
    /// Status 2xx.
    pub accepted: Counter,
    /// Status 400 or 413.
    pub rejected: Counter,
    /// Another status that is not retried.
    pub refused: Counter,
    /// Status 429, 502, 503 or 504.
    pub unavailable: Counter,
    /// No response, none in time, or an incomplete one.
    pub unreachable: Counter,
}

impl RecordCounters {
    /// All counters with their names in the metrics.
    pub fn all(&self) -> [(&'static str, u64); 6] {
        [
            ("sent", self.sent.value()),
            ("rejected", self.rejected.value()),
            ("refused", self.refused.value()),
            ("unavailable", self.unavailable.value()),
            ("unreachable", self.unreachable.value()),
            ("dropped", self.dropped.value()),
        ]
    }
}

impl RequestCounters {
    /// All counters with their names in the metrics.
    pub fn all(&self) -> [(&'static str, u64); 5] {
        [
            ("accepted", self.accepted.value()),
            ("rejected", self.rejected.value()),
            ("refused", self.refused.value()),
            ("unavailable", self.unavailable.value()),
            ("unreachable", self.unreachable.value()),
        ]
    }
}
