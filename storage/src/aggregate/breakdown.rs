//! The measures of each group of records, in all or in each interval of time.
//!
//! One statement adds up; each field with percentiles takes one of its own, over its classes of values ([`log_bucket`]).
//! Groups beyond those asked for are added up as one, so an answer has at most `intervals * (keys + 1)` rows.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use gatelog_record::Timestamp;

use super::grouping::{Grouping, OTHER};
use super::log_bucket;
use super::measure::{self, Measure};
use super::scope::Scope;
use crate::query::select_builder::Select;
use crate::statement::Row;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// What to count.
#[derive(Clone, Copy, Debug)]
pub struct Breakdown<'q> {
    /// Of which records.
    pub scope: &'q Scope,
    /// Length of the intervals in seconds, counted from the epoch, at least 1; `None` for the whole range at once.
    pub interval_s: Option<u32>,
    /// By what the records are grouped, and the groups that are told apart; `None` for all in one.
    pub series: Option<(Grouping, &'q [Value<'static>])>,
    /// What is counted of each.
    pub measures: &'q [Measure],
}

/// The numbers of one group in one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The values, in the order of the measures.
    pub values: Vec<Option<i64>>,
    /// When the first record began; `None` if there was none.
    pub first_seen: Option<Timestamp>,
    /// When the last record began.
    pub last_seen: Option<Timestamp>,
}

/// Number of the interval since the epoch, 0 without intervals; place of the group among the keys, `None` for the
/// others, and 0 where nothing is grouped.
pub type Place = (i64, Option<usize>);

impl Cell {
    /// The numbers of no records.
    pub fn empty(measures: &[Measure]) -> Self {
        let values = measures.iter().map(|measure| measure.of_nothing()).collect();
        Self { values, first_seen: None, last_seen: None }
    }
}

/// Counts. Groups and intervals without records are left out.
///
/// # Errors
///
/// The database's.
pub async fn run(
    executor: &impl Executor,
    breakdown: &Breakdown<'_>,
) -> Result<BTreeMap<Place, Cell>, StorageError> {
    let dialect = executor.dialect();
    let statements = statements(dialect, breakdown);
    let answers = try_join_all(statements.iter().map(|(_, statement)| executor.run(statement))).await?;
    let mut cells: BTreeMap<Place, Cell> = BTreeMap::new();
    for ((part, _), rows) in statements.iter().zip(answers) {
        for row in rows {
            let (place, rest) = place(&row)?;
            let cell = cells.entry(place).or_insert_with(|| Cell::empty(breakdown.measures));
            read(dialect, breakdown, *part, rest, cell);
        }
    }
    Ok(cells)
}

/// What a statement answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// First and last time, counts and sums.
    Sums,
    /// The percentiles of a field.
    Percentiles(&'static str),
}

/// The statements of [`run`].
pub fn statements<'q>(dialect: Dialect, breakdown: &Breakdown<'q>) -> Vec<(Part, Statement<'q>)> {
    let mut statements = vec![(Part::Sums, sums(dialect, breakdown))];
    for measure in breakdown.measures {
        if let Measure::Percentile(column, _) = measure {
            let part = Part::Percentiles(column);
            if !statements.iter().any(|(known, _)| *known == part) {
                statements.push((part, percentiles(dialect, breakdown, column)));
            }
        }
    }
    statements
}

fn sums<'q>(dialect: Dialect, breakdown: &Breakdown<'q>) -> Statement<'q> {
    let (groups, params) = groups(dialect, breakdown);
    let mut columns = vec![
        groups.columns.clone(),
        dialect.time_of("MIN(start_time)", "first_seen"),
        dialect.time_of("MAX(start_time)", "last_seen"),
    ];
    let added = breakdown.measures.iter().filter_map(|measure| measure.sql(dialect));
    columns.extend(added.enumerate().map(|(index, sql)| format!("{sql} AS amount_{index}")));
    let mut select = Select::from_table(dialect, &columns.join(", "));
    select.bind(params);
    breakdown.scope.conditions(&mut select, dialect);
    select.push(format_args!("{}", groups.by), []);
    select.statement()
}

fn percentiles<'q>(dialect: Dialect, breakdown: &Breakdown<'q>, column: &'static str) -> Statement<'q> {
    let (groups, params) = groups(dialect, breakdown);
    let columns = format!("{}, {} AS amount, COUNT(*) AS equal", groups.columns, log_bucket::sql(column));
    let mut counted = Select::from_table(dialect, &columns);
    counted.bind(params);
    breakdown.scope.conditions(&mut counted, dialect);
    let by =
        if groups.by.is_empty() { " GROUP BY amount".to_owned() } else { format!("{}, amount", groups.by) };
    counted.condition(format_args!("{column} IS NOT NULL"), []).push(format_args!("{by}"), []);
    let ranks = PERCENTS.map(|percent| measure::percentile_sql(dialect, percent));
    let ranks: Vec<String> =
        ranks.iter().enumerate().map(|(index, sql)| format!("{sql} AS amount_{index}")).collect();
    let mut select = counted
        .wrap(&ranked_columns("bucket, series"), "counted")
        .wrap(&format!("bucket, series, {}", ranks.join(", ")), "ranked");
    select.push(format_args!(" GROUP BY bucket, series"), []);
    select.statement()
}

/// The columns of classes of values, with the number of records up to each, and in all, in the groups of `columns`.
pub(super) fn ranked_columns(columns: &str) -> String {
    format!(
        "{columns}, amount, SUM(equal) OVER (PARTITION BY {columns} ORDER BY amount) AS place, \
         SUM(equal) OVER (PARTITION BY {columns}) AS records"
    )
}

/// The percentiles of a statement, in the order of its columns.
const PERCENTS: [u8; 4] = [50, 90, 95, 99];

/// How rows are grouped: their first two columns, and the clause.
struct Groups {
    columns: String,
    by: String,
}

fn groups<'q>(dialect: Dialect, breakdown: &Breakdown<'q>) -> (Groups, Vec<Value<'q>>) {
    let mut params = Vec::new();
    let mut by = Vec::new();
    let bucket = match breakdown.interval_s {
        Some(seconds) => {
            params.push(Value::from(i64::from(seconds.max(1))));
            by.push("bucket");
            dialect.bucket()
        }
        None => "0",
    };
    let series = match breakdown.series {
        Some((grouping, keys)) => {
            let (sql, values) = grouping.place_sql(dialect, keys);
            params.extend(values);
            by.push("series");
            sql
        }
        None => "0".to_owned(),
    };
    let columns = format!("{bucket} AS bucket, {series} AS series");
    let by = if by.is_empty() { String::new() } else { format!(" GROUP BY {}", by.join(", ")) };
    (Groups { columns, by }, params)
}

fn place(row: &Row) -> Result<(Place, &[Value<'static>]), StorageError> {
    match row.as_slice() {
        [Value::Integer(bucket), Value::Integer(series), rest @ ..] => {
            let series = if *series == OTHER { None } else { usize::try_from(*series).ok() };
            Ok(((*bucket, series), rest))
        }
        _ => Err(StorageError::UnexpectedAnswer {
            statement: "breakdown of records",
            reason: "a row has another shape".to_owned(),
        }),
    }
}

fn read(dialect: Dialect, breakdown: &Breakdown<'_>, part: Part, row: &[Value<'static>], cell: &mut Cell) {
    let mut columns = row.iter();
    if part == Part::Sums {
        let mut time = || columns.next().and_then(|value| dialect.read_time(value));
        (cell.first_seen, cell.last_seen) = (time(), time());
    }
    for (measure, value) in breakdown.measures.iter().zip(&mut cell.values) {
        match (measure, part) {
            (Measure::Percentile(column, percent), Part::Percentiles(of)) if *column == of => {
                let index = PERCENTS.iter().position(|known| known == percent);
                let smallest = index.and_then(|index| row.get(index)?.as_integer());
                *value = smallest.map(measure::percentile);
            }
            (Measure::Percentile(..), _) | (_, Part::Percentiles(_)) => {}
            (_, Part::Sums) => *value = columns.next().and_then(Value::as_integer),
        }
    }
}
