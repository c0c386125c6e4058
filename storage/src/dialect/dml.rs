//! Statements that change rows, in both dialects.

use std::fmt::Write;

use gatelog_record::Field;

use super::Dialect;
use crate::statement::{Rows, Statement, Value};

/// How a multi-row insert tells which rows were new.
pub(crate) enum NewRows {
    /// With this clause the insert answers the `record_id` of each new row. A driver that can count answers as
    /// [`Statement::counted_sql`] says.
    Returned(&'static str),
    /// This statement, run next on the same connection, answers how many rows were new, and the key that the first of
    /// them got.
    Counted(&'static str),
}

impl Dialect {
    /// The clause that makes an insert skip a record whose `record_id` is already stored, and nothing else:
    /// `INSERT IGNORE` would also hide real errors.
    pub(crate) fn skip_duplicates(self) -> &'static str {
        match self {
            Self::Sqlite => " ON CONFLICT (record_id) DO NOTHING",
            Self::Mysql => " ON DUPLICATE KEY UPDATE record_id = record_id",
        }
    }

    /// How an insert with [`Dialect::skip_duplicates`] tells what was new. A libSQL server counts no changes, and
    /// Spin's MySQL interface does not pass them on.
    pub(crate) fn new_rows(self) -> NewRows {
        match self {
            Self::Sqlite => NewRows::Returned(" RETURNING record_id"),
            Self::Mysql => NewRows::Counted(
                "SELECT ROW_COUNT() AS new_rows, CAST(LAST_INSERT_ID() AS SIGNED) AS first_id",
            ),
        }
    }

    /// What makes an insert update the row that already has its key; assignments follow.
    pub(crate) fn on_conflict_update(self, key: &str) -> String {
        match self {
            Self::Sqlite => format!(" ON CONFLICT ({key}) DO UPDATE SET"),
            Self::Mysql => " ON DUPLICATE KEY UPDATE".to_owned(),
        }
    }

    /// In assignments of [`Dialect::on_conflict_update`], the value that was to be inserted.
    pub(crate) fn inserted_value(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("excluded.{column}"),
            Self::Mysql => format!("VALUES({column})"),
        }
    }

    /// The larger of two numbers.
    pub(crate) fn greatest(self, one: &str, other: &str) -> String {
        match self {
            Self::Sqlite => format!("MAX({one}, {other})"),
            Self::Mysql => format!("GREATEST({one}, {other})"),
        }
    }

    /// The sum of two numbers that are not negative, each taken for 2^62 if it is larger: then the sum is a whole number too.
    pub(crate) fn bounded_sum(self, one: &str, other: &str) -> String {
        const HALF: &str = "4611686018427387903";
        match self {
            Self::Sqlite => format!("MIN({one}, {HALF}) + MIN({other}, {HALF})"),
            Self::Mysql => format!("LEAST({one}, {HALF}) + LEAST({other}, {HALF})"),
        }
    }

    /// An update whose assignments use the one row of the derived table `from`, which is read before anything changes.
    pub(crate) fn update_from(self, table: &str, from: &str, set: &str, condition: &str) -> String {
        match self {
            Self::Sqlite => format!("UPDATE {table} SET {set} FROM {from} WHERE {condition}"),
            Self::Mysql => format!("UPDATE {table}, {from} SET {set} WHERE {condition}"),
        }
    }

    /// A delete of at most `?` rows that meet the condition, in its order.
    pub(crate) fn delete_some(self, table: &str, condition: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT ?)")
            }
            Self::Mysql => format!("DELETE FROM {table} WHERE {condition} LIMIT ?"),
        }
    }

    /// A changing statement whose answer [`Dialect::changed_rows`] reads.
    pub(crate) fn counting_changes(self, sql: String, params: Vec<Value<'_>>) -> Statement<'_> {
        match self {
            Self::Sqlite => Statement::new(sql, params).returning(" RETURNING 1 AS changed"),
            Self::Mysql => Statement::new(sql, params).with_follow_up(Some("SELECT ROW_COUNT() AS changed")),
        }
    }

    /// How many rows a statement of [`Dialect::counting_changes`] has changed.
    pub(crate) fn changed_rows(self, rows: &Rows) -> usize {
        // A row that was returned for its change has one column.
        let is_counted = rows.first().is_some_and(|row| row.len() > 1);
        if self == Self::Sqlite && !is_counted {
            return rows.len();
        }
        let count = rows.first().and_then(|row| row.first()).and_then(Value::as_integer);
        count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
    }

    /// A `SELECT` that yields `fields` from one bound JSON array of arrays, for batches with more values than
    /// [`Dialect::max_params`].
    pub(crate) fn rows_from_json(self, fields: &[&Field]) -> String {
        let mut sql = String::from("SELECT ");
        for index in 0..fields.len() {
            let comma = if index == 0 { "" } else { ", " };
            let _ = match self {
                Self::Sqlite => write!(sql, "{comma}json_extract(value, '$[{index}]')"),
                Self::Mysql => write!(sql, "{comma}c{index}"),
            };
        }
        match self {
            // Without WHERE, SQLite takes the ON of ON CONFLICT for a join's.
            Self::Sqlite => sql.push_str(" FROM json_each(?) WHERE true"),
            Self::Mysql => {
                sql.push_str(" FROM JSON_TABLE(?, '$[*]' COLUMNS (");
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    let _ = write!(sql, "{comma}c{index} {} PATH '$[{index}]'", self.column_type(field));
                }
                sql.push_str(")) AS batch");
            }
        }
        sql
    }
}
