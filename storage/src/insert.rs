//! A batch of records as one statement, which is atomic on every database and one round trip on a remote one.
//!
//! Values are bound one by one in a multi-row `VALUES`, which is the fastest form; columns that no record of the
//! batch fills are left out. A batch with more values than a statement takes travels as one JSON value.

use gatelog_record::{AccessRecord, FIELDS, Field, FieldValue};

use crate::dialect::NewRows;
use crate::schema::TABLE;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// What became of a batch.
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
    if records.is_empty() {
        return Ok(Inserted::default());
    }
    let dialect = executor.dialect();
    let rows = executor.run(&statement(dialect, records)).await?;
    let accepted = match dialect.new_rows() {
        NewRows::Returned => rows.len(),
        NewRows::Counted(_) => rows
            .first()
            .and_then(|row| row.first())
            .and_then(Value::as_integer)
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| StorageError::UnexpectedAnswer {
                statement: "count of stored rows",
                reason: "it is no number".to_owned(),
            })?,
    };
    Ok(Inserted { accepted, duplicates: records.len().saturating_sub(accepted) })
}

/// The statement that stores a batch of at least one record.
pub fn statement<'r>(dialect: Dialect, records: &'r [AccessRecord<'_>]) -> Statement<'r> {
    let values: Vec<_> = records.iter().map(AccessRecord::values).collect();
    let filled = filled_fields(&values);
    let fields: Vec<&Field> =
        FIELDS.iter().zip(filled).filter_map(|(field, filled)| filled.then_some(field)).collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let mut sql = format!("INSERT INTO {TABLE} ({}) ", names.join(", "));

    let present = |row: [FieldValue<'r>; FIELDS.len()]| {
        row.into_iter().zip(filled).filter_map(|(value, filled)| filled.then_some(value))
    };
    let params = if fields.len() * records.len() <= dialect.max_params() {
        push_placeholders(&mut sql, fields.len(), records.len());
        values.into_iter().flat_map(present).map(|value| bound(dialect, value)).collect()
    } else {
        sql.push_str(&dialect.rows_from_json(&fields));
        let rows = values.into_iter().map(|row| present(row).map(|value| json(dialect, value)).collect());
        vec![Value::from(serde_json::Value::Array(rows.collect()).to_string())]
    };
    sql.push_str(dialect.skip_duplicates());
    Statement::new(sql, params).then(match dialect.new_rows() {
        NewRows::Returned => None,
        NewRows::Counted(count) => Some(count),
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
