//! The variables of the ingest function.

use gatelog_function::settings::SettingsError;
use gatelog_function::{Settings, Token, Variables};

/// How the ingest function is configured.
#[derive(Clone, Debug)]
pub struct IngestConfig {
    /// Variable `ingest_token`: what clients have to bear; empty admits everybody.
    pub token: Token,
    /// Variable `max_body_bytes`: the largest request body, 8 MiB by default.
    pub max_body_bytes: usize,
    /// Variable `max_batch_records`: the most records in one request, 5 000 by default.
    pub max_batch_records: usize,
}

impl IngestConfig {
    /// Default of [`Self::max_body_bytes`].
    pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
    /// Default of [`Self::max_batch_records`].
    pub const MAX_BATCH_RECORDS: usize = 5_000;

    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub async fn read(variables: &impl Variables) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(variables);
        let config = Self {
            token: settings.token("ingest_token").await,
            max_body_bytes: settings
                .number("max_body_bytes", Self::MAX_BODY_BYTES, 1_024..=64 * 1024 * 1024)
                .await,
            max_batch_records: settings
                .number("max_batch_records", Self::MAX_BATCH_RECORDS, 1..=100_000)
                .await,
        };
        settings.finish(config)
    }
}
