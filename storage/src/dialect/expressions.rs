//! Expressions of questions, in both dialects.

use super::Dialect;
use super::ddl::EXACT;

/// The largest count that a floating-point number holds exactly, and so JSON: 2^53.
const LARGEST: &str = "9007199254740992";
/// The largest whole number of both databases.
const LARGEST_WHOLE: &str = "9223372036854775807";

impl Dialect {
    /// The condition that a column is like the pattern of the placeholder, be letters large or small: on SQLite those of
    /// ASCII, on MySQL all. MySQL's columns are compared by bytes.
    pub(crate) fn is_like(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("{column} LIKE ? ESCAPE '|'"),
            Self::Mysql => format!("LOWER({column}) LIKE LOWER(?) ESCAPE '|'"),
        }
    }

    /// The sum of a column of whole numbers as a whole number, the largest there is if it is larger; NULL of no numbers.
    ///
    /// SQLite's SUM fails when it overflows. Its TOTAL does not, and is exact up to 2^53.
    pub(crate) fn sum(self, column: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("CASE WHEN COUNT({column}) > 0 THEN CAST(TOTAL({column}) AS INTEGER) END")
            }
            // MySQL's is a decimal, which Spin does not decode, and which fails an update if it is too large.
            Self::Mysql => format!("CAST(LEAST(SUM({column}), {LARGEST_WHOLE}) AS SIGNED)"),
        }
    }

    /// As [`Dialect::sum`], and 0 of no numbers.
    pub(crate) fn sum_or_zero(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST(TOTAL({column}) AS INTEGER)"),
            Self::Mysql => self.as_integer(&format!("LEAST(SUM({column}), {LARGEST_WHOLE})")),
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
            // MySQL's statistics tell which index pays.
            Self::Mysql => column.to_owned(),
        }
    }

    /// The end of a subquery whose expressions are evaluated once for each row, however often the outer query uses them.
    pub(crate) fn materialized(self) -> &'static str {
        match self {
            // SQLite does not merge a query with a limit into the one around it.
            Self::Sqlite => " LIMIT -1",
            Self::Mysql => "",
        }
    }

    /// A whole number from an expression that may be a decimal, which Spin's MySQL interface does not decode; 0 for
    /// NULL.
    pub(crate) fn as_integer(self, expression: &str) -> String {
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

    /// The place of the nearest rank among `records` rows.
    pub(crate) fn nearest_rank(self, percent: u8) -> String {
        match self {
            Self::Sqlite => format!("(records * {percent} + 99) / 100"),
            Self::Mysql => format!("(records * {percent} + 99) DIV 100"),
        }
    }

    /// When a request ended, in milliseconds since the epoch.
    pub(crate) fn end_ms(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "unixepoch(substr(start_time, 1, 19)) * 1000 + CAST(substr(start_time, 21, 3) AS INTEGER) + duration"
            }
            Self::Mysql => "CAST(FLOOR(UNIX_TIMESTAMP(start_time) * 1000) AS SIGNED) + duration",
        }
    }

    /// The first characters of a text.
    pub(crate) fn beginning(self, text: &str, chars: usize) -> String {
        match self {
            Self::Sqlite => format!("substr({text}, 1, {chars})"),
            Self::Mysql => format!("LEFT({text}, {chars})"),
        }
    }

    /// The host of an address: `192.0.2.1` of `192.0.2.1:80`, `::1` of `[::1]:80`. An address without a port is its own host.
    pub(crate) fn host_of(self, address: &str) -> String {
        match self {
            // Where the digits at the end follow the only colon, they are a port. More colons are those of IPv6.
            Self::Sqlite => format!(
                "CASE WHEN {address} LIKE '[%]%' THEN substr({address}, 2, instr({address}, ']') - 2) \
                 WHEN {address} LIKE '%:%' AND rtrim({address}, '0123456789') = substr({address}, 1, instr({address}, ':')) \
                 THEN substr({address}, 1, instr({address}, ':') - 1) ELSE {address} END"
            ),
            Self::Mysql => format!(
                "CASE WHEN {address} LIKE '[%]%' THEN SUBSTRING({address}, 2, LOCATE(']', {address}) - 2) \
                 WHEN {address} = CONCAT(SUBSTRING_INDEX({address}, ':', 1), ':', SUBSTRING_INDEX({address}, ':', -1)) \
                 AND SUBSTRING_INDEX({address}, ':', -1) NOT REGEXP '[^0-9]' \
                 THEN SUBSTRING_INDEX({address}, ':', 1) ELSE {address} END"
            ),
        }
    }

    /// What follows the table's name in a question that is to go by the table's key, whatever its conditions are.
    pub(crate) fn by_key_alone(self) -> &'static str {
        match self {
            Self::Sqlite => " NOT INDEXED",
            Self::Mysql => " FORCE INDEX (PRIMARY)",
        }
    }

    /// Whether a row may become visible after one with a larger key.
    pub(crate) fn keys_may_come_late(self) -> bool {
        matches!(self, Self::Mysql)
    }

    /// A member of `ai_log` as text: what is no text as JSON has it, so that `null` is one too, as in HiMarket. NULL where
    /// `ai_log` is no JSON or has no such member.
    pub(crate) fn ai_log_text(self, key: &'static str) -> String {
        match self {
            Self::Sqlite => format!(
                "CASE WHEN json_valid(ai_log) THEN CASE json_type(ai_log, '$.{key}') WHEN 'text' \
                 THEN json_extract(ai_log, '$.{key}') ELSE ai_log -> '$.{key}' END END"
            ),
            Self::Mysql => format!(
                "CASE WHEN JSON_VALID(ai_log) THEN JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.{key}')) END {EXACT}"
            ),
        }
    }

    /// A member of `ai_log` as a value to show, cut where Spin's MySQL interface would not decode it.
    pub(crate) fn ai_log_label(self, key: &'static str) -> String {
        self.beginning(&self.ai_log_text(key), 1_024)
    }

    /// A member of `ai_log` as a floating-point number, be it a JSON number or a text of digits; 0 for what is no number.
    /// It is bounded, so that no sum of them is infinite.
    pub(crate) fn ai_log_number(self, key: &'static str) -> String {
        let text = self.ai_log_text(key);
        match self {
            Self::Sqlite => format!("MAX(MIN(CAST({text} AS REAL), {LARGEST}), -{LARGEST})"),
            Self::Mysql => format!("GREATEST(LEAST(CAST({text} AS DOUBLE), {LARGEST}), -{LARGEST})"),
        }
    }
}
