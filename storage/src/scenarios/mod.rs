//! HiMarket's statistics over the records, with the names that its dashboards use.
//!
//! HiMarket queries the MySQL table with its own SQL; here the same definitions work on every database. A scenario is
//! one number ([`Kind::Card`]), one number for each interval of time ([`Kind::Line`]), or rows ([`Kind::Table`]).
//!
//! - [`catalogue`]: every scenario with its definition.
//! - [`question`]: a [`ScenarioQuery`] and its [`Answer`]; [`run`] runs it.
//! - `parts`: splits long queries into parts that run in parallel. `statement`: the SQL.

pub mod catalogue;
mod parts;
pub mod question;
mod statement;

use futures::future::try_join_all;
use gatelog_record::Timestamp;

use crate::{Executor, Rows, StorageError, Value};
pub use catalogue::{SCENARIOS, Scenario};
use catalogue::{Shape, Unit};
pub use question::{Answer, BizType, Kind, Point, ScenarioQuery};
pub use statement::statement;

/// The scenario with this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// Runs a scenario.
///
/// # Errors
///
/// The database's error.
pub async fn run(
    executor: &impl Executor,
    scenario: &'static Scenario,
    query: &ScenarioQuery,
) -> Result<Answer, StorageError> {
    let parts = parts::split(scenario, query);
    let statements: Vec<_> = parts.iter().map(|part| statement(executor.dialect(), scenario, part)).collect();
    let answers = try_join_all(statements.iter().map(|statement| executor.run(statement))).await?;
    let mut rows: Rows = answers.into_iter().flatten().collect();
    Ok(match scenario.shape {
        Shape::Card { key, unit, .. } => {
            let amounts = rows.iter().filter_map(|row| row.first()).filter_map(number);
            let amount = amounts.reduce(|sum, amount| sum + amount);
            Answer::Card { key, value: amount.map(|amount| in_unit(amount, unit, None, query)) }
        }
        Shape::Line { key, unit, dimensions, .. } => {
            let truncated = cut(&mut rows, statement::limit(scenario, query));
            let points = rows.iter().filter_map(|row| point(row, unit, query)).collect();
            Answer::Line { key, dimensions, points, truncated }
        }
        Shape::Table(table) => {
            let truncated = cut(&mut rows, statement::limit(scenario, query));
            Answer::Table { columns: table.columns(), rows, truncated }
        }
    })
}

/// Truncates to this many rows, and returns whether there were more.
fn cut(rows: &mut Rows, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    truncated
}

/// A row with the number of the interval, the amount and, for averages, the records in it.
fn point(row: &[Value<'_>], unit: Unit, query: &ScenarioQuery) -> Option<Point> {
    let bucket = row.first().and_then(Value::as_integer)?;
    let seconds = bucket.checked_mul(i64::from(query.interval_s))?;
    let amount = row.get(1).and_then(number)?;
    let value = in_unit(amount, unit, row.get(2).and_then(number), query);
    Some(Point { time: Timestamp::from_micros(seconds.checked_mul(1_000_000)?), value })
}

fn in_unit(amount: f64, unit: Unit, records: Option<f64>, query: &ScenarioQuery) -> f64 {
    match unit {
        Unit::Whole => amount,
        Unit::Mebibytes => (amount / 1_048_576.0 * 1_000.0).round() / 1_000.0,
        Unit::PerSecond => amount / f64::from(query.interval_s.max(1)),
        Unit::DecimalPerSecond => (amount * 10_000.0 / f64::from(query.interval_s.max(1))).round() / 10_000.0,
        Unit::PerRecord => amount / records.unwrap_or(1.0).max(1.0),
    }
}

/// Sums are either floating-point numbers or whole numbers, which lose their last digits beyond 2^53.
fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        Value::Null => None,
    }
}
