//! The functions' metrics: every family with its series, and the names of series in the database.
//!
//! A series' name in the database is its name in Prometheus' text, such as
//! `gatelog_ingest_records_total{outcome="accepted"}`, so both read the same.

/// Several series with one name.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// The help text.
    pub help: &'static str,
    /// The label that distinguishes its series; empty when there is only one.
    pub label: &'static str,
    /// The label's values. Each is a series; an unknown value is counted as the last.
    pub values: &'static [&'static str],
}

/// Records of readable bodies, by outcome.
pub const RECORDS: Family = Family {
    name: "gatelog_ingest_records_total",
    help: "Records sent to /ingest and /v1/logs, by outcome.",
    label: "outcome",
    values: &["accepted", "duplicate", "rejected"],
};
/// Values that could not be kept as they were.
pub const VALUES_CUT: Family = Family {
    name: "gatelog_ingest_values_cut_total",
    help: "Values that were cut to their limit, left out because they were not counts, or repaired.",
    label: "",
    values: &[""],
};
/// AI logs that are not JSON objects.
pub const INVALID_AI_LOGS: Family = Family {
    name: "gatelog_ingest_invalid_ai_logs_total",
    help: "Values of ai_log that were not JSON objects and were left out.",
    label: "",
    values: &[""],
};
/// Records with tokens and without a cost.
pub const UNPRICED: Family = Family {
    name: "gatelog_unpriced_records_total",
    help: "Records with tokens that have no cost, because no price is known or because the variable prices is wrong.",
    label: "reason",
    values: &["no_price", "misconfigured"],
};
/// Requests to ingest by status.
pub const REQUESTS: Family = Family {
    name: "gatelog_ingest_requests_total",
    help: "Requests to /ingest and /v1/logs, by response status.",
    label: "code",
    values: &["200", "400", "401", "405", "408", "413", "415", "500", "503", "other"],
};
/// Those of [`REQUESTS`] that came as OpenTelemetry's logs.
pub const OTLP_REQUESTS: Family = Family {
    name: "gatelog_otlp_requests_total",
    help: "Requests to /v1/logs, by response status; gatelog_ingest_requests_total includes them.",
    label: "code",
    values: REQUESTS.values,
};
/// Those of [`RECORDS`] that came as OpenTelemetry's logs.
pub const OTLP_RECORDS: Family = Family {
    name: "gatelog_otlp_records_total",
    help: "Log records sent to /v1/logs, by outcome; gatelog_ingest_records_total includes them.",
    label: "outcome",
    values: RECORDS.values,
};
/// Attributes that the record has no place for.
pub const OTLP_IGNORED_ATTRIBUTES: Family = Family {
    name: "gatelog_otlp_ignored_attributes_total",
    help: "Attributes of log records sent to /v1/logs that a record has no field for.",
    label: "",
    values: &[""],
};
/// Requests that were not served, by reason.
pub const FAILURES: Family = Family {
    name: "gatelog_ingest_failures_total",
    help: "Requests to /ingest and /v1/logs that failed because of gatelog or its database, by class.",
    label: "class",
    values: &[
        "database_unavailable",
        "database_misconfigured",
        "database_full",
        "database_refused",
        "database_unexpected_answer",
        "syslog",
        "otlp",
        "other",
    ],
};
/// Records deleted by retention.
pub const DELETED: Family = Family {
    name: "gatelog_retention_deleted_records_total",
    help: "Records that were deleted because they were older than retention_days.",
    label: "",
    values: &[""],
};
/// Flushes that failed.
pub const FLUSH_FAILURES: Family = Family {
    name: "gatelog_flush_failures_total",
    help: "Times that an instance could not add its counts to the shared ones and retried.",
    label: "",
    values: &[""],
};

/// Events of the syslog sink.
pub const SYSLOG: Family = Family {
    name: "gatelog_syslog_events_total",
    help: "Syslog: messages made, cut, sent, failed (not delivered) and dropped (no room to wait); records without a message \
           (no_entry, below_level, misconfigured); failed scripts (script_errors) and those of them at a bound (script_bounds); connections.",
    label: "event",
    values: &[
        "messages",
        "no_entry",
        "below_level",
        "cut",
        "script_errors",
        "script_bounds",
        "dropped",
        "sent",
        "failed",
        "connects",
        "connect_errors",
        "misconfigured",
    ],
};

/// Records that go on to a receiver of OTLP, by outcome.
pub const OTLP_EXPORT_RECORDS: Family = Family {
    name: "gatelog_otlp_export_records_total",
    help: "Stored records that go on over OTLP: sent, or lost by reason: rejected for good by the receiver, refused with a status that \
           is not retried, given up because the receiver was unavailable or unreachable, dropped (no room to wait), misconfigured. With \
           at_least_once, a record that was not confirmed is counted each time it was tried.",
    label: "outcome",
    values: &["sent", "rejected", "refused", "unavailable", "unreachable", "dropped", "misconfigured"],
};
/// Requests to a receiver of OTLP, by outcome.
pub const OTLP_EXPORT_REQUESTS: Family = Family {
    name: "gatelog_otlp_export_requests_total",
    help: "Requests to the receiver of OTLP: accepted (2xx), rejected (400, 413), unavailable (429, 502, 503, 504), refused (any other \
           status), unreachable (no complete response in time).",
    label: "outcome",
    values: &["accepted", "rejected", "refused", "unavailable", "unreachable"],
};

/// All families of counters.
pub const COUNTERS: &[&Family] = &[
    &RECORDS,
    &VALUES_CUT,
    &INVALID_AI_LOGS,
    &UNPRICED,
    &REQUESTS,
    &OTLP_REQUESTS,
    &OTLP_RECORDS,
    &OTLP_IGNORED_ATTRIBUTES,
    &FAILURES,
    &DELETED,
    &SYSLOG,
    &OTLP_EXPORT_RECORDS,
    &OTLP_EXPORT_REQUESTS,
    &FLUSH_FAILURES,
];

/// Duration of inserts in seconds, including the commit.
pub const WRITE_SECONDS: Histogram = Histogram {
    name: "gatelog_ingest_write_seconds",
    bucket_name: "gatelog_ingest_write_seconds_bucket",
    sum_name: "gatelog_ingest_write_seconds_sum",
    help: "Duration of inserts into the database in seconds, including the commit.",
    bounds: &[
        ("0.001", 1_000),
        ("0.0025", 2_500),
        ("0.005", 5_000),
        ("0.01", 10_000),
        ("0.025", 25_000),
        ("0.05", 50_000),
        ("0.1", 100_000),
        ("0.25", 250_000),
        ("0.5", 500_000),
        ("1", 1_000_000),
        ("2.5", 2_500_000),
        ("5", 5_000_000),
        ("10", 10_000_000),
    ],
};

/// A distribution of times.
#[derive(Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// The name of its buckets, distinguished by the label `le`. In the database, each counts only the values above the
    /// previous bucket.
    pub bucket_name: &'static str,
    /// The name of its sum, in the database in microseconds.
    pub sum_name: &'static str,
    /// The help text.
    pub help: &'static str,
    /// The upper end of each bucket: in seconds, as in Prometheus' text, and in microseconds.
    pub bounds: &'static [(&'static str, u64)],
}

impl Family {
    /// The known value under which `value` is counted.
    pub(crate) fn known(&self, value: &str) -> &'static str {
        let found = self.values.iter().find(|known| **known == value);
        found.or(self.values.last()).copied().unwrap_or_default()
    }
}

impl Histogram {
    /// The `le` of the bucket for a time.
    pub(crate) fn bucket_of(&self, micros: u64) -> &'static str {
        self.bounds.iter().find(|(_, bound)| micros <= *bound).map_or("+Inf", |(le, _)| le)
    }
}

/// The name of a series in the database and in Prometheus' text.
pub fn series(name: &str, label: &str, value: &str) -> String {
    let label = Some((label, value)).filter(|(label, _)| !label.is_empty());
    series_with(name, label.as_slice())
}

/// The name of a series with any number of labels. No value contains a character that would have to be escaped.
pub fn series_with(name: &str, labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return name.to_owned();
    }
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use gatelog_storage::counters::MAX_NAME_CHARS;

    use super::*;

    #[test]
    fn every_series_has_a_name_that_fits_the_database() {
        let of_family =
            |family: &Family| family.values.iter().map(|value| series(family.name, family.label, value));
        let counters = COUNTERS.iter().flat_map(|family| of_family(family).collect::<Vec<_>>());
        let buckets = WRITE_SECONDS.bounds.iter().map(|(le, _)| series(WRITE_SECONDS.bucket_name, "le", le));
        for name in counters.chain(buckets) {
            assert!(name.len() <= MAX_NAME_CHARS && name.is_ascii(), "{name}");
        }
    }

    #[test]
    fn bounds_are_the_same_in_seconds_and_microseconds_and_rise() {
        let mut last = 0;
        for (le, micros) in WRITE_SECONDS.bounds {
            assert_eq!((le.parse::<f64>().unwrap() * 1e6).round(), *micros as f64);
            assert!(*micros > last);
            last = *micros;
        }
        assert_eq!(WRITE_SECONDS.bucket_of(1_000), "0.001");
        assert_eq!(WRITE_SECONDS.bucket_of(1_001), "0.0025");
        assert_eq!(WRITE_SECONDS.bucket_of(u64::MAX), "+Inf");
    }
}
