//! Which groups of records are the largest.

use super::breakdown::ranked_columns;
use super::grouping::Grouping;
use super::log_bucket;
use super::measure::{self, FAILED, Measure};
use super::scope::Scope;
use crate::query::select_builder::Select;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// By what groups are ordered, the largest first. Groups that are equal in it follow by their number of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By a measure; groups without it come last.
    By(Measure),
    /// By the part of the records that are errors.
    ErrorRate,
}

/// The names of orders.
pub const ORDERS: &[(&str, Order)] = &[
    ("count", Order::By(Measure::Count)),
    ("errors", Order::By(Measure::CountOf(FAILED))),
    ("error_rate", Order::ErrorRate),
    ("duration_p95", Order::By(Measure::Percentile("duration", 95))),
    ("total_tokens", Order::By(Measure::Sum("total_tokens"))),
    ("cost_nano", Order::By(Measure::Sum("cost_nano"))),
    ("bytes_sent", Order::By(Measure::Sum("bytes_sent"))),
];

/// The groups that come first, at most `limit`; NULL stands for the records without a value.
///
/// # Errors
///
/// The database's.
pub async fn run(
    executor: &impl Executor,
    scope: &Scope,
    grouping: Grouping,
    order: Order,
    limit: u32,
) -> Result<Vec<Value<'static>>, StorageError> {
    let rows = executor.run(&statement(executor.dialect(), scope, grouping, order, limit)).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

/// The statement of [`run`].
pub fn statement(
    dialect: Dialect,
    scope: &Scope,
    grouping: Grouping,
    order: Order,
    limit: u32,
) -> Statement<'_> {
    let key = grouping.sql(dialect);
    let limit = [Value::from(i64::from(limit))];
    let amount = match order {
        Order::By(Measure::Percentile(column, percent)) => {
            let columns =
                format!("{key} AS choice, {} AS amount, COUNT(*) AS equal", log_bucket::sql(column));
            let mut counted = Select::from_table(dialect, &columns);
            scope.conditions(&mut counted, dialect);
            counted
                .condition(format_args!("{column} IS NOT NULL"), [])
                .push(format_args!(" GROUP BY 1, 2"), []);
            let amount = measure::percentile_sql(dialect, percent);
            let mut select = counted.wrap(&ranked_columns("choice"), "counted").wrap("choice", "ranked");
            select.push(
                format_args!(" GROUP BY choice ORDER BY {amount} DESC, MAX(records) DESC, choice LIMIT ?"),
                limit,
            );
            return select.statement();
        }
        Order::By(measure) => measure.sql(dialect).unwrap_or_default(),
        Order::ErrorRate => format!("COUNT(CASE WHEN {FAILED} THEN 1 END) * 1e0 / COUNT(*)"),
    };
    let mut select = Select::from_table(dialect, &format!("{key} AS choice"));
    scope.conditions(&mut select, dialect);
    select.push(format_args!(" GROUP BY 1 ORDER BY {amount} DESC, COUNT(*) DESC, 1 LIMIT ?"), limit);
    select.statement()
}
