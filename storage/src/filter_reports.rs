//! What filters report about themselves: `gatelog_filters` has one row for each VM of a filter with its latest report. The
//! sums never go down: the counts of a VM that ended stay, finally in the row without a name ([`fold_gone`]).

use crate::executor::run_again_when_rolled_back;
use crate::{Dialect, Executor, Statement, StorageError, Value};

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

/// Notes the latest reports of filters.
///
/// # Errors
///
/// The database's. Running it again is harmless.
pub async fn report(executor: &impl Executor, reports: &[FilterReport]) -> Result<(), StorageError> {
    if !reports.is_empty() {
        run_again_when_rolled_back(executor, &report_statement(executor.dialect(), reports)).await?;
    }
    Ok(())
}

/// The reports of all filters together; live are those that came at `live_since_ms` or later.
///
/// # Errors
///
/// The database's.
pub async fn totals(executor: &impl Executor, live_since_ms: i64) -> Result<FilterTotals, StorageError> {
    let rows = executor.run(&totals_statement(executor.dialect(), live_since_ms)).await?;
    let number = |column: usize| {
        let value = rows.first().and_then(|row| row.get(column));
        value.and_then(Value::as_integer).unwrap_or_default()
    };
    Ok(FilterTotals { live: number(0), queue_entries: number(1), dropped: number(2), retries: number(3) })
}

/// Moves what VMs counted that have not reported since `gone_since_ms` to the row without a name, and deletes their rows.
///
/// # Errors
///
/// The database's. Running it again is harmless: no sum is wrong in between.
pub async fn fold_gone(executor: &impl Executor, gone_since_ms: i64) -> Result<(), StorageError> {
    let nameless = FilterReport { vm: String::new(), seen_ms: 0, queue_entries: 0, dropped: 0, retries: 0 };
    report(executor, &[nameless]).await?;
    run_again_when_rolled_back(executor, &fold_statement(executor.dialect(), gone_since_ms)).await?;
    run_again_when_rolled_back(executor, &delete_folded_statement(gone_since_ms)).await?;
    Ok(())
}

/// Forgets filters that have not reported since `before_ms` and have counted nothing: nothing is lost with them.
///
/// # Errors
///
/// The database's.
pub async fn forget_idle(executor: &impl Executor, before_ms: i64) -> Result<(), StorageError> {
    run_again_when_rolled_back(executor, &delete_folded_statement(before_ms)).await?;
    Ok(())
}

/// The statement of [`report`]. Reports may overtake each other: the queue is that of the latest, counters only grow.
pub fn report_statement(dialect: Dialect, reports: &[FilterReport]) -> Statement<'_> {
    let rows = ", (?, ?, ?, ?, ?)".repeat(reports.len().saturating_sub(1));
    let new = |column| dialect.inserted_value(column);
    let larger = |column| {
        format!("{column} = {}", dialect.greatest(&format!("gatelog_filters.{column}"), &new(column)))
    };
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

/// The statement of [`totals`].
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

/// The statement that moves the counts of VMs that are gone, all at once.
pub fn fold_statement(dialect: Dialect, gone_since_ms: i64) -> Statement<'static> {
    let gone = format!(
        "(SELECT {} AS gone_dropped, {} AS gone_retries FROM gatelog_filters WHERE seen_ms < ? AND vm <> '') AS gone",
        dialect.sum_or_zero("dropped"),
        dialect.sum_or_zero("retries"),
    );
    let moved = |column: &str| {
        let sum = dialect.bounded_sum(&format!("gatelog_filters.{column}"), &format!("gone.gone_{column}"));
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
