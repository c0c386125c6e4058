//! The expressions of questions that differ between the databases: the second half of [`crate::dialect`], which holds
//! what tables, inserts and values need.

use gatelog_record::{Field, Kind};

use crate::Dialect;

impl Dialect {
    /// A column as text search reads it. `LIKE` tells no upper from lower case in ASCII letters on both databases,
    /// except over MySQL's JSON, which is compared byte by byte unless it is converted.
    pub(crate) fn searched(self, field: &Field) -> String {
        match (self, field.kind) {
            (Self::Mysql, Kind::Json(_)) => format!("CONVERT({} USING utf8mb4)", field.name),
            _ => field.name.to_owned(),
        }
    }

    /// What joins the rows of different values of one column so that each comes once.
    pub(crate) fn union(self) -> &'static str {
        match self {
            // Equal texts are equal bytes, so there is nothing to take out.
            Self::Sqlite => " UNION ALL ",
            // By its collation, a row may equal two values.
            Self::Mysql => " UNION ",
        }
    }

    /// The number of bytes of a column's text.
    pub(crate) fn bytes_of(self, column: &str) -> String {
        match self {
            // Read from the row's header; LENGTH would load the text to count its characters.
            Self::Sqlite => format!("COALESCE(OCTET_LENGTH({column}), 0)"),
            Self::Mysql => format!("COALESCE(LENGTH({column}), 0)"),
        }
    }

    /// A column that is not looked up in an index of its own.
    pub(crate) fn unindexed(self, column: &str) -> String {
        match self {
            // SQLite sees through a sign that the column has to have a value, and that is all that a partial index asks.
            Self::Sqlite => format!("COALESCE({column}, NULL)"),
            // MySQL knows by its statistics which index is worth it.
            Self::Mysql => column.to_owned(),
        }
    }

    /// The end of a subquery whose expressions are worked out once for each row, however often they are used outside.
    pub(crate) fn worked_out_once(self) -> &'static str {
        match self {
            // SQLite does not merge a query with a limit into the one around it.
            Self::Sqlite => " LIMIT -1",
            Self::Mysql => "",
        }
    }

    /// A whole number from an expression that may be a decimal, which Spin's MySQL interface does not decode; 0 for
    /// NULL.
    pub(crate) fn whole(self, expression: &str) -> String {
        match self {
            Self::Sqlite => format!("COALESCE({expression}, 0)"),
            Self::Mysql => format!("CAST(COALESCE({expression}, 0) AS SIGNED)"),
        }
    }

    /// Which interval `start_time` falls into, counted from the epoch. The placeholder takes the interval's seconds.
    pub(crate) fn bucket(self) -> &'static str {
        match self {
            // Without the fraction, which SQLite would round to milliseconds and so into the next second.
            Self::Sqlite => "unixepoch(substr(start_time, 1, 19)) / ?",
            Self::Mysql => "CAST(FLOOR(UNIX_TIMESTAMP(start_time)) AS SIGNED) DIV ?",
        }
    }

    /// The place of the nearest rank among `records` rows. The placeholder takes the percentage.
    pub(crate) fn nearest_rank(self) -> &'static str {
        match self {
            Self::Sqlite => "(records * ? + 99) / 100",
            Self::Mysql => "(records * ? + 99) DIV 100",
        }
    }

    /// A member of `ai_log` as text; NULL where `ai_log` is no JSON, has no such member, or it is `null`.
    pub(crate) fn ai_log_text(self, key: &'static str) -> String {
        match self {
            Self::Sqlite => {
                format!("CASE WHEN json_valid(ai_log) THEN CAST(json_extract(ai_log, '$.{key}') AS TEXT) END")
            }
            Self::Mysql => format!(
                "CASE WHEN JSON_VALID(ai_log) THEN NULLIF(JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.{key}')), 'null') END"
            ),
        }
    }

    /// A member of `ai_log` as a floating-point number, be it a JSON number or a text of digits.
    pub(crate) fn ai_log_number(self, key: &'static str) -> String {
        let number = match self {
            Self::Sqlite => "REAL",
            Self::Mysql => "DOUBLE",
        };
        format!("CAST({} AS {number})", self.ai_log_text(key))
    }
}
