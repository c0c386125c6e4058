//! A row of `access_logs`, read back as the record that it was.

use gatelog_record::{Field, FieldValue, Kind, Timestamp};
use serde_json::value::RawValue;

use super::cursor::Cursor;
use super::selection::Selection;
use super::sort::Direction;
use crate::statement::Row;
use crate::{Dialect, Value};

/// One stored record, or the selected fields of it.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    dialect: Dialect,
    id: i64,
    selection: Selection,
    /// In the order of the selection's columns.
    values: Row,
}

impl StoredRecord {
    /// `row` holds the key and then the selection's columns.
    pub(crate) fn new(dialect: Dialect, selection: Selection, row: Row) -> Self {
        let mut values = row.into_iter();
        let id = values.next().as_ref().and_then(Value::as_integer).unwrap_or_default();
        Self { dialect, id, selection, values: values.collect() }
    }

    /// The fields that were asked for with their values, in the order in which they were asked for.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, FieldValue<'_>)> {
        let fields = self.selection.fields().iter();
        fields.zip(&self.values).map(|(field, value)| (*field, self.value(field, value)))
    }

    /// When the request began.
    pub fn start_time(&self) -> Option<Timestamp> {
        let mut columns = self.selection.columns().iter().zip(&self.values);
        columns.find_map(|(field, value)| match self.value(field, value) {
            FieldValue::Timestamp(time) => Some(time),
            _ => None,
        })
    }

    /// The place right after this record in the order of time.
    pub fn cursor(&self, direction: Direction) -> Option<Cursor> {
        Some(Cursor { direction, time: self.start_time()?, id: self.id })
    }

    /// Bytes of the texts in it, which is nearly all of the memory that it takes.
    pub fn text_bytes(&self) -> usize {
        self.values.iter().filter_map(Value::as_text).map(str::len).sum()
    }

    fn value<'s>(&self, field: &Field, value: &'s Value<'static>) -> FieldValue<'s> {
        match (field.kind, value) {
            (_, Value::Null) => FieldValue::Absent,
            (Kind::Timestamp, value) => {
                self.dialect.read_time(value).map_or(FieldValue::Absent, FieldValue::Timestamp)
            }
            (_, Value::Integer(number)) => FieldValue::Integer(*number),
            // Only whole numbers are stored.
            (_, Value::Real(number)) => FieldValue::Integer(*number as i64),
            (_, Value::Text(text)) if text.is_empty() => FieldValue::Absent,
            // Another program may have written what is no JSON; it must not spoil the whole answer.
            (Kind::Json(_), Value::Text(text)) => match serde_json::from_str::<&RawValue>(text) {
                Ok(json) => FieldValue::Json(json),
                Err(_) => FieldValue::Text(text),
            },
            (_, Value::Text(text)) => FieldValue::Text(text),
        }
    }
}
