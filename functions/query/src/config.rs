//! The variables of the query function.

use gatelog_function::settings::SettingsError;
use gatelog_function::{Settings, Token, Variables};

/// How the query function is configured.
#[derive(Clone, Debug)]
pub struct QueryConfig {
    /// Variable `query_token`: what clients have to bear; empty admits everybody.
    pub token: Token,
    /// Variable `max_page_size`: the most records in one answer, 1 000 by default.
    pub max_page_size: u32,
    /// Variable `max_counted_records`: the most records that are looked at for a `total` that was not asked for,
    /// 100 000 by default.
    pub max_counted_records: u32,
}

impl QueryConfig {
    /// Default of [`Self::max_page_size`].
    pub const MAX_PAGE_SIZE: u32 = 1_000;
    /// Default of [`Self::max_counted_records`].
    pub const MAX_COUNTED_RECORDS: u32 = 100_000;

    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub async fn read(variables: &impl Variables) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(variables);
        let max_page_size = settings.number("max_page_size", Self::MAX_PAGE_SIZE as usize, 10..=10_000).await;
        let max_counted_records = settings
            .number("max_counted_records", Self::MAX_COUNTED_RECORDS as usize, 1_000..=1_000_000_000)
            .await;
        let config = Self {
            token: settings.token("query_token").await,
            max_page_size: u32::try_from(max_page_size).unwrap_or(Self::MAX_PAGE_SIZE),
            max_counted_records: u32::try_from(max_counted_records).unwrap_or(Self::MAX_COUNTED_RECORDS),
        };
        settings.finish(config)
    }
}
