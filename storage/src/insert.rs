//! A batch of records as one statement, which is atomic on every database and one round trip on a remote one.
//!
//! Values are bound one by one in a multi-row `VALUES`, which is the fastest form; columns that no record of the
//! batch fills are left out. A batch with more values than a statement takes travels as one JSON value.
//!
//! SQLite spends as long on preparing such a statement as on running it. A host that keeps prepared statements finds them by
//! their text, so there are few sizes: a batch between two of them is filled up with rows that are duplicates of its last
//! record, which the statement skips.

use std::borrow::Borrow;
use std::collections::HashSet;

use gatelog_record::{AccessRecord, FIELDS, Field, FieldValue, Kind};

use crate::dialect::dml::NewRows;
use crate::executor::run_again_when_rolled_back;
use crate::schema::TABLE;
use crate::{Dialect, Executor, Rows, Statement, StorageError, Value};

/// What became of a batch, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Records that are new in the database.
    pub accepted: usize,
    /// Records whose `record_id` was in the database, or earlier in the batch.
    pub duplicates: usize,
}

/// Stores a batch and answers once it is committed. Every record needs a `record_id` and a `start_time`.
///
/// # Errors
///
/// The database's. The same batch may be stored again whatever happened: nothing is stored twice.
pub async fn insert(
    executor: &impl Executor,
    records: &[AccessRecord<'_>],
) -> Result<Inserted, StorageError> {
    let new = insert_each(executor, records).await?;
    let accepted = new.iter().filter(|new| **new).count();
    Ok(Inserted { accepted, duplicates: new.len().saturating_sub(accepted) })
}

/// As [`insert()`], and answers for each record whether it is new. Of two records with the same `record_id` in the batch
/// the first can be new.
///
/// # Errors
///
/// As there.
pub async fn insert_each<'r>(
    executor: &impl Executor,
    records: &[impl Borrow<AccessRecord<'r>>],
) -> Result<Vec<bool>, StorageError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    // The column's default on MySQL is for other programs.
    if records.iter().any(|record| record.borrow().start_time.is_none()) {
        return Err(StorageError::Refused { reason: "a record has no start_time".to_owned() });
    }
    let dialect = executor.dialect();
    let rows = if executor.keeps_prepared() { filled_up(records.len()) } else { records.len() };
    let statement = statement_of_rows(dialect, records, rows);
    let rows = run_again_when_rolled_back(executor, &statement).await?;
    let ids = records.iter().map(|record| &*record.borrow().record_id);
    if let NewRows::Returned(_) = dialect.new_rows()
        && !matches!(rows.as_slice(), [row] if row.len() == COUNTS)
    {
        // When all are new there is nothing to look up.
        let all = rows.len() == records.len();
        return Ok(if all { vec![true; records.len()] } else { first_of_each(ids, &returned_ids(&rows)) });
    }
    let [stored, first_id] = counts(&rows)?;
    if stored == 0 {
        return Ok(vec![false; records.len()]);
    }
    if usize::try_from(stored).is_ok_and(|stored| stored >= records.len()) {
        return Ok(vec![true; records.len()]);
    }
    let distinct: HashSet<&str> = ids.clone().collect();
    if usize::try_from(stored).is_ok_and(|stored| stored >= distinct.len()) {
        return Ok(first_of_each(ids, &distinct));
    }
    let rows = executor.run(&stored_ids_statement(ids.clone(), first_id, stored)).await?;
    Ok(first_of_each(ids, &returned_ids(&rows)))
}

/// Numbers in the row that counts.
const COUNTS: usize = 2;

/// The statement that stores a batch of at least one record.
pub fn statement<'s, 'r: 's>(
    dialect: Dialect,
    records: &'s [impl Borrow<AccessRecord<'r>>],
) -> Statement<'s> {
    statement_of_rows(dialect, records, records.len())
}

/// Rows of a statement that stores more than ten records. A batch of other sizes is filled up to the next; a larger one is not.
/// What filters push by default, and several of them together, are among them.
const SIZES: [usize; 14] = [10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 250, 300, 400, 500];

/// Rows of the statement that stores so many records. To prepare a small one costs next to nothing.
fn filled_up(records: usize) -> usize {
    match SIZES.first() {
        Some(least) if records < *least => records,
        _ => SIZES.into_iter().find(|size| *size >= records).unwrap_or(records),
    }
}

/// As [`statement()`], with at least so many rows if it takes their values.
fn statement_of_rows<'s, 'r: 's>(
    dialect: Dialect,
    records: &'s [impl Borrow<AccessRecord<'r>>],
    rows: usize,
) -> Statement<'s> {
    let values: Vec<_> = records.iter().map(|record| record.borrow().values()).collect();
    let filled = filled_fields(&values);
    let fields: Vec<&Field> =
        FIELDS.iter().zip(filled).filter_map(|(field, filled)| filled.then_some(field)).collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let mut sql = format!("INSERT INTO {TABLE} ({}) ", names.join(", "));

    let present = |row: [FieldValue<'s>; FIELDS.len()]| {
        row.into_iter().zip(filled).filter_map(|(value, filled)| filled.then_some(value))
    };
    let most_rows = dialect.max_params() / fields.len().max(1);
    let params = if records.len() <= most_rows {
        let rows = if (records.len()..=most_rows).contains(&rows) { rows } else { records.len() };
        push_placeholders(&mut sql, fields.len(), rows);
        let duplicate = values.last().map(|last| duplicate_of(last));
        let duplicates = std::iter::repeat_n(duplicate, rows - records.len()).flatten();
        values.into_iter().chain(duplicates).flat_map(present).map(|value| bound(dialect, value)).collect()
    } else {
        sql.push_str(&dialect.rows_from_json(&fields));
        let rows = values.into_iter().map(|row| present(row).map(|value| json(dialect, value)).collect());
        vec![Value::from(serde_json::Value::Array(rows.collect()).to_string())]
    };
    sql.push_str(dialect.skip_duplicates());
    let statement = match dialect.new_rows() {
        NewRows::Returned(clause) => Statement::new(sql, params).returning(clause),
        NewRows::Counted(count) => Statement::new(sql, params).with_follow_up(Some(count)),
    };
    match records.last() {
        Some(record) => statement.with_probe(probe(&record.borrow().record_id)),
        None => statement,
    }
}

/// A row with the id of `values`, and otherwise with no more than each row needs.
fn duplicate_of<'s>(values: &[FieldValue<'s>; FIELDS.len()]) -> [FieldValue<'s>; FIELDS.len()] {
    let mut row = *values;
    for (field, value) in FIELDS.iter().zip(&mut row) {
        match value {
            FieldValue::Integer(_) if field.kind != Kind::Integer => *value = FieldValue::Absent,
            FieldValue::Text(_) if field.name != "record_id" => *value = FieldValue::Absent,
            FieldValue::Json(_) => *value = FieldValue::Absent,
            _ => {}
        }
    }
    row
}

/// Asks whether a record is stored.
fn probe(record_id: &str) -> Statement<'_> {
    let sql = format!("SELECT 1 AS stored_record FROM {TABLE} WHERE record_id = ?");
    Statement::new(sql, vec![Value::from(record_id)])
}

/// Asks which records an insert stored, by the keys that the table gave to its rows: the first ones from `first_id` on,
/// as many as were stored. What was there before has lower keys. Where the keys end is not known: those of an insert
/// from JSON have gaps in which other inserts have theirs.
fn stored_ids_statement<'s>(ids: impl Iterator<Item = &'s str>, first_id: i64, stored: i64) -> Statement<'s> {
    let mut params: Vec<Value<'s>> = ids.map(Value::from).collect();
    let marks = ", ?".repeat(params.len().saturating_sub(1));
    params.extend([Value::Integer(first_id), Value::Integer(stored)]);
    Statement::new(
        format!(
            "SELECT record_id FROM {TABLE} WHERE record_id IN (?{marks}) AND id >= ? ORDER BY id LIMIT ?"
        ),
        params,
    )
}

/// For each id whether it is in `of` and did not come before.
fn first_of_each<'s>(ids: impl Iterator<Item = &'s str>, of: &HashSet<&str>) -> Vec<bool> {
    let mut seen = HashSet::new();
    ids.map(|id| of.contains(id) && seen.insert(id)).collect()
}

/// The ids that a statement answered, one a row.
fn returned_ids(rows: &Rows) -> HashSet<&str> {
    rows.iter().filter_map(|row| row.first()?.as_text()).collect()
}

/// The whole numbers of the one row that a counting statement answers.
fn counts<const COLUMNS: usize>(rows: &Rows) -> Result<[i64; COLUMNS], StorageError> {
    let row = rows.first().map(Vec::as_slice).unwrap_or_default();
    let numbers: Vec<i64> = row.iter().filter_map(Value::as_integer).collect();
    numbers.try_into().map_err(|numbers| StorageError::UnexpectedAnswer {
        statement: "count of stored rows",
        reason: format!("{COLUMNS} whole numbers should have come, not {numbers:?}"),
    })
}

fn filled_fields(rows: &[[FieldValue<'_>; FIELDS.len()]]) -> [bool; FIELDS.len()] {
    let mut filled = [false; FIELDS.len()];
    for row in rows {
        for (filled, value) in filled.iter_mut().zip(row) {
            *filled |= !matches!(value, FieldValue::Absent);
        }
    }
    filled
}

fn push_placeholders(sql: &mut String, columns: usize, rows: usize) {
    let mut row = String::from("(?");
    row.push_str(&", ?".repeat(columns.saturating_sub(1)));
    row.push(')');
    sql.push_str("VALUES ");
    sql.push_str(&row);
    sql.push_str(&format!(", {row}").repeat(rows.saturating_sub(1)));
}

fn bound(dialect: Dialect, value: FieldValue<'_>) -> Value<'_> {
    match value {
        FieldValue::Absent => Value::Null,
        FieldValue::Timestamp(time) => dialect.time_value(time),
        FieldValue::Text(text) => Value::from(text),
        FieldValue::Integer(number) => Value::Integer(number),
        FieldValue::Json(json) => Value::from(json.get()),
    }
}

fn json(dialect: Dialect, value: FieldValue<'_>) -> serde_json::Value {
    match bound(dialect, value) {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => text.into_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt as _;
    use gatelog_record::Timestamp;

    use super::*;
    use crate::executor::ATTEMPTS;

    /// Undoes so many statements, and then stores.
    struct Undoing(Cell<u32>);

    impl Executor for Undoing {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
            let left = self.0.get();
            self.0.set(left.saturating_sub(1));
            match left {
                0 => Ok(vec![vec![Value::from("a".to_owned())]]),
                _ => Err(StorageError::RolledBack { reason: "a deadlock".to_owned() }),
            }
        }
    }

    #[test]
    fn an_insert_that_the_database_undoes_begins_again_a_few_times() {
        let start_time = Some(Timestamp::from_micros(1_769_860_800_000_000));
        let records = [AccessRecord { record_id: "a".into(), start_time, ..AccessRecord::default() }];
        let insert = |undone| insert(&Undoing(Cell::new(undone)), &records).now_or_never().unwrap();
        assert_eq!(insert(ATTEMPTS - 1).unwrap().accepted, 1);
        assert_eq!(insert(ATTEMPTS).unwrap_err().class(), "database_unavailable");
    }
}
