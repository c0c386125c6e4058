//! Counters that the instances of all functions share: `gatelog_counters` has one row for each, to which instances add
//! what they have counted.

use crate::executor::run_again_when_rolled_back;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// Longest name of a counter, in characters.
pub const MAX_NAME_CHARS: usize = 160;

/// Adds to counters, and creates those that are missing. `added` is sorted by name, so that two instances never wait for
/// each other.
///
/// # Errors
///
/// The database's. The counts may have been added nevertheless: a second attempt may count twice.
pub async fn add(executor: &impl Executor, added: &[(String, i64)]) -> Result<(), StorageError> {
    if !added.is_empty() {
        run_again_when_rolled_back(executor, &add_statement(executor.dialect(), added)).await?;
    }
    Ok(())
}

/// All counters.
///
/// # Errors
///
/// The database's.
pub async fn read(executor: &impl Executor) -> Result<Vec<(String, i64)>, StorageError> {
    run_read(executor, &read_statement()).await
}

/// The counters of a metric with labels: those whose name is `metric` followed by `{`.
///
/// # Errors
///
/// The database's.
pub async fn read_of(executor: &impl Executor, metric: &str) -> Result<Vec<(String, i64)>, StorageError> {
    run_read(executor, &read_of_statement(metric)).await
}

async fn run_read(
    executor: &impl Executor,
    statement: &Statement<'_>,
) -> Result<Vec<(String, i64)>, StorageError> {
    let rows = executor.run(statement).await?;
    let pair = |row: Vec<Value<'static>>| match <[Value<'static>; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Integer(value)]) => Some((name.into_owned(), value)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// The statement of [`add`].
pub fn add_statement(dialect: Dialect, added: &[(String, i64)]) -> Statement<'_> {
    let rows = ", (?, ?)".repeat(added.len().saturating_sub(1));
    let update = format!(
        "{} value = {}",
        dialect.on_conflict_update("name"),
        dialect.bounded_sum("gatelog_counters.value", &dialect.inserted_value("value"))
    );
    let params = added.iter().flat_map(|(name, value)| [Value::from(name.as_str()), Value::from(*value)]);
    Statement::new(
        format!("INSERT INTO gatelog_counters (name, value) VALUES (?, ?){rows}{update}"),
        params.collect(),
    )
}

/// The statement of [`read`].
pub fn read_statement() -> Statement<'static> {
    Statement::new("SELECT name, value FROM gatelog_counters", Vec::new())
}

/// The statement of [`read_of`], which reads a range of the primary key.
pub fn read_of_statement(metric: &str) -> Statement<'static> {
    // `|` is the character after `{`.
    let range = ["{", "|"].map(|end| Value::from(format!("{metric}{end}")));
    Statement::new("SELECT name, value FROM gatelog_counters WHERE name >= ? AND name < ?", range.to_vec())
}
