//! The SQL of a [`Query`]: pages of records, their count, and one record by its id.

use gatelog_record::Kind;

use super::filter::{Filter, Predicate};
use super::page::{Page, Query};
use super::row::StoredRecord;
use super::select_builder::{Select, all_filters};
use super::selection::Selection;
use super::sort::Direction;
use crate::schema::{INDEXES, TABLE};
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// Records that were read at once.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The records, at least one unless there are none.
    pub records: Vec<StoredRecord>,
    /// Whether the page goes on behind them: they were as many as may be held in memory.
    pub is_cut: bool,
}

/// Reads one page with every field, however large it is.
///
/// # Errors
///
/// The database's.
pub async fn page(executor: &impl Executor, query: &Query) -> Result<Vec<StoredRecord>, StorageError> {
    Ok(batch(executor, query, &Selection::all(), usize::MAX).await?.records)
}

/// Reads the selected fields of one page, or of its beginning: no more than one record beyond `max_bytes` of values.
///
/// # Errors
///
/// The database's.
pub async fn batch(
    executor: &impl Executor,
    query: &Query,
    selection: &Selection,
    max_bytes: usize,
) -> Result<Chunk, StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&batch_statement(dialect, query, selection, max_bytes)).await?;
    let is_cut = is_measured(query, selection, max_bytes)
        && rows
            .first()
            .and_then(|row| row.last()?.as_integer())
            .and_then(|page_rows| usize::try_from(page_rows).ok())
            .is_some_and(|page_rows| page_rows > rows.len());
    let records = rows.into_iter().map(|row| StoredRecord::new(dialect, selection.clone(), row)).collect();
    Ok(Chunk { records, is_cut })
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
        .ok_or_else(no_number)
}

fn no_number() -> StorageError {
    StorageError::UnexpectedAnswer { statement: "count of records", reason: "it is no number".to_owned() }
}

/// How many records meet some filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Those that were counted.
    pub records: u64,
    /// Whether there may be more: not all were looked at.
    pub is_lower_bound: bool,
}

/// Counts the records that meet `filters` among the newest `max_looked_at`. Those that a condition on `start_time` or an
/// index shuts out are not looked at.
///
/// # Errors
///
/// The database's.
pub async fn count_newest(
    executor: &impl Executor,
    filters: &[Filter],
    max_looked_at: u32,
) -> Result<Count, StorageError> {
    let statement = count_newest_statement(executor.dialect(), filters, max_looked_at);
    let rows = executor.run(&statement).await?;
    let numbers: Vec<u64> = rows
        .first()
        .map(|row| row.iter().filter_map(|value| u64::try_from(value.as_integer()?).ok()).collect())
        .unwrap_or_default();
    match numbers.as_slice() {
        [records, looked_at] => {
            Ok(Count { records: *records, is_lower_bound: *looked_at >= u64::from(max_looked_at) })
        }
        _ => Err(no_number()),
    }
}

/// Reads the record with this id, with every field.
///
/// # Errors
///
/// The database's.
pub async fn by_record_id(
    executor: &impl Executor,
    record_id: &str,
) -> Result<Option<StoredRecord>, StorageError> {
    one(executor, record_id, &Selection::all()).await
}

/// Reads the selected fields of the record with this id.
///
/// # Errors
///
/// The database's.
pub async fn one(
    executor: &impl Executor,
    record_id: &str,
    selection: &Selection,
) -> Result<Option<StoredRecord>, StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&one_statement(dialect, record_id, selection)).await?;
    Ok(rows.into_iter().next().map(|row| StoredRecord::new(dialect, selection.clone(), row)))
}

/// The statement of [`page`].
pub fn page_statement(dialect: Dialect, query: &Query) -> Statement<'_> {
    batch_statement(dialect, query, &Selection::all(), usize::MAX)
}

/// The statement of [`batch`].
///
/// Where the rows may be too large together, the lengths of the page's values are read first, and then the rows as far
/// as they fit; the last column is then the number of rows of the page.
pub fn batch_statement<'q>(
    dialect: Dialect,
    query: &'q Query,
    selection: &Selection,
    max_bytes: usize,
) -> Statement<'q> {
    let columns = selection.sql(dialect);
    if !is_measured(query, selection, max_bytes) {
        return rows(dialect, query, &columns).statement();
    }
    let (by, order) = (query.sort.by.name, order(query));
    let lengths = format!("id, {by}, {} AS row_bytes", selection.row_bytes(dialect));
    let before = format!(
        "id AS place, COUNT(*) OVER () AS page_rows, \
         SUM(row_bytes) OVER (ORDER BY {by} {order}, id {order}) - row_bytes AS bytes_before"
    );
    let mut select = rows(dialect, query, &lengths)
        .wrap(&before, "page")
        .wrap(&format!("{columns}, page_rows"), "measured");
    // CROSS JOIN keeps SQLite from walking the table and looking each row up in the page.
    select
        .push(format_args!(" CROSS JOIN {TABLE} ON {TABLE}.id = place"), [])
        .condition(
            format_args!("bytes_before < ?"),
            [Value::from(i64::try_from(max_bytes).unwrap_or(i64::MAX))],
        )
        .push(format_args!(" ORDER BY {TABLE}.{by} {order}, {TABLE}.id {order}"), []);
    select.statement()
}

/// The statement of [`count`].
pub fn count_statement(dialect: Dialect, filters: &[Filter]) -> Statement<'_> {
    let mut select = Select::from_table(dialect, "COUNT(*) AS total");
    select.filters(filters);
    select.statement()
}

/// The statement of [`count_newest`].
pub fn count_newest_statement(dialect: Dialect, filters: &[Filter], max_looked_at: u32) -> Statement<'_> {
    let (by_index, others): (Vec<_>, Vec<_>) = filters.iter().partition(|filter| is_seek(filter));
    let mut newest = if others.is_empty() {
        Select::from_table(dialect, "1 AS meets")
    } else {
        let (condition, params) = all_filters(dialect, others);
        let mut newest =
            Select::from_table(dialect, &format!("CASE WHEN {condition} THEN 1 ELSE 0 END AS meets"));
        newest.bind(params);
        newest
    };
    newest.filters(by_index).push(
        format_args!(" ORDER BY start_time DESC, id DESC LIMIT ?"),
        [Value::from(i64::from(max_looked_at))],
    );
    let total = dialect.as_integer("SUM(meets)");
    newest.wrap(&format!("{total} AS total, COUNT(*) AS looked_at"), "newest").statement()
}

/// Whether the database finds the records of this filter without looking at others, in the order of time.
pub(crate) fn is_seek(filter: &Filter) -> bool {
    match &filter.predicate {
        Predicate::NotBefore(_) | Predicate::NotAfter(_) => true,
        // Few records share an id or a trace, so those of several may be sorted.
        Predicate::TextIn(values) => {
            let is_few = INDEXES.iter().any(|index| index.columns == [filter.field.name]);
            is_few || (values.len() == 1 && has_index(filter))
        }
        _ => false,
    }
}

/// The statement of [`one`].
pub fn one_statement<'q>(dialect: Dialect, record_id: &'q str, selection: &Selection) -> Statement<'q> {
    let mut select = Select::from_table(dialect, &selection.sql(dialect));
    select
        .condition(format_args!("record_id = ?"), [Value::from(record_id)])
        .push(format_args!(" LIMIT 1"), []);
    select.statement()
}

fn is_measured(query: &Query, selection: &Selection, max_bytes: usize) -> bool {
    let rows = usize::try_from(query.page.limit()).unwrap_or(usize::MAX);
    selection.largest_row().saturating_mul(rows) > max_bytes
}

/// The rows of a page, in order.
fn rows<'q>(dialect: Dialect, query: &'q Query, columns: &str) -> Select<'q> {
    let limit = i64::from(query.page.limit());
    let offset = match query.page {
        Page::Offset { offset, .. } => i64::try_from(offset).unwrap_or(i64::MAX),
        Page::After { .. } => 0,
    };
    let order = order(query);
    let mut select = match listed(dialect, query, columns, limit.saturating_add(offset)) {
        Some(mut parts) => {
            parts.push(format_args!(" ORDER BY {} {order}, id {order}", query.sort.by.name), []);
            parts
        }
        None => {
            let mut select = matching(dialect, query, columns, None);
            // With the table's name, because MySQL would order by the converted time that bears the column's name.
            select.push(
                format_args!(" ORDER BY {TABLE}.{} {order}, {TABLE}.id {order}", query.sort.by.name),
                [],
            );
            select
        }
    };
    select.push(format_args!(" LIMIT ?"), [Value::from(limit)]);
    if offset > 0 {
        select.push(format_args!(" OFFSET ?"), [Value::from(offset)]);
    }
    select
}

/// Most values of a list that are looked up one by one.
const MAX_LOOKUPS: usize = 16;
/// Most bound values of such a statement.
const MAX_LOOKUP_PARAMS: usize = 4_096;

/// A page in the order of time of the records with one of several values of an indexed field: the first records of each
/// value, from the index, instead of all records of all values, sorted.
fn listed<'q>(dialect: Dialect, query: &'q Query, columns: &str, limit: i64) -> Option<Select<'q>> {
    if query.sort.by.kind != Kind::Timestamp {
        return None;
    }
    let (filter, values) = query.filters.iter().find_map(|filter| match &filter.predicate {
        Predicate::TextIn(values) if (2..=MAX_LOOKUPS).contains(&values.len()) && has_index(filter) => {
            Some((filter, values))
        }
        _ => None,
    })?;
    let order = order(query);
    // A value that is given twice would find its records twice.
    let mut unique: Vec<&str> = values.iter().map(|value| &**value).collect();
    unique.sort_unstable();
    unique.dedup();
    let parts: Vec<_> = unique
        .into_iter()
        .map(|value| {
            let mut part = matching(dialect, query, columns, Some((filter, value)));
            part.push(
                format_args!(" ORDER BY {TABLE}.start_time {order}, {TABLE}.id {order} LIMIT ?"),
                [Value::from(limit)],
            );
            part
        })
        .collect();
    let bound: usize = parts.iter().map(Select::bound).sum();
    (bound <= MAX_LOOKUP_PARAMS).then(|| Select::union_all(dialect, parts, "listed"))
}

fn has_index(filter: &Filter) -> bool {
    INDEXES.iter().any(|index| index.columns == [filter.field.name, "start_time"])
}

/// The rows that meet the filters and lie behind the cursor; with one value in place of a filter's list if so asked.
fn matching<'q>(
    dialect: Dialect,
    query: &'q Query,
    columns: &str,
    one_of: Option<(&'q Filter, &'q str)>,
) -> Select<'q> {
    let mut select = Select::from_table(dialect, columns);
    let list = one_of.map(|(filter, _)| filter);
    select
        .filters(query.filters.iter().filter(|filter| !list.is_some_and(|list| std::ptr::eq(list, *filter))));
    if let Some((filter, value)) = one_of {
        select.condition(format_args!("{} = ?", filter.field.name), [Value::from(value)]);
    }
    if let Page::After { cursor, .. } = query.page {
        let beyond = if cursor.direction == Direction::Descending { '<' } else { '>' };
        // Spelled out, because MySQL finds no range in a comparison of rows.
        select.condition(
            format_args!("start_time {beyond}= ? AND (start_time {beyond} ? OR id {beyond} ?)"),
            [dialect.time_value(cursor.time), dialect.time_value(cursor.time), Value::from(cursor.id)],
        );
    }
    select
}

fn order(query: &Query) -> &'static str {
    if query.sort.direction == Direction::Descending { "DESC" } else { "ASC" }
}
