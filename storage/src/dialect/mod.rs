//! What differs between the databases' SQL. Only this folder, and `schema/upgrade` and `schema/alter` for existing tables,
//! ask which database it is.
//!
//! - This file: which dialects there are, and how values are bound and read.
//! - [`durability`]: what a commit survives. `ddl`: tables, columns and indexes. `dml`: statements that change rows.
//!   `expressions`: expressions of questions.
//!
//! SQLite keeps `start_time` as the text that the record's JSON has, `2026-01-31T12:00:00.000000Z`: its fixed width
//! makes it sort as time does, SQLite's date functions read it, people can read it, and an answer needs no
//! conversion. MySQL keeps `TIMESTAMP(6)`, which HiMarket's SQL needs (`UNIX_TIMESTAMP(start_time)`).
//! Every MySQL connection speaks UTC ([`Dialect::connection_setup`]), so the server's time zone does not matter;
//! times are read as microseconds since the epoch, because Spin's MySQL interface decodes no date types.
//!
//! Texts are equal when their bytes are, as in SQLite: MySQL's columns have the collation `EXACT`. JSON is kept as the text
//! that was received, in LONGTEXT: Spin reads no value of the type JSON, nor of a type cast from it.

pub(crate) mod ddl;
pub(crate) mod dml;
pub mod durability;
pub(crate) mod expressions;

use gatelog_record::{Field, Kind, Timestamp};

pub use self::durability::Durability;
use self::durability::FULL;
use crate::statement::Value;

/// The SQL that a database understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.43 or later: Spin's SQLite interface, libSQL, Turso.
    Sqlite,
    /// MySQL 8.0.17 or MariaDB 10.6, or later.
    Mysql,
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
    pub fn is_setup_required(self) -> bool {
        matches!(self, Self::Mysql)
    }

    /// The most placeholders in one statement.
    pub(crate) fn max_params(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Mysql => 65_535,
        }
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
            (Self::Mysql, Kind::Timestamp) => self.time_of(name, name),
            _ => name.to_owned(),
        }
    }

    /// The column `name` of an expression that is a time, so that [`Dialect::read_time`] understands it.
    pub(crate) fn time_of(self, expression: &str, name: &str) -> String {
        match self {
            Self::Sqlite => format!("{expression} AS {name}"),
            Self::Mysql => format!("CAST(UNIX_TIMESTAMP({expression}) * 1000000 AS SIGNED) AS {name}"),
        }
    }

    /// A time as [`Dialect::selected`] and [`Dialect::time_of`] answer it.
    pub(crate) fn read_time(self, value: &Value<'_>) -> Option<Timestamp> {
        match self {
            Self::Sqlite => value.as_text()?.parse().ok(),
            Self::Mysql => value.as_integer().map(Timestamp::from_micros),
        }
    }
}
