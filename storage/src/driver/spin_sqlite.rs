//! Spin's SQLite interface: a local file, or a libSQL server by Spin's runtime config.
//!
//! Spin stalls the whole instance when a connection is asked something while rows of its last answer are unread, so
//! every answer is read to its end before the next statement.
//!
//! SQLite lets one connection write at a time. Another waits by sleeping, 1 ms at first and up to 100 ms, while the one
//! at work, which never sleeps, takes the file again and again. So a connection that writes does not wait in SQLite but
//! looks here, at short and even intervals, whether the file is free.

use std::time::Duration;

use spin_sdk::sqlite;

use crate::pool::Connect;
use crate::{Dialect, Executor, Rows, Statement, StorageError, Value};

/// A database of the application.
#[derive(Clone, Copy, Debug)]
pub struct SpinSqlite {
    /// Its label in the manifest.
    pub database: &'static str,
    /// Whether its connections will insert.
    pub writes: bool,
}

impl Connect for SpinSqlite {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn connect(&self) -> Result<Connection, StorageError> {
        let inner = sqlite::Connection::open(self.database).await;
        let inner = inner.map_err(|error| failure(self.database, error))?;
        let connection = Connection { inner, database: self.database, looks_again: self.writes };
        // A libSQL server does not know how to wait less, and does without.
        let waiting = self.writes.then_some(&NO_WAITING);
        for sql in connection.dialect().connection_setup(self.writes).iter().chain(waiting) {
            let done = connection.run(&Statement::new(*sql, Vec::new())).await;
            if connection.dialect().setup_is_vital() {
                done?;
            }
        }
        Ok(connection)
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

/// SQLite answers at once that the file is locked.
const NO_WAITING: &str = "PRAGMA busy_timeout=0";
/// What SQLite says then.
const LOCKED: &str = "database is locked";
/// Rest between two looks whether the file is free. Others hold it for a millisecond or two.
const LOOK_AGAIN: Duration = Duration::from_micros(300);

/// One connection.
pub struct Connection {
    inner: sqlite::Connection,
    database: &'static str,
    /// A statement that finds the file locked runs again. The pool bounds the time.
    looks_again: bool,
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
    async fn execute(&self, statement: &Statement<'_>) -> Result<Rows, sqlite::Error> {
        let params = statement.params().iter().map(bound);
        // `collect` reads every row and then the result, where alone Spin reports errors.
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
        sqlite::Error::DatabaseFull => StorageError::Full { reason: "the host says so".to_owned() },
        sqlite::Error::InvalidConnection => {
            StorageError::Disconnected { reason: "it is not valid".to_owned() }
        }
        sqlite::Error::Io(reason) => StorageError::of_sqlite(reason),
    }
}

fn misconfigured(database: &str, what: &str) -> StorageError {
    let reason = format!(
        "{what}: the SQLite database \"{database}\". Check `sqlite_databases` in spin.toml and the runtime config, or set \
         `store` to mysql or turso where Spin offers no SQLite"
    );
    StorageError::Misconfigured { reason }
}
