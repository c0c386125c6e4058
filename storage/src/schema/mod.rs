//! The table `access_logs`, its indexes, and the versioned migrations that create them.
//!
//! The table has the reference's columns and one for each added field, all generated from the field table. An
//! existing table is upgraded in place. Several instances may do so at the same time.
//!
//! - [`tables`]: the tables and indexes of this version.
//! - `upgrade`: finds what an existing table lacks; `alter`: the statements that change it.

mod alter;
pub mod tables;
mod upgrade;

use self::tables::{access_logs, counter_tables, note_version, version_table};
use crate::executor::run_again_when_rolled_back;
use crate::{Executor, Statement, StorageError, Value};

pub use self::tables::{INDEXES, TABLE, VERSION, divided_script, script, statements};
pub use crate::dialect::ddl::{Index, Partitioning};

/// Attempts to get the schema lock; [`Dialect::schema_lock`] waits a second each time. A caller with less time gives up
/// earlier.
const LOCK_ATTEMPTS: u32 = 30;

/// Brings the database to [`VERSION`], whatever table it has. If it already has that version, this costs one cheap
/// statement. A newer version is left unchanged, because later versions only add.
///
/// The executor must be a single connection. On MySQL, instances take turns by a lock; on SQLite, and where there is no
/// lock, a statement that fails because another instance was faster counts as done.
///
/// # Errors
///
/// The database's error.
pub async fn ensure(executor: &impl Executor) -> Result<(), StorageError> {
    ensure_divided(executor, Partitioning::None).await
}

/// As [`ensure`]; a table that does not exist is created with `partitioning`. One that exists stays as it is, divided or in
/// one piece.
///
/// # Errors
///
/// As there.
pub async fn ensure_divided(
    executor: &impl Executor,
    partitioning: Partitioning,
) -> Result<(), StorageError> {
    // An error here usually means that there is no table yet; a database that is down also fails below.
    if version(executor).await.is_ok_and(|version| version >= VERSION) {
        return Ok(());
    }
    bring_up(executor, partitioning, true).await
}

/// Like [`ensure_divided`], but checks the tables whatever version is recorded. For a database that did not understand a
/// statement, for example because somebody dropped a table or a column.
///
/// # Errors
///
/// The database's error.
pub async fn repair(executor: &impl Executor, partitioning: Partitioning) -> Result<(), StorageError> {
    bring_up(executor, partitioning, false).await
}

async fn bring_up(
    executor: &impl Executor,
    partitioning: Partitioning,
    trusts_version: bool,
) -> Result<(), StorageError> {
    let Some((lock, unlock)) = executor.dialect().schema_lock() else {
        return upgrade(executor, partitioning).await;
    };
    for _ in 0..LOCK_ATTEMPTS {
        let locked = executor.run(&Statement::new(lock, Vec::new())).await;
        let another_has_it = locked.is_ok_and(|rows| rows == [[Value::Integer(0)]]);
        let is_done = trusts_version && version(executor).await.is_ok_and(|version| version >= VERSION);
        if another_has_it && !is_done {
            continue;
        }
        let upgraded = if is_done { Ok(()) } else { upgrade(executor, partitioning).await };
        if !another_has_it {
            // A lock that cannot be released ends with the connection.
            let _ = executor.run(&Statement::new(unlock, Vec::new())).await;
        }
        return upgraded;
    }
    let reason = "another instance is changing its tables".to_owned();
    Err(StorageError::Unavailable { reason })
}

async fn upgrade(executor: &impl Executor, partitioning: Partitioning) -> Result<(), StorageError> {
    let dialect = executor.dialect();
    let tables = [version_table(dialect), access_logs(dialect, partitioning)];
    for statement in tables.into_iter().chain(counter_tables(dialect)) {
        run_again_when_rolled_back(executor, &Statement::new(statement, Vec::new())).await?;
    }
    let mut missing = upgrade::missing(executor).await?;
    while !missing.is_empty() {
        let mut failed = None;
        for statement in missing.clone() {
            let statement = Statement::new(statement, Vec::new());
            failed = run_again_when_rolled_back(executor, &statement).await.err();
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
    run_again_when_rolled_back(executor, &note_version()).await?;
    Ok(())
}

/// The version of the schema in the database; 0 when it has none.
///
/// # Errors
///
/// The database's error, also when the table of versions is missing.
pub async fn version(executor: &impl Executor) -> Result<i64, StorageError> {
    let rows = executor
        .run(&Statement::new("SELECT MAX(version) AS version FROM gatelog_schema", Vec::new()))
        .await?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_integer).unwrap_or(0))
}
