//! The settings of ingest that must be right before it stores anything. `functions/health` reads them as well, because ingest
//! answers 503 to every request while one is wrong.

use std::time::Duration;

use gatelog_storage::schema::Partitioning;

use super::reader::VariableReader;
use super::redact_otlp;
use super::store::StoreConfig;
use super::variables::{Variables, VariablesError};
use crate::metrics::ai::MAX_MODELS;

/// The values of the variables, each with the variable's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestSettings {
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// The most bytes that a compressed request body may become.
    pub max_decompressed_bytes: usize,
    /// `body_timeout_ms`: how long a body may take to arrive.
    pub body_timeout: Duration,
    /// The most records in one request.
    pub max_batch_records: usize,
    /// The most records of several requests in one insert.
    pub max_group_records: usize,
    /// The most bytes of several requests in one insert.
    pub max_group_bytes: usize,
    /// The most requests that wait for an insert in one instance.
    pub max_waiting_requests: usize,
    /// `database_timeout_ms`: how long a request may take.
    pub time_limit: Duration,
    /// Days for which records are kept; 0 keeps them forever.
    pub retention_days: usize,
    /// `mysql_partitions`: whether the table on MySQL has a partition for each day.
    pub partitioning: Partitioning,
    /// The most models that have metrics of their own.
    pub max_metric_models: usize,
}

impl IngestSettings {
    /// What holds when no variable is set.
    pub const DEFAULT: Self = Self {
        max_body_bytes: 8 * 1024 * 1024,
        max_decompressed_bytes: 16 * 1024 * 1024,
        body_timeout: Duration::from_secs(10),
        max_batch_records: 10_000,
        max_group_records: 500,
        max_group_bytes: 1024 * 1024,
        max_waiting_requests: 64,
        time_limit: Duration::from_millis(StoreConfig::TIMEOUT_MS as u64),
        retention_days: 0,
        partitioning: Partitioning::None,
        max_metric_models: MAX_MODELS,
    };

    /// Reads the variables. Problems go to `reader`.
    pub async fn read(reader: &mut VariableReader<'_, impl Variables>) -> Self {
        let default = Self::DEFAULT;
        Self {
            max_body_bytes: reader
                .number("max_body_bytes", default.max_body_bytes, 1_024..=64 * 1024 * 1024)
                .await,
            max_decompressed_bytes: reader
                .number("max_decompressed_bytes", default.max_decompressed_bytes, 1_024..=256 * 1024 * 1024)
                .await,
            body_timeout: reader.millis("body_timeout_ms", default.body_timeout, 100..=600_000).await,
            max_batch_records: reader
                .number("max_batch_records", default.max_batch_records, 1..=100_000)
                .await,
            max_group_records: reader
                .number("max_group_records", default.max_group_records, 1..=100_000)
                .await,
            max_group_bytes: reader
                .number("max_group_bytes", default.max_group_bytes, 1_024..=64 * 1024 * 1024)
                .await,
            max_waiting_requests: reader
                .number("max_waiting_requests", default.max_waiting_requests, 1..=10_000)
                .await,
            time_limit: StoreConfig::read_time_limit(reader).await,
            retention_days: reader.number("retention_days", default.retention_days, 0..=36_500).await,
            partitioning: StoreConfig::read_partitioning(reader).await,
            max_metric_models: reader.number("max_metric_models", default.max_metric_models, 0..=500).await,
        }
    }

    /// Whether ingest can work with the variables.
    ///
    /// # Errors
    ///
    /// All problems.
    pub async fn check(variables: &impl Variables) -> Result<(), VariablesError> {
        let mut reader = VariableReader::new(variables);
        Self::read(&mut reader).await;
        redact_otlp::read(&mut reader).await;
        reader.finish(())
    }
}
