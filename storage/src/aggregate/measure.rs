//! What is counted of the records of a group.

use super::log_bucket;
use crate::Dialect;

/// The condition of an AI call with tokens and without a cost.
pub(super) const UNPRICED: &str =
    "(cost_nano IS NULL AND (total_tokens > 0 OR input_tokens > 0 OR output_tokens > 0))";
/// The condition of a request that failed on the server's side, or got no answer.
pub(super) const FAILED: &str = "(response_code >= 500 OR response_code < 100 OR response_code IS NULL)";

/// What is counted of the records of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// All of them.
    Count,
    /// Those that meet a condition.
    CountOf(&'static str),
    /// The sum of a field; none of no values.
    Sum(&'static str),
    /// A percentile of a field, by nearest rank, in classes of [`log_bucket`]; none of no values.
    Percentile(&'static str, u8),
}

/// Every measure with its name and its meaning.
pub const MEASURES: &[(&str, Measure, &str)] = &[
    ("count", Measure::Count, "records"),
    ("errors", Measure::CountOf(FAILED), "records with a status from 500 or without an answer"),
    (
        "client_errors",
        Measure::CountOf("response_code BETWEEN 400 AND 499"),
        "records with a status from 400 to 499",
    ),
    ("input_tokens", Measure::Sum("input_tokens"), "sum of input_tokens"),
    ("output_tokens", Measure::Sum("output_tokens"), "sum of output_tokens"),
    ("total_tokens", Measure::Sum("total_tokens"), "sum of total_tokens"),
    ("cached_tokens", Measure::Sum("cached_tokens"), "sum of cached_tokens"),
    ("cache_write_tokens", Measure::Sum("cache_write_tokens"), "sum of cache_write_tokens"),
    ("reasoning_tokens", Measure::Sum("reasoning_tokens"), "sum of reasoning_tokens"),
    ("cost_nano", Measure::Sum("cost_nano"), "sum of cost_nano"),
    ("unpriced", Measure::CountOf(UNPRICED), "records with tokens and without a cost"),
    ("ai_calls", Measure::CountOf("model <> ''"), "records with a model"),
    (
        "ai_without_usage",
        Measure::CountOf(
            "(model <> '' AND total_tokens IS NULL AND input_tokens IS NULL AND output_tokens IS NULL)",
        ),
        "records with a model and without tokens",
    ),
    ("bytes_sent", Measure::Sum("bytes_sent"), "sum of bytes_sent"),
    ("bytes_received", Measure::Sum("bytes_received"), "sum of bytes_received"),
    ("duration_p50", Measure::Percentile("duration", 50), "median of duration, in milliseconds"),
    ("duration_p90", Measure::Percentile("duration", 90), "90th percentile of duration"),
    ("duration_p95", Measure::Percentile("duration", 95), "95th percentile of duration"),
    ("duration_p99", Measure::Percentile("duration", 99), "99th percentile of duration"),
    (
        "time_to_first_token_p50",
        Measure::Percentile("time_to_first_token", 50),
        "median of time_to_first_token",
    ),
    ("time_to_first_token_p90", Measure::Percentile("time_to_first_token", 90), "90th percentile of it"),
    ("time_to_first_token_p95", Measure::Percentile("time_to_first_token", 95), "95th percentile of it"),
    ("time_to_first_token_p99", Measure::Percentile("time_to_first_token", 99), "99th percentile of it"),
    ("time_to_headers_p50", Measure::Percentile("time_to_headers", 50), "median of time_to_headers"),
    ("time_to_headers_p90", Measure::Percentile("time_to_headers", 90), "90th percentile of it"),
    ("time_to_headers_p95", Measure::Percentile("time_to_headers", 95), "95th percentile of it"),
    ("time_to_headers_p99", Measure::Percentile("time_to_headers", 99), "99th percentile of it"),
];

impl Measure {
    /// The measure with this name.
    pub fn find(name: &str) -> Option<Self> {
        MEASURES.iter().find_map(|(known, measure, _)| (*known == name).then_some(*measure))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        MEASURES.iter().find_map(|(name, measure, _)| (*measure == self).then_some(*name)).unwrap_or_default()
    }

    /// Its value of no records.
    pub fn of_nothing(self) -> Option<i64> {
        match self {
            Self::Count | Self::CountOf(_) => Some(0),
            Self::Sum(_) | Self::Percentile(..) => None,
        }
    }

    /// The expression over the records of a group; `None` for a percentile, which takes a statement of its own.
    pub(super) fn sql(self, dialect: Dialect) -> Option<String> {
        match self {
            Self::Count => Some("COUNT(*)".to_owned()),
            Self::CountOf(condition) => Some(format!("COUNT(CASE WHEN {condition} THEN 1 END)")),
            Self::Sum(column) => Some(dialect.sum(column)),
            Self::Percentile(..) => None,
        }
    }
}

/// The expression of a percentile over the rows of [`super::breakdown`]'s classes of values, with `place`, the number of
/// records up to a class, and `records`, their number in all.
pub(super) fn percentile_sql(dialect: Dialect, percent: u8) -> String {
    format!("MIN(CASE WHEN place >= {} THEN amount END)", dialect.nearest_rank(percent))
}

/// A percentile from what the database answers for [`percentile_sql`].
pub(super) fn percentile(smallest: i64) -> i64 {
    log_bucket::middle(smallest)
}
