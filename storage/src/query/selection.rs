//! Which fields of the records to read, and how large rows with them can get.

use std::rc::Rc;

use gatelog_record::{FIELDS, Field, Kind};

use crate::Dialect;

/// Fields of the field table, in the order in which they were asked for.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What was asked for, and `start_time` behind it when it was not.
    columns: Rc<[&'static Field]>,
    asked: usize,
}

impl Selection {
    /// Every field, in the order of the field table.
    pub fn all() -> Self {
        Self::from_fields(FIELDS.iter().collect())
    }

    /// These fields. One that is named twice is taken once.
    pub fn from_fields(fields: Vec<&'static Field>) -> Self {
        let mut columns: Vec<&'static Field> = Vec::with_capacity(fields.len() + 1);
        for field in fields {
            if !columns.contains(&field) {
                columns.push(field);
            }
        }
        let asked = columns.len();
        // Cursors are made from it.
        if !columns.iter().any(|field| field.kind == Kind::Timestamp) {
            columns.extend(FIELDS.iter().filter(|field| field.kind == Kind::Timestamp));
        }
        Self { columns: columns.into(), asked }
    }

    /// The fields that were asked for.
    pub fn fields(&self) -> &[&'static Field] {
        self.columns.get(..self.asked).unwrap_or_default()
    }

    /// The columns of a row, behind its key.
    pub(crate) fn columns(&self) -> &[&'static Field] {
        &self.columns
    }

    /// The list of columns, the key first.
    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        let mut columns = String::from("id");
        for field in self.columns.iter() {
            columns.push_str(", ");
            columns.push_str(&dialect.selected(field));
        }
        columns
    }

    /// The most bytes that the values of one row can have.
    pub(crate) fn largest_row(&self) -> usize {
        self.columns.iter().map(|field| largest(field)).sum()
    }

    /// An expression for the bytes of a row: exact for what can be long, the bound for the rest.
    pub(crate) fn row_bytes(&self, dialect: Dialect) -> String {
        let (long, short): (Vec<_>, Vec<_>) =
            self.columns.iter().copied().partition(|field| largest(field) > LONG_BYTES);
        let rest: usize = short.iter().map(|field| largest(field)).sum();
        let mut sql = rest.to_string();
        for field in long {
            sql.push_str(" + ");
            sql.push_str(&dialect.bytes_of(field.name));
        }
        sql
    }
}

/// Columns that can hold more are measured row by row.
const LONG_BYTES: usize = 1_024;

fn largest(field: &Field) -> usize {
    match field.kind {
        Kind::Timestamp => 32,
        // A character has up to four bytes.
        Kind::Text(max_chars) => max_chars * 4,
        Kind::Integer | Kind::Count => 8,
        Kind::Json(max_bytes) => max_bytes,
    }
}
