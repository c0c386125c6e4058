//! Tables, columns and indexes in both dialects.

use std::fmt::Write;

use gatelog_record::{Field, Kind};

use super::Dialect;

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
const START_TIME_CONSTRAINT: &str = " NOT NULL DEFAULT '1970-01-02 00:00:00'";
const TABLE_OPTIONS: &str = concat!(" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ", exact!());
/// With what only TiDB reads: its servers take keys from one range, so that keys are given out in their order, which whoever
/// follows the newest records needs.
const RECORD_TABLE_OPTIONS: &str =
    concat!(" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ", exact!(), " /*T![auto_id_cache] AUTO_ID_CACHE=1 */");

/// What a table that is divided by day is divided by: whole seconds since the epoch, whatever the time zone of a session.
/// MySQL wants a whole number, and MariaDB finds the partitions of a range of times only without `FLOOR`; both cut the
/// fraction off.
const DIVIDED_BY: &str = "/*!80017 FLOOR(UNIX_TIMESTAMP(start_time)) *//*M! UNIX_TIMESTAMP(start_time) */";

/// Whether the table of records is one piece, or each day has a part of its own, which can be dropped whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partitioning {
    /// One piece.
    #[default]
    None,
    /// A part for each day of `start_time`, in UTC. Only MySQL and MariaDB have it.
    Day,
}

/// A column of a table that is not about records.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    /// A short ASCII text of at most so many characters, by which rows are found.
    Key(usize),
    /// A whole number.
    Number,
}

/// An index of a table.
#[derive(Debug)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
    /// Whether two rows may not have the same values.
    pub unique: bool,
    /// Whether most rows have no value in the first column.
    pub sparse: bool,
}

impl Index {
    /// Its columns. A unique index of a divided table has to include what the table is divided by.
    pub(crate) fn columns_of(&self, partitioning: Partitioning) -> Vec<&'static str> {
        let more = (self.unique && partitioning == Partitioning::Day).then_some("start_time");
        self.columns.iter().copied().chain(more).collect()
    }
}

impl Dialect {
    /// How the table of records is divided where `wanted` is asked for.
    pub fn partitioning(self, wanted: Partitioning) -> Partitioning {
        match self {
            Self::Sqlite => Partitioning::None,
            Self::Mysql => wanted,
        }
    }

    /// What follows the options of a divided table. All rows are in one part until maintenance makes those of days.
    pub(crate) fn partition_clause(self, partitioning: Partitioning) -> String {
        match self.partitioning(partitioning) {
            Partitioning::None => String::new(),
            Partitioning::Day => {
                format!("\nPARTITION BY RANGE ({DIVIDED_BY}) (PARTITION pmax VALUES LESS THAN MAXVALUE)")
            }
        }
    }

    /// The definition of the table's own key, by which rows of the same microsecond are ordered.
    pub(crate) fn key_column(self, partitioning: Partitioning) -> &'static str {
        match (self, self.partitioning(partitioning)) {
            (Self::Sqlite, _) => "id INTEGER PRIMARY KEY",
            (Self::Mysql, Partitioning::None) => "id BIGINT AUTO_INCREMENT PRIMARY KEY",
            (Self::Mysql, Partitioning::Day) => "id BIGINT NOT NULL AUTO_INCREMENT",
        }
    }

    /// The table's own key as a line of its own, where [`Dialect::key_column`] leaves that open.
    pub(crate) fn key_constraint(self, partitioning: Partitioning) -> Option<&'static str> {
        (self.partitioning(partitioning) == Partitioning::Day).then_some("PRIMARY KEY (id, start_time)")
    }

    /// The definition of a record field's column in a table with [`Dialect::table_options`].
    pub(crate) fn column(self, field: &Field) -> String {
        let not_null = match field.name {
            "start_time" => self.start_time_constraint(),
            "record_id" => " NOT NULL",
            _ if field.kind == Kind::Integer => " NOT NULL DEFAULT 0",
            _ => "",
        };
        format!("{} {}{not_null}", field.name, self.column_type(field))
    }

    /// What follows the type of `start_time`: no row is without.
    pub(crate) fn start_time_constraint(self) -> &'static str {
        match self {
            Self::Sqlite => " NOT NULL",
            Self::Mysql => START_TIME_CONSTRAINT,
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

    /// As [`Dialect::table_options`], of the table of records.
    pub(crate) fn record_table_options(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Mysql => RECORD_TABLE_OPTIONS,
        }
    }

    /// An index as part of `CREATE TABLE`, where the dialect wants it there: MySQL has no `CREATE INDEX IF NOT
    /// EXISTS`.
    pub(crate) fn inline_index(self, index: &Index, partitioning: Partitioning) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Mysql => {
                let kind = if index.unique { "UNIQUE INDEX" } else { "INDEX" };
                Some(format!("{kind} {} ({})", index.name, index.columns_of(partitioning).join(", ")))
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

    /// The type of a column that is no record's.
    pub(crate) fn plain_column_type(self, column: Column) -> String {
        match (self, column) {
            (Self::Sqlite, Column::Key(_)) => "TEXT".to_owned(),
            (Self::Sqlite, Column::Number) => "INTEGER".to_owned(),
            (Self::Mysql, Column::Key(chars)) => {
                format!("VARCHAR({chars}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            }
            (Self::Mysql, Column::Number) => "BIGINT".to_owned(),
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
