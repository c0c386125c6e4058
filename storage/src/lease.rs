//! Leases: a task that one instance at a time does for all. The row of `gatelog_counters` with the task's name holds when
//! it was taken last, in milliseconds since the epoch.

use crate::executor::changed_rows;
use crate::{Dialect, Executor, Statement, StorageError, Value, counters};

/// Acquires the lease of a task, not before `interval_ms` have passed since it was last acquired. False when it is not yet
/// time, or another instance was faster. A time further in the future than the next one could be comes from a clock that
/// was wrong, and delays no instance.
///
/// # Errors
///
/// The database's.
pub async fn try_acquire(
    executor: &impl Executor,
    task: &'static str,
    now_ms: i64,
    interval_ms: i64,
) -> Result<bool, StorageError> {
    let rows = executor.run(&last_statement(task)).await?;
    let Some(last) = rows.first().and_then(|row| row.first()).and_then(Value::as_integer) else {
        // The next attempt has a row to update.
        counters::add(executor, &[(task.to_owned(), 0)]).await?;
        return Ok(false);
    };
    let is_ahead = last > now_ms.saturating_add(interval_ms);
    if now_ms.saturating_sub(last) < interval_ms && !is_ahead {
        return Ok(false);
    }
    changed_rows(executor, &acquire_statement(executor.dialect(), task, now_ms, last))
        .await
        .map(|rows| rows > 0)
}

fn last_statement(task: &'static str) -> Statement<'static> {
    Statement::new("SELECT value FROM gatelog_counters WHERE name = ?", vec![task.into()])
}

fn acquire_statement(dialect: Dialect, task: &'static str, now_ms: i64, last: i64) -> Statement<'static> {
    let sql = "UPDATE gatelog_counters SET value = ? WHERE name = ? AND value = ?";
    dialect.counting_changes(sql.to_owned(), vec![now_ms.into(), task.into(), last.into()])
}
