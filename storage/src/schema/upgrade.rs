//! Finds what a table lacks (columns, wider columns, ids, indexes) and the statements to add it.
//!
//! The upgrade depends on the table as it is, not on its history. Every table, from an earlier gatelog or from Higress's log-collector in
//! either of its forms, becomes the one that [`schema::statements`](super::statements) creates, and keeps its rows. The steps, some of which
//! only MySQL needs:
//!
//! - rows without a `record_id` get `row-` and their key, so that the result is the same whichever instance does it,
//!   and however often;
//! - columns that are narrower than the record's limits are widened; wider ones are left unchanged, including whether they
//!   allow NULL;
//! - `start_time` as DATETIME becomes TIMESTAMP(6), read as UTC, and no longer changes when its row is updated;
//! - texts are compared by their bytes, and JSON columns become text;
//! - indexes with gatelog's names but other columns are recreated;
//! - unknown indexes are left, unless they prevent widening a column to TEXT.

use gatelog_record::{FIELDS, Field, Kind};

use super::alter::Change;
use super::tables::INDEXES;
use crate::dialect::ddl::Partitioning;
use crate::statement::Row;
use crate::{Dialect, Executor, Statement, StorageError, Value};

/// A column of the existing table.
#[derive(Debug)]
struct Column {
    name: String,
    /// In lower case, without length: `varchar`, `longtext`, `bigint`.
    kind: String,
    /// Longest text in characters; 0 where this does not apply.
    chars: usize,
    /// Digits of fractional seconds.
    fraction: i64,
    nullable: bool,
    /// The collation of a text column; otherwise empty.
    collation: String,
    /// Whether an update of its row sets it to the current time.
    follows_changes: bool,
}

/// An index of the existing table: its name and its columns in order.
#[derive(Debug)]
struct Existing {
    name: String,
    columns: Vec<String>,
}

/// The statements that the table needs next; none when it is complete. After these have run, more may be
/// needed.
pub(super) async fn missing(executor: &impl Executor) -> Result<Vec<String>, StorageError> {
    let dialect = executor.dialect();
    let columns = columns(executor).await?;
    let indexes = indexes(executor).await?;
    let find = |name: &str| columns.iter().find(|column| column.name == name);
    let mut changes = Vec::new();
    for field in FIELDS {
        match find(field.name) {
            None => changes.push(Change::Add(dialect.added_column(field))),
            Some(column) => {
                if dialect == Dialect::Sqlite {
                    // SQLite's columns hold any value.
                    continue;
                }
                let too_narrow = is_too_narrow(&dialect.column_type(field), column);
                if too_narrow && dialect.column_type(field).ends_with("TEXT") {
                    let over = |index: &&Existing| index.columns.iter().any(|name| name == field.name);
                    let in_the_way = indexes.iter().filter(over);
                    changes.extend(in_the_way.map(|index| Change::DropIndex(index.name.clone())));
                }
                if too_narrow || is_another(field, column) {
                    let there =
                        if field.kind == Kind::Timestamp { dialect.start_time_constraint() } else { "" };
                    // NOT NULL follows when every row has an id.
                    let definition = format!("{} {}{there}", field.name, dialect.own_type(field));
                    changes.push(Change::Modify(definition));
                }
            }
        }
    }
    if find("created_at").is_none() {
        changes.push(Change::Add(dialect.added_created_at().to_owned()));
    }
    if !changes.is_empty() {
        let mut statements = dialect.alter(changes);
        if find("record_id").is_none() {
            statements.push(dialect.fill_record_ids());
        }
        return Ok(statements);
    }
    if let Some(forbid) = dialect.forbid_missing_record_ids()
        && find("record_id").is_some_and(|id| id.nullable)
    {
        return Ok(vec![dialect.fill_record_ids(), forbid]);
    }
    let partitioning = partitioning(&indexes);
    let mut statements = Vec::new();
    for index in INDEXES {
        match indexes.iter().find(|existing| existing.name == index.name) {
            Some(existing) if existing.columns == index.columns_of(partitioning) => {}
            Some(_) => statements.extend(dialect.replace_index(index, partitioning)),
            None => statements.extend(dialect.add_index(index, partitioning)),
        }
    }
    Ok(statements)
}

async fn columns(executor: &impl Executor) -> Result<Vec<Column>, StorageError> {
    let sql = match executor.dialect() {
        Dialect::Sqlite => {
            "SELECT name, lower(type) AS kind, 0 AS chars, 6 AS fraction, \"notnull\" = 0 AS nullable, '' AS compared, \
             0 AS follows FROM pragma_table_info('access_logs')"
        }
        Dialect::Mysql => {
            // Spin can read texts that are cast with a length.
            "SELECT CAST(column_name AS CHAR(64)) AS name, LOWER(CAST(data_type AS CHAR(64))) AS kind, \
             CAST(COALESCE(character_maximum_length, 0) AS SIGNED) AS chars, \
             CAST(COALESCE(datetime_precision, 0) AS SIGNED) AS fraction, is_nullable = 'YES' AS nullable, \
             CAST(COALESCE(collation_name, '') AS CHAR(64)) AS compared, extra LIKE '%on update%' AS follows \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'access_logs'"
        }
    };
    let rows = executor.run(&Statement::new(sql, Vec::new())).await?;
    rows.iter().map(|row| column(row).ok_or_else(|| unexpected("columns of the table"))).collect()
}

fn column(row: &Row) -> Option<Column> {
    let text = |index: usize| Some(row.get(index)?.as_text()?.to_owned());
    let number = |index: usize| row.get(index)?.as_integer();
    Some(Column {
        name: text(0)?.to_lowercase(),
        kind: text(1)?,
        chars: usize::try_from(number(2)?).ok()?,
        fraction: number(3)?,
        nullable: number(4)? != 0,
        collation: text(5)?,
        follows_changes: number(6)? != 0,
    })
}

async fn indexes(executor: &impl Executor) -> Result<Vec<Existing>, StorageError> {
    let sql = match executor.dialect() {
        Dialect::Sqlite => {
            "SELECT name, COALESCE(sql, '') AS definition FROM sqlite_master \
             WHERE type = 'index' AND tbl_name = 'access_logs' ORDER BY name"
        }
        Dialect::Mysql => {
            "SELECT CAST(index_name AS CHAR(64)) AS name, CAST(column_name AS CHAR(64)) AS indexed_column \
             FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'access_logs' \
             ORDER BY index_name, seq_in_index"
        }
    };
    let rows = executor.run(&Statement::new(sql, Vec::new())).await?;
    let mut indexes: Vec<Existing> = Vec::new();
    for row in &rows {
        let text = |index: usize| row.get(index).and_then(Value::as_text).map(str::to_lowercase);
        let name = text(0).ok_or_else(|| unexpected("indexes of the table"))?;
        let column = text(1).unwrap_or_default();
        if executor.dialect() == Dialect::Sqlite {
            indexes.push(Existing { name, columns: columns_in(&column) });
            continue;
        }
        match indexes.last_mut().filter(|last| last.name == name) {
            Some(last) => last.columns.push(column),
            None => indexes.push(Existing { name, columns: vec![column] }),
        }
    }
    Ok(indexes)
}

/// Whether the table is divided by day: only then its own key includes the time.
fn partitioning(indexes: &[Existing]) -> Partitioning {
    let has_time = |index: &Existing| index.columns.iter().any(|column| column == "start_time");
    match indexes.iter().find(|index| index.name == "primary") {
        Some(key) if has_time(key) => Partitioning::Day,
        _ => Partitioning::None,
    }
}

/// The columns in the text of `CREATE INDEX`.
fn columns_in(sql: &str) -> Vec<String> {
    let list = sql.split_once('(').and_then(|(_, rest)| rest.split(')').next()).unwrap_or_default();
    list.split(',').map(|column| column.trim().to_owned()).collect()
}

/// Whether a MySQL column cannot hold all values of the type `wanted`.
fn is_too_narrow(wanted: &str, column: &Column) -> bool {
    let kind = wanted.split(['(', ' ']).next().unwrap_or_default().to_lowercase();
    let rank = |kind: &str| match kind {
        "tinyint" => Some(1),
        "smallint" => Some(2),
        "mediumint" => Some(3),
        "int" | "integer" => Some(4),
        "bigint" => Some(5),
        "char" => Some(11),
        "varchar" => Some(12),
        "tinytext" => Some(13),
        "text" => Some(14),
        "mediumtext" => Some(15),
        "longtext" => Some(16),
        _ => None,
    };
    let wanted_chars = wanted
        .split_once('(')
        .and_then(|(_, rest)| rest.split(')').next()?.parse::<usize>().ok())
        .unwrap_or_default();
    match (rank(&kind), rank(&column.kind)) {
        _ if kind == "timestamp" => column.kind != "timestamp" || column.fraction < 6,
        (Some(wanted), Some(present)) if wanted == present => column.chars < wanted_chars,
        (Some(wanted), Some(present)) => present < wanted,
        // A different type altogether, such as MySQL's JSON.
        _ => true,
    }
}

/// Whether a MySQL column that is wide enough behaves differently from gatelog's own.
fn is_another(field: &Field, column: &Column) -> bool {
    match field.kind {
        Kind::Timestamp => column.follows_changes,
        // An id has no spaces, and its column is compared by bytes in every version.
        Kind::Text(_) if field.name == "record_id" => !column.collation.ends_with("_bin"),
        Kind::Text(_) => !["utf8mb4_0900_bin", "utf8mb4_nopad_bin"].contains(&&*column.collation),
        // This column is searched, never compared.
        Kind::Json(_) | Kind::Integer | Kind::Count => false,
    }
}

fn unexpected(statement: &'static str) -> StorageError {
    StorageError::UnexpectedAnswer { statement, reason: "a row has another shape".to_owned() }
}
