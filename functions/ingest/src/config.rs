//! The variables of the ingest function.

use std::io;
use std::time::Duration;

use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::config::ingest::IngestSettings;
use gatelog_functions_shared::{Token, VariableReader, Variables};
use gatelog_prices::ConfiguredTable;
use gatelog_redact::Redact;
use gatelog_storage::schema::Partitioning;
use serde::Deserialize;

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
            redact_otlp: read_redact(&mut reader).await,
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

/// The keys of the filter's section `redact`, under which an operator knows them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    defaults: bool,
    headers: Vec<String>,
    query: Vec<String>,
    allow: Vec<String>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { defaults: true, headers: Vec::new(), query: Vec::new(), allow: Vec::new() }
    }
}

/// Reads `redact_otlp`. What is wrong with it is an error, because the defaults in its place could store a secret.
async fn read_redact(settings: &mut VariableReader<'_, impl Variables>) -> Redact {
    let text = settings.text("redact_otlp").await;
    let text = if text.is_empty() { "{}" } else { &text };
    // A list would be read as the values of the keys in their order.
    let keys = serde_json::from_str(if text.starts_with('{') { text } else { "" });
    let Keys { defaults, headers, query, allow } = keys.unwrap_or_else(|error| {
        settings.problem(format!("redact_otlp: it is no object like {{\"allow\":[\"code\"]}}: {error}"));
        Keys::default()
    });
    let [headers, query, allow] = [headers, query, allow]
        .map(|names| names.into_iter().map(|name| name.to_ascii_lowercase()).collect());
    Redact { defaults, headers, query, allow }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(redact_otlp: &'static str) -> Result<Redact, VariablesError> {
        let config = IngestConfig::read(&[("redact_otlp", redact_otlp)], |_| Ok("[]".to_owned())).await;
        config.map(|(config, _)| config.redact_otlp)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn redaction_has_the_filters_keys_and_defaults() {
        assert_eq!(read("").await.unwrap(), Redact::default());
        assert_eq!(read("{}").await.unwrap(), Redact::default());
        let names = |name: &str| vec![name.to_owned()];
        assert_eq!(
            read(r#"{"defaults":false,"headers":["X-Pin"],"query":["Pin"],"allow":["Code"]}"#).await.unwrap(),
            Redact { defaults: false, headers: names("x-pin"), query: names("pin"), allow: names("code") }
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn redaction_that_cannot_be_read_is_an_error_that_names_the_variable() {
        for (text, words) in [
            ("off", "redact_otlp: it is no object like"),
            (r#"{"deny":["pin"]}"#, "unknown field `deny`"),
            (r#"{"query":"pin"}"#, "invalid type"),
            ("[]", "redact_otlp: "),
        ] {
            let problems = read(text).await.unwrap_err().problems;
            assert!(problems.len() == 1 && problems[0].contains(words), "{text}: {problems:?}");
        }
    }
}
