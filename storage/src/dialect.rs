//! What differs between the databases' SQL. This file, `expression` for the questions, and `schema/upgrade` and
//! `schema/alter` for tables that are there already, alone ask which database it is.
//!
//! SQLite keeps `start_time` as the text that the record's JSON has, `2026-01-31T12:00:00.000000Z`: its fixed width
//! makes it sort as time does, SQLite's date functions read it, people can read it, and an answer needs no
//! conversion. MySQL keeps `TIMESTAMP(6)`, which HiMarket's SQL needs (`UNIX_TIMESTAMP(start_time)`).
//! Every MySQL connection speaks UTC ([`Dialect::connection_setup`]), so the server's time zone does not matter;
//! times are read as microseconds since the epoch, because Spin's MySQL interface decodes no date types.
//!
//! Texts are equal when their bytes are, as SQLite has it: MySQL's columns have the collation `EXACT`. JSON is kept as
//! the text that it came as, in LONGTEXT: Spin reads no value of the type JSON, nor what is cast from one.

use std::fmt::Write;

use gatelog_record::{Field, Kind, Timestamp};

use crate::schema::Index;
use crate::statement::{Rows, Statement, Value};

/// By bytes, trailing blanks included. Each server has a name of its own for it, and skips the other's as a comment.
macro_rules! exact {
    () => {
        "/*!80017 COLLATE utf8mb4_0900_bin *//*M! COLLATE utf8mb4_nopad_bin */"
    };
}

/// The collation of MySQL's texts.
pub(crate) const EXACT: &str = exact!();
/// The `start_time` of a row that another program wrote without one. It has to be there: MariaDB before 10.10 makes a
/// `TIMESTAMP` without a default follow every change of its row. Valid in the time zone of any session.
const TIME_IS_THERE: &str = " NOT NULL DEFAULT '1970-01-02 00:00:00'";
const TABLE_OPTIONS: &str = concat!(" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ", exact!());

/// The SQL that a database understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.43 or later: Spin's SQLite interface, libSQL, Turso.
    Sqlite,
    /// MySQL 8.0.17 or MariaDB 10.6, or later.
    Mysql,
}

/// What becomes of the last commits to a SQLite file when the machine loses power. A crash of the process costs none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// They are there: every commit waits until the disk has it.
    #[default]
    Full,
    /// Those since the last checkpoint may be lost; the database stays whole.
    Normal,
}

const FULL: &str = "PRAGMA synchronous=FULL";

impl Durability {
    /// The statement that asks a connection for it.
    pub fn pragma(self) -> &'static str {
        match self {
            Self::Full => FULL,
            Self::Normal => "PRAGMA synchronous=NORMAL",
        }
    }
}

/// How a multi-row insert tells which rows were new.
pub(crate) enum NewRows {
    /// With this clause the insert answers the `record_id` of each new row. A driver that can count answers as
    /// [`Statement::counted_sql`] says.
    Returned(&'static str),
    /// This statement, run next on the same connection, answers how many rows were new, and the key that the first of
    /// them got.
    Counted(&'static str),
}

/// A column of a table that is not about records.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    /// A short ASCII text of at most so many characters, by which rows are found.
    Key(usize),
    /// A whole number.
    Number,
}

impl Dialect {
    /// Both dialects.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Mysql];

    /// The dialect's name, as in the names of the schema files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mysql => "mysql",
        }
    }

    /// Statements to run on every new connection. `writes` says whether the connection will insert.
    ///
    /// SQLite: the write-ahead log lets readers and the writer work at once, and with it `synchronous=FULL` makes every
    /// commit survive a power cut; see [`Durability`] for less. A libSQL server may refuse them; a driver may go on.
    pub fn connection_setup(self, writes: bool) -> &'static [&'static str] {
        match (self, writes) {
            (Self::Sqlite, true) => &["PRAGMA journal_mode=WAL", FULL],
            (Self::Sqlite, false) => &[],
            (Self::Mysql, _) => &["SET time_zone = '+00:00'"],
        }
    }

    /// Whether a failing [`Dialect::connection_setup`] statement makes the connection unusable.
    pub fn setup_is_vital(self) -> bool {
        matches!(self, Self::Mysql)
    }

    /// The definition of the table's own key, by which rows of the same microsecond are ordered.
    pub(crate) fn key_column(self) -> &'static str {
        match self {
            Self::Sqlite => "id INTEGER PRIMARY KEY",
            Self::Mysql => "id BIGINT AUTO_INCREMENT PRIMARY KEY",
        }
    }

    /// The definition of a record field's column in a table with [`Dialect::table_options`].
    pub(crate) fn column(self, field: &Field) -> String {
        let not_null = match field.name {
            "start_time" => self.time_is_there(),
            "record_id" => " NOT NULL",
            _ if field.kind == Kind::Integer => " NOT NULL DEFAULT 0",
            _ => "",
        };
        format!("{} {}{not_null}", field.name, self.column_type(field))
    }

    /// What follows the type of `start_time`: no row is without.
    pub(crate) fn time_is_there(self) -> &'static str {
        match self {
            Self::Sqlite => " NOT NULL",
            Self::Mysql => TIME_IS_THERE,
        }
    }

    /// The column that notes when the row was stored, which the reference's table has.
    pub(crate) fn created_at_column(self) -> &'static str {
        match self {
            Self::Sqlite => "created_at TEXT DEFAULT CURRENT_TIMESTAMP",
            Self::Mysql => "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
        }
    }

    /// What follows a table's columns.
    pub(crate) fn table_options(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Mysql => TABLE_OPTIONS,
        }
    }

    /// An index as part of `CREATE TABLE`, where the dialect wants it there: MySQL has no `CREATE INDEX IF NOT
    /// EXISTS`.
    pub(crate) fn inline_index(self, index: &Index) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Mysql => {
                let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
                Some(format!("{kind} {} ({})", index.name, index.columns.join(", ")))
            }
        }
    }

    /// An index as a statement of its own, where the dialect wants it so. Columns that few records fill get a
    /// partial index, which costs nothing for the others.
    pub(crate) fn create_index(self, table: &str, index: &Index) -> Option<String> {
        match self {
            Self::Mysql => None,
            Self::Sqlite => {
                let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
                let columns = index.columns.join(", ");
                let mut sql = format!("CREATE {kind} IF NOT EXISTS {} ON {table} ({columns})", index.name);
                if let (true, Some(column)) = (index.sparse, index.columns.first()) {
                    let _ = write!(sql, " WHERE {column} IS NOT NULL");
                }
                Some(sql)
            }
        }
    }

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

    /// The type of a column that is no record's.
    pub(crate) fn column_of(self, column: Column) -> String {
        match (self, column) {
            (Self::Sqlite, Column::Key(_)) => "TEXT".to_owned(),
            (Self::Sqlite, Column::Number) => "INTEGER".to_owned(),
            (Self::Mysql, Column::Key(chars)) => {
                format!("VARCHAR({chars}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            }
            (Self::Mysql, Column::Number) => "BIGINT".to_owned(),
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
    pub(crate) fn new_value(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("excluded.{column}"),
            Self::Mysql => format!("VALUES({column})"),
        }
    }

    /// The larger of two numbers.
    pub(crate) fn larger(self, one: &str, other: &str) -> String {
        match self {
            Self::Sqlite => format!("MAX({one}, {other})"),
            Self::Mysql => format!("GREATEST({one}, {other})"),
        }
    }

    /// The sum of two numbers that are not negative, each taken for 2^62 if it is larger: then the sum is a whole number too.
    pub(crate) fn added(self, one: &str, other: &str) -> String {
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
            Self::Mysql => Statement::new(sql, params).then(Some("SELECT ROW_COUNT() AS changed")),
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

    /// The most placeholders in one statement.
    pub(crate) fn max_params(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Mysql => 65_535,
        }
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

    /// A time as it is bound.
    pub(crate) fn time_value(self, time: Timestamp) -> Value<'static> {
        let text = time.to_string();
        match self {
            Self::Sqlite => Value::from(text),
            // MariaDB takes neither the `T` nor the `Z` of RFC 3339 without a warning.
            Self::Mysql => Value::from(text.replace('T', " ").replace('Z', "")),
        }
    }

    /// The expression that reads a field's column so that [`Dialect::read_time`] and Spin's interfaces understand it.
    pub(crate) fn selected(self, field: &Field) -> String {
        let name = field.name;
        match (self, field.kind) {
            (Self::Mysql, Kind::Timestamp) => {
                format!("CAST(UNIX_TIMESTAMP({name}) * 1000000 AS SIGNED) AS {name}")
            }
            _ => name.to_owned(),
        }
    }

    /// A time as [`Dialect::selected`] answers it.
    pub(crate) fn read_time(self, value: &Value<'_>) -> Option<Timestamp> {
        match self {
            Self::Sqlite => value.as_text()?.parse().ok(),
            Self::Mysql => value.as_integer().map(Timestamp::from_micros),
        }
    }

    /// The type of a record field's column.
    pub(crate) fn column_type(self, field: &Field) -> String {
        let kind = match (self, field.kind) {
            (Self::Sqlite, Kind::Timestamp | Kind::Text(_) | Kind::Json(_)) => "TEXT",
            (Self::Sqlite, Kind::Integer | Kind::Count) => "INTEGER",
            // Ids are compared byte by byte, as SQLite does.
            (Self::Mysql, Kind::Text(max_chars)) if field.name == "record_id" => {
                return format!("VARCHAR({max_chars}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
            }
            (Self::Mysql, Kind::Text(max_chars)) if max_chars <= 255 => {
                return format!("VARCHAR({max_chars})");
            }
            // TEXT holds 65 535 bytes, a character takes up to four.
            (Self::Mysql, Kind::Text(max_chars)) if max_chars * 4 <= 65_535 => "TEXT",
            (Self::Mysql, Kind::Text(_)) => "MEDIUMTEXT",
            (Self::Mysql, Kind::Timestamp) => "TIMESTAMP(6)",
            (Self::Mysql, Kind::Integer) if field.name == "response_code" => "INT",
            (Self::Mysql, Kind::Integer | Kind::Count) => "BIGINT",
            (Self::Mysql, Kind::Json(_)) => "LONGTEXT",
        };
        kind.to_owned()
    }
}
