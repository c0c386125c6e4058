//! Counters that the instances of all functions share, and what filters report of themselves.
//!
//! `gatelog_counters` has one row for each counter, to which instances add what they have counted. `gatelog_filters`
//! has one row for each VM of a filter with its latest report, whose sums never go down: what a VM counted before it
//! ended stays, at last in the row without a name ([`fold_gone`]).

use crate::dialect::Column;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// Longest name of a counter, in characters.
pub const MAX_NAME_CHARS: usize = 160;
/// Longest name of a filter's VM, in characters.
pub const MAX_VM_CHARS: usize = 64;

/// What one VM of a filter reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterReport {
    /// Name of the VM.
    pub vm: String,
    /// When the report came, in milliseconds since the epoch.
    pub seen_ms: i64,
    /// Records that waited in the VM.
    pub queue_entries: i64,
    /// Records that the VM has dropped since it started.
    pub dropped: i64,
    /// Pushes that the VM has repeated since it started.
    pub retries: i64,
}

/// The reports of all filters together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterTotals {
    /// VMs that have reported lately.
    pub live: i64,
    /// Records that wait in these.
    pub queue_entries: i64,
    /// Records that all VMs have ever dropped.
    pub dropped: i64,
    /// Pushes that all VMs have ever repeated.
    pub retries: i64,
}

/// Adds to counters, making those that are missing. `added` is in the order of names, so that two instances never wait
/// for each other.
///
/// # Errors
///
/// The database's. It may have added all the same: run again, this may count twice.
pub async fn add(executor: &impl Executor, added: &[(String, i64)]) -> Result<(), StorageError> {
    if !added.is_empty() {
        executor.run(&add_statement(executor.dialect(), added)).await?;
    }
    Ok(())
}

/// Notes the latest reports of filters.
///
/// # Errors
///
/// The database's. To run it again is harmless.
pub async fn report(executor: &impl Executor, reports: &[FilterReport]) -> Result<(), StorageError> {
    if !reports.is_empty() {
        executor.run(&report_statement(executor.dialect(), reports)).await?;
    }
    Ok(())
}

/// All counters.
///
/// # Errors
///
/// The database's.
pub async fn read(executor: &impl Executor) -> Result<Vec<(String, i64)>, StorageError> {
    let rows = executor.run(&read_statement()).await?;
    let pair = |row: Vec<Value<'static>>| match <[Value<'static>; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Integer(value)]) => Some((name.into_owned(), value)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// The reports of all filters together; live are those that came at `live_since_ms` or later.
///
/// # Errors
///
/// The database's.
pub async fn filter_totals(
    executor: &impl Executor,
    live_since_ms: i64,
) -> Result<FilterTotals, StorageError> {
    let rows = executor.run(&totals_statement(executor.dialect(), live_since_ms)).await?;
    let number = |column: usize| {
        let value = rows.first().and_then(|row| row.get(column));
        value.and_then(Value::as_integer).unwrap_or_default()
    };
    Ok(FilterTotals { live: number(0), queue_entries: number(1), dropped: number(2), retries: number(3) })
}

/// Takes the turn of a task that only one instance should do, and not before `interval_ms` have passed since the last
/// turn. False when it is not yet time, or another instance was quicker. A last turn that is further ahead than the next
/// one could be was taken by a clock that is wrong, and holds nobody up.
///
/// # Errors
///
/// The database's.
pub async fn take_turn(
    executor: &impl Executor,
    task: &'static str,
    now_ms: i64,
    interval_ms: i64,
) -> Result<bool, StorageError> {
    let rows = executor.run(&turn_statement(task)).await?;
    let Some(last) = rows.first().and_then(|row| row.first()).and_then(Value::as_integer) else {
        // The next one has a row to update.
        add(executor, &[(task.to_owned(), 0)]).await?;
        return Ok(false);
    };
    let is_ahead = last > now_ms.saturating_add(interval_ms);
    if now_ms.saturating_sub(last) < interval_ms && !is_ahead {
        return Ok(false);
    }
    changed_rows(executor, &take_turn_statement(executor.dialect(), task, now_ms, last))
        .await
        .map(|rows| rows > 0)
}

/// Moves what VMs counted that have not reported since `gone_since_ms` to the row without a name, and deletes their rows.
///
/// # Errors
///
/// The database's. To run it again is harmless: no sum is ever wrong in between.
pub async fn fold_gone(executor: &impl Executor, gone_since_ms: i64) -> Result<(), StorageError> {
    let nameless = FilterReport { vm: String::new(), seen_ms: 0, queue_entries: 0, dropped: 0, retries: 0 };
    report(executor, &[nameless]).await?;
    executor.run(&fold_statement(executor.dialect(), gone_since_ms)).await?;
    executor.run(&delete_folded_statement(gone_since_ms)).await?;
    Ok(())
}

/// Forgets filters that have not reported since `before_ms` and have counted nothing: nothing is lost with them.
///
/// # Errors
///
/// The database's.
pub async fn forget_idle(executor: &impl Executor, before_ms: i64) -> Result<(), StorageError> {
    executor.run(&delete_folded_statement(before_ms)).await?;
    Ok(())
}

/// How many rows a statement of [`Dialect::counting_changes`] has changed.
pub(crate) async fn changed_rows(
    executor: &impl Executor,
    statement: &Statement<'_>,
) -> Result<usize, StorageError> {
    let rows = executor.run(statement).await?;
    Ok(executor.dialect().changed_rows(&rows))
}

/// The definitions of both tables.
pub(crate) fn tables(dialect: Dialect) -> [String; 2] {
    let options = dialect.table_options();
    let name = dialect.column_of(Column::Key(MAX_NAME_CHARS));
    let vm = dialect.column_of(Column::Key(MAX_VM_CHARS));
    let number = dialect.column_of(Column::Number);
    [
        format!(
            "CREATE TABLE IF NOT EXISTS gatelog_counters (\n  name {name} NOT NULL PRIMARY KEY,\n  value {number} NOT NULL\n){options}"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS gatelog_filters (\n  vm {vm} NOT NULL PRIMARY KEY,\n  seen_ms {number} NOT NULL,\n  \
             queue_entries {number} NOT NULL,\n  dropped {number} NOT NULL,\n  retries {number} NOT NULL\n){options}"
        ),
    ]
}

/// The statement of [`add`].
pub fn add_statement(dialect: Dialect, added: &[(String, i64)]) -> Statement<'_> {
    let rows = ", (?, ?)".repeat(added.len().saturating_sub(1));
    let update = format!(
        "{} value = {}",
        dialect.on_conflict_update("name"),
        dialect.added("gatelog_counters.value", &dialect.new_value("value"))
    );
    let params = added.iter().flat_map(|(name, value)| [Value::from(name.as_str()), Value::from(*value)]);
    Statement::new(
        format!("INSERT INTO gatelog_counters (name, value) VALUES (?, ?){rows}{update}"),
        params.collect(),
    )
}

/// The statement of [`report`]. Reports may overtake each other: the queue is that of the latest, counters only grow.
pub fn report_statement(dialect: Dialect, reports: &[FilterReport]) -> Statement<'_> {
    let rows = ", (?, ?, ?, ?, ?)".repeat(reports.len().saturating_sub(1));
    let new = |column| dialect.new_value(column);
    let larger =
        |column| format!("{column} = {}", dialect.larger(&format!("gatelog_filters.{column}"), &new(column)));
    let sql = format!(
        "INSERT INTO gatelog_filters (vm, seen_ms, queue_entries, dropped, retries) VALUES (?, ?, ?, ?, ?){rows}{} \
         queue_entries = CASE WHEN {} >= gatelog_filters.seen_ms THEN {} ELSE gatelog_filters.queue_entries END, \
         {}, {}, {}",
        dialect.on_conflict_update("vm"),
        new("seen_ms"),
        new("queue_entries"),
        larger("dropped"),
        larger("retries"),
        // Last: MySQL assigns from left to right, and the queue's condition needs the old one.
        larger("seen_ms"),
    );
    let params = reports.iter().flat_map(|report| {
        [
            Value::from(report.vm.as_str()),
            Value::from(report.seen_ms),
            Value::from(report.queue_entries),
            Value::from(report.dropped),
            Value::from(report.retries),
        ]
    });
    Statement::new(sql, params.collect())
}

/// The statement of [`read`].
pub fn read_statement() -> Statement<'static> {
    Statement::new("SELECT name, value FROM gatelog_counters", Vec::new())
}

/// The statement of [`filter_totals`].
pub fn totals_statement(dialect: Dialect, live_since_ms: i64) -> Statement<'static> {
    let sql = format!(
        "SELECT COUNT(CASE WHEN seen_ms >= ? THEN 1 END) AS live, {} AS queue_entries, {} AS dropped, {} AS retries \
         FROM gatelog_filters",
        dialect.sum_or_zero("CASE WHEN seen_ms >= ? THEN queue_entries END"),
        dialect.sum_or_zero("dropped"),
        dialect.sum_or_zero("retries"),
    );
    Statement::new(sql, vec![live_since_ms.into(), live_since_ms.into()])
}

fn turn_statement(task: &'static str) -> Statement<'static> {
    Statement::new("SELECT value FROM gatelog_counters WHERE name = ?", vec![task.into()])
}

fn take_turn_statement(dialect: Dialect, task: &'static str, now_ms: i64, last: i64) -> Statement<'static> {
    let sql = "UPDATE gatelog_counters SET value = ? WHERE name = ? AND value = ?";
    dialect.counting_changes(sql.to_owned(), vec![now_ms.into(), task.into(), last.into()])
}

/// The statement that moves the counts of VMs that are gone, all at once.
pub fn fold_statement(dialect: Dialect, gone_since_ms: i64) -> Statement<'static> {
    let gone = format!(
        "(SELECT {} AS gone_dropped, {} AS gone_retries FROM gatelog_filters WHERE seen_ms < ? AND vm <> '') AS gone",
        dialect.sum_or_zero("dropped"),
        dialect.sum_or_zero("retries"),
    );
    let moved = |column: &str| {
        let sum = dialect.added(&format!("gatelog_filters.{column}"), &format!("gone.gone_{column}"));
        format!("{column} = CASE WHEN gatelog_filters.vm = '' THEN {sum} ELSE 0 END")
    };
    let set = format!("{}, {}", moved("dropped"), moved("retries"));
    let sql = dialect.update_from("gatelog_filters", &gone, &set, "seen_ms < ?");
    Statement::new(sql, vec![gone_since_ms.into(), gone_since_ms.into()])
}

fn delete_folded_statement(gone_since_ms: i64) -> Statement<'static> {
    Statement::new(
        "DELETE FROM gatelog_filters WHERE vm <> '' AND seen_ms < ? AND dropped = 0 AND retries = 0",
        vec![gone_since_ms.into()],
    )
}
