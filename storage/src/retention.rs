//! Deleting records that are too old, a few at a time: every statement holds the database for milliseconds only.

use gatelog_record::Timestamp;

use crate::executor::changed_rows;
use crate::schema::TABLE;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// Deletes up to `max_rows` of the oldest records that began before `before`, and answers how many.
///
/// # Errors
///
/// The database's.
pub async fn delete_older(
    executor: &impl Executor,
    before: Timestamp,
    max_rows: usize,
) -> Result<usize, StorageError> {
    changed_rows(executor, &delete_statement(executor.dialect(), before, max_rows)).await
}

/// The statement of [`delete_older`].
pub fn delete_statement(dialect: Dialect, before: Timestamp, max_rows: usize) -> Statement<'static> {
    let max_rows = Value::Integer(i64::try_from(max_rows).unwrap_or(i64::MAX));
    let sql = dialect.delete_some(TABLE, "start_time < ? ORDER BY start_time");
    dialect.counting_changes(sql, vec![dialect.time_value(before), max_rows])
}
