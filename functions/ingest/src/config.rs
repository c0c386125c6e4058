//! The variables of the ingest function.

use std::io;
use std::time::Duration;

use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::config::ingest::IngestSettings;
use gatelog_functions_shared::config::redact_otlp;
use gatelog_functions_shared::{Token, VariableReader, Variables};
use gatelog_prices::ConfiguredTable;
use gatelog_redact::Redact;
use gatelog_storage::schema::Partitioning;

use crate::forward::Setups;
use crate::group_commit::GroupLimits;

/// The configuration of the ingest function.
#[derive(Clone, Debug)]
pub struct IngestConfig {
    /// Variable `ingest_token`: the token that clients must carry; empty admits everybody.
    pub token: Token,
    /// Variable `max_body_bytes`: the largest request body, 8 MiB by default.
    pub max_body_bytes: usize,
    /// Variable `max_decompressed_bytes`: the most that a compressed request body may become, 16 MiB by default.
    pub max_decompressed_bytes: usize,
    /// Variable `body_timeout_ms`: how long a body may take to arrive, ten seconds by default.
    pub body_timeout: Duration,
    /// Variable `max_batch_records`: the most records in one request, 10 000 by default.
    pub max_batch_records: usize,
    /// Variables `max_group_records`, `max_group_bytes`, `max_waiting_requests` and `database_timeout_ms`: 500, 1 MiB, 64 and
    /// 4 000 by default.
    pub group: GroupLimits,
    /// Variable `retention_days`: days for which records are kept, counted from their `start_time`; 0, the default, means
    /// forever.
    pub retention_days: usize,
    /// Variable `mysql_partitions`: whether the table on MySQL has a partition for each day; none by default.
    pub partitioning: Partitioning,
    /// Variable `prices`: what differs from the default price table; nothing by default.
    pub prices: ConfiguredTable,
    /// Variable `max_metric_models`: the most models that have metrics of their own, 100 by default.
    pub max_metric_models: usize,
    /// Variable `redact_otlp`: what is secret in records that come as OpenTelemetry's logs; by default what is secret for the
    /// filter.
    pub redact_otlp: Redact,
}

impl IngestConfig {
    /// Default of [`Self::max_body_bytes`].
    pub const MAX_BODY_BYTES: usize = IngestSettings::DEFAULT.max_body_bytes;
    /// Default of [`Self::max_decompressed_bytes`].
    pub const MAX_DECOMPRESSED_BYTES: usize = IngestSettings::DEFAULT.max_decompressed_bytes;
    /// Default of [`Self::body_timeout`].
    pub const BODY_TIMEOUT: Duration = IngestSettings::DEFAULT.body_timeout;
    /// Default of [`Self::max_batch_records`].
    pub const MAX_BATCH_RECORDS: usize = IngestSettings::DEFAULT.max_batch_records;
    /// Default of [`Self::group`].
    pub const GROUP: GroupLimits = group_limits(&IngestSettings::DEFAULT);

    /// Reads the variables, including those of the receivers of stored records. `read_file` reads a file of the component.
    ///
    /// # Errors
    ///
    /// All problems with the function's own variables. Problems with those of a receiver are not errors, because
    /// records are still stored.
    pub async fn read(
        variables: &impl Variables,
        read_file: impl Fn(&str) -> io::Result<String>,
    ) -> Result<(Self, Setups), VariablesError> {
        let mut reader = VariableReader::new(variables);
        let settings = IngestSettings::read(&mut reader).await;
        let config = Self {
            token: Token::new(&reader.text("ingest_token").await),
            max_body_bytes: settings.max_body_bytes,
            max_decompressed_bytes: settings.max_decompressed_bytes,
            body_timeout: settings.body_timeout,
            max_batch_records: settings.max_batch_records,
            group: group_limits(&settings),
            retention_days: settings.retention_days,
            partitioning: settings.partitioning,
            // What is wrong with it must not keep records from being stored.
            prices: ConfiguredTable::new(reader.text("prices").await),
            max_metric_models: settings.max_metric_models,
            redact_otlp: redact_otlp::read(&mut reader).await,
        };
        let receivers = Setups::read(variables, read_file).await;
        reader.finish((config, receivers))
    }
}

const fn group_limits(settings: &IngestSettings) -> GroupLimits {
    GroupLimits {
        max_records: settings.max_group_records,
        max_bytes: settings.max_group_bytes,
        max_waiting: settings.max_waiting_requests,
        max_wait: settings.time_limit,
    }
}
