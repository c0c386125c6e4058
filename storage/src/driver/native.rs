//! libSQL embedded in this process, for tests and native tools.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::statement::{Row, counted};
use crate::{Dialect, Durability, Executor, Rows, Statement, StorageError, Value, schema};

/// A connection to a database file.
#[derive(Debug)]
pub struct NativeSqlite {
    connection: libsql::Connection,
}

impl NativeSqlite {
    /// Opens the file, and creates it and its schema if they are missing.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or the schema cannot be created.
    pub async fn open(path: &Path) -> Result<Self, StorageError> {
        let database = libsql::Builder::new_local(path).build().await.map_err(failure)?;
        let connection = database.connect().map_err(failure)?;
        connection.busy_timeout(WAIT_FOR_OTHERS).map_err(failure)?;
        let driver = Self { connection };
        for sql in driver.dialect().connection_setup(true) {
            driver.set_up(sql).await?;
        }
        schema::ensure(&driver).await?;
        Ok(driver)
    }

    /// The connection, whose commits survive this from now on. A new one is [`Durability::Full`].
    ///
    /// # Errors
    ///
    /// When SQLite refuses.
    pub async fn with_durability(self, durability: Durability) -> Result<Self, StorageError> {
        self.run(&Statement::new(durability.pragma(), Vec::new())).await?;
        Ok(self)
    }

    /// Runs a statement that SQLite refuses at once while other connections use the file, such as the first change to
    /// the write-ahead log. SQLite does wait to begin a transaction, so an empty one is used to wait for the others.
    async fn set_up(&self, sql: &'static str) -> Result<(), StorageError> {
        let started = Instant::now();
        loop {
            match self.run(&Statement::new(sql, Vec::new())).await {
                Err(StorageError::Unavailable { reason })
                    if reason.contains(LOCKED) && started.elapsed() < WAIT_FOR_OTHERS =>
                {
                    for sql in ["BEGIN EXCLUSIVE", "COMMIT"] {
                        self.run(&Statement::new(sql, Vec::new())).await?;
                    }
                }
                answer => return answer.map(drop),
            }
        }
    }
}

/// How long a connection waits for others that use the file.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);
/// SQLite's message while they use the file.
const LOCKED: &str = "database is locked";

impl Executor for NativeSqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let params: Vec<_> = statement.params().iter().map(bound).collect();
        if let Some(sql) = statement.counted_sql() {
            let changes = self.connection.execute(sql, params).await.map_err(failure)?;
            let changes = i64::try_from(changes).unwrap_or(i64::MAX);
            return Ok(counted(changes, self.connection.last_insert_rowid()));
        }
        let mut answer = self.connection.query(statement.sql(), params).await.map_err(failure)?;
        let mut rows = Rows::new();
        while let Some(row) = answer.next().await.map_err(failure)? {
            let values = (0..row.column_count()).map(|column| row.get_value(column).map(read));
            rows.push(values.collect::<Result<Row, _>>().map_err(failure)?);
        }
        Ok(rows)
    }
}

fn bound(value: &Value<'_>) -> libsql::Value {
    match value {
        Value::Null => libsql::Value::Null,
        Value::Integer(number) => libsql::Value::Integer(*number),
        Value::Real(number) => libsql::Value::Real(*number),
        Value::Text(text) => libsql::Value::Text(text.to_string()),
    }
}

fn read(value: libsql::Value) -> Value<'static> {
    match value {
        libsql::Value::Null => Value::Null,
        libsql::Value::Integer(number) => Value::Integer(number),
        libsql::Value::Real(number) => Value::Real(number),
        libsql::Value::Text(text) => Value::from(text),
        libsql::Value::Blob(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn failure(error: libsql::Error) -> StorageError {
    StorageError::from_sqlite(error.to_string())
}
