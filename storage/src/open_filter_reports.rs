//! Reports of filters when ingest requires no token, so that anybody may have sent them: their number and their values are
//! bounded, and they expire.
//!
//! A new name counts from its second report on, so names that are invented for one request count nothing. The filters that
//! reported last are kept. One that was forgotten counts again after two more reports, because a filter reports everything
//! that it has counted since it started.

use std::collections::HashSet;

use crate::executor::run_again_when_rolled_back;
use crate::filter_reports::{self, FilterReport};
use crate::{Executor, Statement, StorageError, Value};

/// Most filter VMs that are kept.
pub const MAX_FILTERS: usize = 1_000;
/// The most that one of them can claim to have dropped, to have repeated, and to have waiting.
pub const MAX_COUNT: i64 = 1_000_000;

/// As [`filter_reports::report`], within the bounds.
///
/// # Errors
///
/// As there.
pub async fn report(executor: &impl Executor, reports: &[FilterReport]) -> Result<(), StorageError> {
    if reports.is_empty() {
        return Ok(());
    }
    let rows = executor.run(&known_statement(reports)).await?;
    let known: HashSet<&str> = rows.iter().filter_map(|row| row.first()?.as_text()).collect();
    let bounded = |report: &FilterReport| {
        let most = if known.contains(report.vm.as_str()) { MAX_COUNT } else { 0 };
        FilterReport {
            queue_entries: report.queue_entries.min(MAX_COUNT),
            dropped: report.dropped.min(most),
            retries: report.retries.min(most),
            ..report.clone()
        }
    };
    let bounded: Vec<FilterReport> = reports.iter().map(bounded).collect();
    filter_reports::report(executor, &bounded).await?;
    if known.len() < reports.len() {
        let rows = executor.run(&first_too_many_statement()).await?;
        if let Some(seen_ms) = rows.first().and_then(|row| row.first()).and_then(Value::as_integer) {
            run_again_when_rolled_back(executor, &forget_statement(seen_ms)).await?;
        }
    }
    Ok(())
}

/// Forgets the filters that have not reported since `gone_since_ms`, and what they claimed.
///
/// # Errors
///
/// The database's.
pub async fn forget_gone(executor: &impl Executor, gone_since_ms: i64) -> Result<(), StorageError> {
    run_again_when_rolled_back(executor, &forget_statement(gone_since_ms.saturating_sub(1))).await?;
    Ok(())
}

/// The statement that asks which names are known.
pub fn known_statement(reports: &[FilterReport]) -> Statement<'_> {
    let marks = ", ?".repeat(reports.len().saturating_sub(1));
    Statement::new(
        format!("SELECT vm FROM gatelog_filters WHERE vm IN (?{marks})"),
        reports.iter().map(|report| Value::from(report.vm.as_str())).collect(),
    )
}

/// The statement that asks when the newest of those was heard that are too many.
pub fn first_too_many_statement() -> Statement<'static> {
    let sql = format!(
        "SELECT seen_ms FROM gatelog_filters WHERE vm <> '' ORDER BY seen_ms DESC LIMIT 1 OFFSET {MAX_FILTERS}"
    );
    Statement::new(sql, Vec::new())
}

/// The statement that forgets filters which were not heard after `seen_ms`.
pub fn forget_statement(seen_ms: i64) -> Statement<'static> {
    Statement::new("DELETE FROM gatelog_filters WHERE vm <> '' AND seen_ms <= ?", vec![seen_ms.into()])
}
