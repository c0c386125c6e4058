//! Spin's SQLite interface: a local file, or a libSQL server set in Spin's runtime config.
//!
//! Spin stalls the whole instance when a connection gets a statement while rows of its previous result are unread, so
//! every result is read to its end before the next statement.
//!
//! SQLite lets one connection write at a time. Another connection waits in SQLite by sleeping, 1 ms at first and up to
//! 100 ms, while the active one, which never sleeps, takes the file again and again. Polling from here would be fair, but
//! each attempt passes all values of the statement again, and with several dozen instances the machine would do nothing
//! else. A writing connection therefore waits in SQLite, and restarts with short sleeps once a second.
//!
//! A statement keeps the file locked until its last row is read, and Spin passes rows on four at a time. Inserted
//! rows are therefore counted, where the connection can count, and none are returned.

use std::time::Duration;

use spin_sdk::sqlite;

use crate::pool::Connect;
use crate::statement::counted;
use crate::{Dialect, Durability, Executor, Rows, Statement, StorageError, Value};

/// A database of the application.
#[derive(Clone, Copy, Debug)]
pub struct SpinSqlite {
    /// Its label in the manifest.
    pub database: &'static str,
    /// The durability of commits, if its connections insert.
    pub writes: Option<Durability>,
}

impl Connect for SpinSqlite {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// Spin keeps the last sixteen of a connection. (A libSQL server gets a few rows too many.)
    fn keeps_prepared(&self) -> bool {
        true
    }

    async fn connect(&self) -> Result<Connection, StorageError> {
        let mut connection = self.open().await?;
        let Some(durability) = self.writes else { return Ok(connection) };
        connection.looks_again = true;
        let setup = connection.dialect().connection_setup(true).iter().copied();
        // A libSQL server does not support waiting and works without it.
        for sql in setup.chain([durability.pragma(), WAITING]) {
            let done = connection.run(&Statement::new(sql, Vec::new())).await;
            if connection.dialect().is_setup_required() {
                done?;
            }
        }
        connection.counts = connection.can_count().await;
        Ok(connection)
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }

    async fn sees(&self, connection: &Connection, probe: &Statement<'_>) -> Result<bool, StorageError> {
        if !connection.counts {
            // A server, which has no file that could be deleted or replaced.
            return Ok(true);
        }
        match self.open().await?.run(probe).await {
            Ok(rows) => Ok(!rows.is_empty()),
            // The table is missing because Spin creates a new file when there is none.
            Err(StorageError::UnexpectedAnswer { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl SpinSqlite {
    async fn open(&self) -> Result<Connection, StorageError> {
        let inner = sqlite::Connection::open(self.database).await;
        let inner = inner.map_err(|error| failure(self.database, error))?;
        Ok(Connection { inner, database: self.database, looks_again: false, counts: false })
    }
}

/// How long SQLite waits for the file before a statement is sent again: it sleeps 1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50
/// ms, and then 100 ms at a time.
const WAITING: &str = "PRAGMA busy_timeout=1000";
/// SQLite's message in that case.
const LOCKED: &str = "database is locked";
/// Pause before the statement is sent again: SQLite does not always wait.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// Statements that change one row, in a temporary table of the connection.
const CHANGE_ONE: [&str; 2] =
    ["CREATE TEMP TABLE gatelog_counting (number INTEGER)", "INSERT INTO gatelog_counting VALUES (1)"];

/// One connection.
pub struct Connection {
    inner: sqlite::Connection,
    database: &'static str,
    /// A statement that finds the file locked runs again. The pool bounds the time.
    looks_again: bool,
    /// Whether the host reports how many rows a statement changed. For a libSQL server it always reports 0.
    counts: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Executor for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        loop {
            match self.execute(statement).await {
                Err(sqlite::Error::Io(reason)) if self.looks_again && reason.contains(LOCKED) => {
                    spin_sdk::time::sleep(LOOK_AGAIN).await;
                }
                answer => return answer.map_err(|error| failure(self.database, error)),
            }
        }
    }
}

impl Connection {
    async fn can_count(&self) -> bool {
        for sql in CHANGE_ONE {
            if self.execute(&Statement::new(sql, Vec::new())).await.is_err() {
                return false;
            }
        }
        self.inner.changes().await == 1
    }

    async fn execute(&self, statement: &Statement<'_>) -> Result<Rows, sqlite::Error> {
        let params = statement.params().iter().map(bound);
        if let Some(sql) = statement.counted_sql().filter(|_| self.counts) {
            self.inner.execute(sql, params).await?.result().await?;
            let changes = i64::try_from(self.inner.changes().await).unwrap_or(i64::MAX);
            return Ok(counted(changes, self.inner.last_insert_rowid().await));
        }
        // `collect` reads every row and then the result, which is the only place where Spin reports errors.
        let rows = self.inner.execute(statement.sql(), params).await?.collect().await?;
        Ok(rows.into_iter().map(|row| row.values.into_iter().map(read).collect()).collect())
    }
}

fn bound(value: &Value<'_>) -> sqlite::Value {
    match value {
        Value::Null => sqlite::Value::Null,
        Value::Integer(number) => sqlite::Value::Integer(*number),
        Value::Real(number) => sqlite::Value::Real(*number),
        Value::Text(text) => sqlite::Value::Text(text.clone().into_owned()),
    }
}

fn read(value: sqlite::Value) -> Value<'static> {
    match value {
        sqlite::Value::Null => Value::Null,
        sqlite::Value::Integer(number) => Value::Integer(number),
        sqlite::Value::Real(number) => Value::Real(number),
        sqlite::Value::Text(text) => Value::from(text),
        sqlite::Value::Blob(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn failure(database: &'static str, error: sqlite::Error) -> StorageError {
    match error {
        sqlite::Error::NoSuchDatabase => misconfigured(database, "Spin knows no such database"),
        sqlite::Error::AccessDenied => misconfigured(database, "the component may not use it"),
        sqlite::Error::DatabaseFull => StorageError::Full { reason: "the host refused it".to_owned() },
        sqlite::Error::InvalidConnection => {
            StorageError::Disconnected { reason: "it is not valid".to_owned() }
        }
        sqlite::Error::Io(reason) => StorageError::from_sqlite(reason),
    }
}

fn misconfigured(database: &str, what: &str) -> StorageError {
    let reason = format!(
        "{what}: the SQLite database \"{database}\". Check `sqlite_databases` in spin.toml and the runtime config, or set \
         `store` to mysql or turso where Spin offers no SQLite"
    );
    StorageError::Misconfigured { reason }
}
