//! The table `access_logs`, its indexes, and the versioned migrations that make them.
//!
//! The table has the reference's columns and one for each added field, all from the field table. A table that is there
//! already is upgraded in place, see `upgrade`. Several instances may do so at the same time.

mod alter;
mod upgrade;

use gatelog_record::FIELDS;

use crate::{Dialect, Executor, Statement, StorageError, Value, counters};

/// The table that holds one row for each record.
pub const TABLE: &str = "access_logs";

/// The schema version that this code makes and needs. It rises with every change of the field table or the indexes; a
/// test sees to it.
pub const VERSION: i64 = 4;

/// How often to ask for the lock of the schema, each time for the second that [`Dialect::schema_lock`] waits. Who has less
/// time gives up before.
const LOCK_ATTEMPTS: u32 = 30;

/// An index of [`TABLE`].
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

/// The indexes; `bench/README.md` says what each costs and gains. `record_id` makes storing exactly once possible.
/// `idx_start_time` carries every page and time range: `id` gives it the order of pages, and with status and duration in it,
/// filters, counts and percentiles of these read no rows. The others let a page of a rare value start at once, and are
/// sparse: a row without the value costs them nothing.
pub const INDEXES: &[Index] = &[
    Index { name: "idx_record_id", columns: &["record_id"], unique: true, sparse: false },
    Index {
        name: "idx_start_time",
        columns: &["start_time", "id", "response_code", "duration"],
        unique: false,
        sparse: false,
    },
    Index { name: "idx_trace_id", columns: &["trace_id"], unique: false, sparse: true },
    Index { name: "idx_model_time", columns: &["model", "start_time"], unique: false, sparse: true },
    Index { name: "idx_consumer_time", columns: &["consumer", "start_time"], unique: false, sparse: true },
    Index {
        name: "idx_mcp_server_time",
        columns: &["mcp_server", "start_time"],
        unique: false,
        sparse: true,
    },
];

/// Everything that makes an empty database ready, for operators whose functions may not change the schema.
pub fn statements(dialect: Dialect) -> Vec<String> {
    let mut statements = vec![version_table(dialect), access_logs(dialect)];
    statements.extend(INDEXES.iter().filter_map(|index| dialect.create_index(TABLE, index)));
    statements.extend(counters::tables(dialect));
    statements.push(note_version().sql().to_owned());
    statements
}

/// [`statements`] as a script.
pub fn script(dialect: Dialect) -> String {
    let mut script = format!("-- The schema of gatelog, version {VERSION}, for {}.\n", dialect.name());
    for statement in statements(dialect) {
        script.push_str(&statement);
        script.push_str(";\n");
    }
    script
}

/// Brings the database to [`VERSION`], whatever table it has; one cheap statement when it is there already. A newer
/// version is left alone: later versions only add.
///
/// The executor has to be one connection. On MySQL instances take turns by a lock; on SQLite, and where there is no lock,
/// a statement that fails because another instance was faster is taken for done.
///
/// # Errors
///
/// The database's.
pub async fn ensure(executor: &impl Executor) -> Result<(), StorageError> {
    // An error here most often means that there is no table yet; a database that is down fails below too.
    if version(executor).await.is_ok_and(|version| version >= VERSION) {
        return Ok(());
    }
    bring_up(executor, true).await
}

/// As [`ensure`], and looks at the tables whatever version is noted: for a database that did not understand a statement,
/// as when somebody has dropped a table or a column.
///
/// # Errors
///
/// The database's.
pub async fn repair(executor: &impl Executor) -> Result<(), StorageError> {
    bring_up(executor, false).await
}

async fn bring_up(executor: &impl Executor, trusts_version: bool) -> Result<(), StorageError> {
    let Some((lock, unlock)) = executor.dialect().schema_lock() else {
        return upgrade(executor).await;
    };
    for _ in 0..LOCK_ATTEMPTS {
        let locked = executor.run(&Statement::new(lock, Vec::new())).await;
        let another_has_it = locked.is_ok_and(|rows| rows == [[Value::Integer(0)]]);
        let is_done = trusts_version && version(executor).await.is_ok_and(|version| version >= VERSION);
        if another_has_it && !is_done {
            continue;
        }
        let upgraded = if is_done { Ok(()) } else { upgrade(executor).await };
        if !another_has_it {
            // A lock that cannot be given back ends with the connection.
            let _ = executor.run(&Statement::new(unlock, Vec::new())).await;
        }
        return upgraded;
    }
    let reason = "another instance is changing its tables".to_owned();
    Err(StorageError::Unavailable { reason })
}

async fn upgrade(executor: &impl Executor) -> Result<(), StorageError> {
    let dialect = executor.dialect();
    for statement in
        [version_table(dialect), access_logs(dialect)].into_iter().chain(counters::tables(dialect))
    {
        executor.run(&Statement::new(statement, Vec::new())).await?;
    }
    let mut missing = upgrade::missing(executor).await?;
    while !missing.is_empty() {
        let mut failed = None;
        for statement in missing.clone() {
            failed = executor.run(&Statement::new(statement, Vec::new())).await.err();
            if failed.is_some() {
                break;
            }
        }
        let still_missing = upgrade::missing(executor).await?;
        if still_missing == missing {
            let reason = "the table stays as it was".to_owned();
            return Err(failed.unwrap_or(StorageError::UnexpectedAnswer { statement: "ALTER TABLE", reason }));
        }
        missing = still_missing;
    }
    executor.run(&note_version()).await?;
    Ok(())
}

/// The version of the schema in the database; 0 when it has none.
///
/// # Errors
///
/// The database's, also when there is no table of versions.
pub async fn version(executor: &impl Executor) -> Result<i64, StorageError> {
    let rows = executor
        .run(&Statement::new("SELECT MAX(version) AS version FROM gatelog_schema", Vec::new()))
        .await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_integer).unwrap_or(0))
}

fn version_table(dialect: Dialect) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS gatelog_schema (\n  version INTEGER NOT NULL PRIMARY KEY\n){}",
        dialect.table_options()
    )
}

fn note_version() -> Statement<'static> {
    // REPLACE is the one idempotent insert that both dialects spell alike.
    Statement::new(format!("REPLACE INTO gatelog_schema (version) VALUES ({VERSION})"), Vec::new())
}

fn access_logs(dialect: Dialect) -> String {
    let mut lines = vec![dialect.key_column().to_owned()];
    lines.extend(FIELDS.iter().map(|field| dialect.column(field)));
    lines.push(dialect.created_at_column().to_owned());
    lines.extend(INDEXES.iter().filter_map(|index| dialect.inline_index(index)));
    format!("CREATE TABLE IF NOT EXISTS {TABLE} (\n  {}\n){}", lines.join(",\n  "), dialect.table_options())
}
