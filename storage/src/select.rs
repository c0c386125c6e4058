//! The SQL of a [`Query`]: one page of records, their count, and one record by its id.

use std::fmt::Write;

use gatelog_record::FIELDS;

use crate::query::{Direction, Filter, Page, Query, Test};
use crate::schema::TABLE;
use crate::{Dialect, Executor, Statement, StorageError, StoredRecord, Value};

/// Reads one page.
///
/// # Errors
///
/// The database's.
pub async fn page(executor: &impl Executor, query: &Query) -> Result<Vec<StoredRecord>, StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&page_statement(dialect, query)).await?;
    Ok(rows.into_iter().map(|row| StoredRecord::new(dialect, row)).collect())
}

/// Counts the records that meet `filters`.
///
/// # Errors
///
/// The database's.
pub async fn count(executor: &impl Executor, filters: &[Filter]) -> Result<u64, StorageError> {
    let rows = executor.run(&count_statement(executor.dialect(), filters)).await?;
    rows.first()
        .and_then(|row| row.first())
        .and_then(Value::as_integer)
        .and_then(|total| u64::try_from(total).ok())
        .ok_or_else(|| StorageError::UnexpectedAnswer {
            statement: "count of records",
            reason: "it is no number".to_owned(),
        })
}

/// Reads the record with this id.
///
/// # Errors
///
/// The database's.
pub async fn by_record_id(
    executor: &impl Executor,
    record_id: &str,
) -> Result<Option<StoredRecord>, StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&by_record_id_statement(dialect, record_id)).await?;
    Ok(rows.into_iter().next().map(|row| StoredRecord::new(dialect, row)))
}

/// The statement of [`page`].
pub fn page_statement(dialect: Dialect, query: &Query) -> Statement<'_> {
    let mut select = Select::of(selected_columns(dialect), dialect);
    for filter in &query.filters {
        select.filter(filter);
    }
    if let Page::After { cursor, .. } = query.page {
        let beyond = if cursor.direction == Direction::Descending { '<' } else { '>' };
        // Spelled out, because MySQL finds no range in a comparison of rows.
        select.condition(
            format_args!("start_time {beyond}= ? AND (start_time {beyond} ? OR id {beyond} ?)"),
            [dialect.time_value(cursor.time), dialect.time_value(cursor.time), Value::from(cursor.id)],
        );
    }
    let order = if query.sort.direction == Direction::Descending { "DESC" } else { "ASC" };
    let _ = write!(select.sql, " ORDER BY {} {order}, id {order} LIMIT ?", query.sort.by.name);
    select.params.push(Value::from(i64::from(query.page.limit())));
    if let Page::Offset { offset: offset @ 1.., .. } = query.page {
        select.sql.push_str(" OFFSET ?");
        select.params.push(Value::from(i64::try_from(offset).unwrap_or(i64::MAX)));
    }
    select.statement()
}

/// The statement of [`count`].
pub fn count_statement(dialect: Dialect, filters: &[Filter]) -> Statement<'_> {
    let mut select = Select::of("COUNT(*) AS total".to_owned(), dialect);
    for filter in filters {
        select.filter(filter);
    }
    select.statement()
}

/// The statement of [`by_record_id`].
pub fn by_record_id_statement(dialect: Dialect, record_id: &str) -> Statement<'_> {
    let mut select = Select::of(selected_columns(dialect), dialect);
    select.condition(format_args!("record_id = ?"), [Value::from(record_id)]);
    select.sql.push_str(" LIMIT 1");
    select.statement()
}

fn selected_columns(dialect: Dialect) -> String {
    let mut columns = String::from("id");
    for field in FIELDS {
        columns.push_str(", ");
        columns.push_str(&dialect.selected(field));
    }
    columns
}

/// A `SELECT` in the making.
struct Select<'q> {
    dialect: Dialect,
    sql: String,
    params: Vec<Value<'q>>,
    filtered: bool,
}

impl<'q> Select<'q> {
    fn of(columns: String, dialect: Dialect) -> Self {
        Self { dialect, sql: format!("SELECT {columns} FROM {TABLE}"), params: Vec::new(), filtered: false }
    }

    fn condition(&mut self, sql: std::fmt::Arguments<'_>, params: impl IntoIterator<Item = Value<'q>>) {
        self.sql.push_str(if self.filtered { " AND " } else { " WHERE " });
        self.filtered = true;
        let _ = self.sql.write_fmt(sql);
        self.params.extend(params);
    }

    fn filter(&mut self, filter: &'q Filter) {
        let name = filter.field.name;
        let dialect = self.dialect;
        match &filter.test {
            Test::NotBefore(time) => {
                self.condition(format_args!("{name} >= ?"), [dialect.time_value(*time)]);
            }
            Test::NotAfter(time) => {
                self.condition(format_args!("{name} <= ?"), [dialect.time_value(*time)]);
            }
            Test::TextIn(texts) => {
                let is_in = is_in(name, texts.len());
                self.condition(format_args!("{is_in}"), texts.iter().map(|text| Value::from(&**text)));
            }
            Test::TextNotIn(texts) => {
                let is_in = is_in(name, texts.len());
                self.condition(
                    format_args!("({name} IS NULL OR NOT {is_in})"),
                    texts.iter().map(|text| Value::from(&**text)),
                );
            }
            Test::Contains(text) => {
                let pattern = format!("%{}%", escape_like(text));
                self.condition(format_args!("{name} LIKE ? ESCAPE '|'"), [Value::from(pattern)]);
            }
            Test::StartsWith(text) => {
                let pattern = format!("{}%", escape_like(text));
                self.condition(format_args!("{name} LIKE ? ESCAPE '|'"), [Value::from(pattern)]);
            }
            Test::Present => self.condition(format_args!("{name} > ''"), []),
            Test::NumberIn(ranges) => {
                let (within, numbers) = within(name, ranges);
                self.condition(format_args!("{within}"), numbers);
            }
            Test::NumberNotIn(ranges) => {
                let (within, numbers) = within(name, ranges);
                self.condition(format_args!("({name} IS NULL OR NOT {within})"), numbers);
            }
            Test::AtLeast(number) => self.condition(format_args!("{name} >= ?"), [Value::from(*number)]),
            Test::AtMost(number) => self.condition(format_args!("{name} <= ?"), [Value::from(*number)]),
        }
    }

    fn statement(self) -> Statement<'q> {
        Statement::new(self.sql, self.params)
    }
}

fn is_in(name: &str, count: usize) -> String {
    if count == 1 {
        return format!("{name} = ?");
    }
    format!("{name} IN (?{})", ", ?".repeat(count.saturating_sub(1)))
}

/// The condition that a number is in one of the ranges, in parentheses where it has several parts.
fn within(name: &str, ranges: &[(i64, i64)]) -> (String, Vec<Value<'static>>) {
    let singles: Vec<_> = ranges.iter().filter(|(low, high)| low == high).map(|(low, _)| *low).collect();
    let mut parts = Vec::new();
    let mut params: Vec<Value<'static>> = Vec::new();
    if !singles.is_empty() {
        parts.push(is_in(name, singles.len()));
        params.extend(singles.into_iter().map(Value::from));
    }
    for (low, high) in ranges.iter().filter(|(low, high)| low != high) {
        parts.push(format!("{name} BETWEEN ? AND ?"));
        params.extend([Value::from(*low), Value::from(*high)]);
    }
    let condition = parts.join(" OR ");
    (format!("({condition})"), params)
}

fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '|') {
            escaped.push('|');
        }
        escaped.push(character);
    }
    escaped
}
