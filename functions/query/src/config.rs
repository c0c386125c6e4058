//! The variables of the query function.

use std::time::Duration;

use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::config::store::StoreConfig;
use gatelog_functions_shared::{Failure, Token, VariableReader, Variables};
use gatelog_prices::ConfiguredTable;
use http::HeaderMap;

use crate::params::time::Zone;

/// How the query function is configured.
#[derive(Clone, Debug)]
pub struct QueryConfig {
    /// Variable `query_token`: what clients have to bear.
    pub token: Token,
    /// Variable `query_open`: whether everybody is admitted while there is no token; `false` by default.
    pub is_open: bool,
    /// Variable `max_page_size`: the most records in one answer, 1 000 by default.
    pub max_page_size: u32,
    /// Variable `max_counted_records`: the most records that are looked at for a `total` that was not asked for,
    /// 100 000 by default.
    pub max_counted_records: u32,
    /// Variable `max_scanned_records`: the most records that a statement of an aggregate looks at, 500 000 by default.
    pub max_scanned_records: u32,
    /// Variable `query_time_zone`: where times without a zone are meant, and in which the times of a scenario's line
    /// are written; UTC by default.
    pub time_zone: Zone,
    /// Variable `max_running_statements`: the most statements that the database works on for one instance at once, 4
    /// by default. Those count that were given up and go on in the database.
    pub max_running_statements: usize,
    /// Variable `database_timeout_ms`: how long a statement may take, waiting for its turn included.
    pub time_limit: Duration,
    /// Variable `prices`: what differs from the default price table; nothing by default. Ingest has the same.
    pub prices: ConfiguredTable,
}

impl QueryConfig {
    /// Default of [`Self::max_page_size`].
    pub const MAX_PAGE_SIZE: u32 = 1_000;
    /// Default of [`Self::max_counted_records`].
    pub const MAX_COUNTED_RECORDS: u32 = 100_000;
    /// Default of [`Self::max_scanned_records`].
    pub const MAX_SCANNED_RECORDS: u32 = 500_000;
    /// Default of [`Self::max_running_statements`]. A scenario is read in as many parts at once.
    pub const MAX_RUNNING_STATEMENTS: usize = 4;

    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub async fn read(variables: &impl Variables) -> Result<Self, VariablesError> {
        let mut settings = VariableReader::new(variables);
        let max_page_size = settings.number("max_page_size", Self::MAX_PAGE_SIZE as usize, 10..=10_000).await;
        let max_counted_records = settings
            .number("max_counted_records", Self::MAX_COUNTED_RECORDS as usize, 1_000..=1_000_000_000)
            .await;
        let max_scanned_records = settings
            .number("max_scanned_records", Self::MAX_SCANNED_RECORDS as usize, 1_000..=1_000_000_000)
            .await;
        let time_zone = settings.text("query_time_zone").await;
        let config = Self {
            token: Token::new(&settings.text("query_token").await),
            is_open: settings.flag("query_open", false).await,
            max_page_size: u32::try_from(max_page_size).unwrap_or(Self::MAX_PAGE_SIZE),
            max_counted_records: u32::try_from(max_counted_records).unwrap_or(Self::MAX_COUNTED_RECORDS),
            max_scanned_records: u32::try_from(max_scanned_records).unwrap_or(Self::MAX_SCANNED_RECORDS),
            time_zone: Zone::read(&time_zone).unwrap_or_else(|| {
                settings.problem(format!(
                    "query_time_zone: \"{time_zone}\" is no time zone such as Asia/Shanghai, +08:00 or UTC"
                ));
                Zone::UTC
            }),
            max_running_statements: settings
                .number("max_running_statements", Self::MAX_RUNNING_STATEMENTS, 1..=16)
                .await,
            time_limit: StoreConfig::read_time_limit(&mut settings).await,
            // What is wrong with it keeps nobody from reading records.
            prices: ConfiguredTable::new(settings.text("prices").await),
        };
        settings.finish(config)
    }

    /// Admits a request that bears the token; without a token, every request if the function is open, and else none.
    ///
    /// # Errors
    ///
    /// [`Failure::Unauthorized`] and [`Failure::Forbidden`].
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if self.is_closed() {
            let message = "nobody may read the records yet: set the variable query_token, or query_open = true to let \
                           everybody read them";
            return Err(Failure::Forbidden { message: message.to_owned() });
        }
        self.token.check(headers)
    }

    /// Whether no request is admitted.
    pub fn is_closed(&self) -> bool {
        !self.token.is_required() && !self.is_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn without_a_token_nobody_is_admitted_unless_the_function_is_open() {
        for (token, open, expected) in [
            ("", "", Some(403)),
            (" ", "false", Some(403)),
            ("", "true", None),
            ("secret", "", Some(401)),
            // The token holds also where somebody left the other variable in place.
            ("secret", "true", Some(401)),
        ] {
            let variables = [("query_token", token), ("query_open", open)];
            let config = QueryConfig::read(&variables).await.unwrap();
            let refused = config.admit(&HeaderMap::new()).err().map(|failure| failure.status().as_u16());
            assert_eq!(refused, expected, "{token:?} {open:?}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn every_wrong_variable_is_named() {
        let variables = [
            ("query_open", "yes"),
            ("query_time_zone", "Mars/Base"),
            ("max_running_statements", "0"),
            ("database_timeout_ms", "1"),
        ];
        let error = QueryConfig::read(&variables).await.unwrap_err().to_string();
        for (name, _) in variables {
            assert!(error.contains(&format!("{name}: ")), "{error}");
        }
    }
}
