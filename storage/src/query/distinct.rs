//! The values that a field has in the stored records, for the choices of a filter.

use gatelog_record::{Field, Timestamp};

use super::filter::{Filter, Predicate};
use super::select_builder::Select;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// How many of the newest records are looked at when no start is given: a choice has to come at once, also where
/// nothing but the whole table would be complete.
pub const NEWEST_RECORDS: u32 = 100_000;

/// Which values to answer.
#[derive(Clone, Debug)]
pub struct DistinctQuery {
    /// The field, a text or a number.
    pub field: &'static Field,
    /// Conditions on the values themselves.
    pub values: Vec<Filter>,
    /// Conditions on `start_time`.
    pub times: Vec<Filter>,
    /// Most values.
    pub limit: u32,
}

impl DistinctQuery {
    /// Whether only [`NEWEST_RECORDS`] are looked at.
    pub fn is_bounded(&self) -> bool {
        !self
            .times
            .iter()
            .any(|filter| matches!(filter.predicate, Predicate::NotBefore(time) if time > Timestamp::MIN))
    }
}

/// The values in ascending order; texts, or numbers.
///
/// # Errors
///
/// The database's.
pub async fn values(
    executor: &impl Executor,
    query: &DistinctQuery,
) -> Result<Vec<Value<'static>>, StorageError> {
    let rows = executor.run(&statement(executor.dialect(), query)).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

/// The statement of [`values`].
pub fn statement(dialect: Dialect, query: &DistinctQuery) -> Statement<'_> {
    let name = query.field.name;
    let columns = format!("DISTINCT {name} AS value");
    let mut select = if query.is_bounded() {
        let mut newest = Select::from_table(dialect, name);
        newest.filters(&query.times).push(
            format_args!(" ORDER BY start_time DESC LIMIT ?"),
            [Value::from(i64::from(NEWEST_RECORDS))],
        );
        newest.wrap(&columns, "newest")
    } else {
        let mut all = Select::from_table(dialect, &columns);
        all.filters(&query.times);
        all
    };
    select
        .filters(&query.values)
        .push(format_args!(" ORDER BY value LIMIT ?"), [Value::from(i64::from(query.limit))]);
    select.statement()
}
