//! The values of a field with their counts, the most frequent first.

use super::grouping::Grouping;
use super::scope::Scope;
use crate::query::select_builder::Select;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// The values of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The most frequent values with their counts; NULL stands for the records without one.
    pub values: Vec<(Value<'static>, i64)>,
    /// How many different values there are.
    pub different: i64,
}

/// Counts the values, and answers at most `limit` of them.
///
/// # Errors
///
/// The database's.
pub async fn run(
    executor: &impl Executor,
    scope: &Scope,
    grouping: Grouping,
    limit: u32,
) -> Result<Facet, StorageError> {
    let rows = executor.run(&statement(executor.dialect(), scope, grouping, limit)).await?;
    let mut facet = Facet { values: Vec::new(), different: 0 };
    for row in rows {
        let [value, Value::Integer(count), Value::Integer(different)] = row.as_slice() else {
            return Err(StorageError::UnexpectedAnswer {
                statement: "values of a field",
                reason: "a row has another shape".to_owned(),
            });
        };
        facet.different = *different;
        facet.values.push((value.clone(), *count));
    }
    Ok(facet)
}

/// The statement of [`run`].
pub fn statement(dialect: Dialect, scope: &Scope, grouping: Grouping, limit: u32) -> Statement<'_> {
    let columns = format!("{} AS choice, COUNT(*) AS records", grouping.sql(dialect));
    let mut counted = Select::from_table(dialect, &columns);
    scope.conditions(&mut counted, dialect);
    counted.push(format_args!(" GROUP BY 1"), []);
    let mut select = counted.wrap("choice, records, COUNT(choice) OVER () AS different", "counted");
    select.push(format_args!(" ORDER BY records DESC, choice LIMIT ?"), [Value::from(i64::from(limit))]);
    select.statement()
}
