//! Spin's SQLite interface: a local file, or a libSQL server by Spin's runtime config.
//!
//! An instance of a component serves many requests, several at once. Each connection is used by one request at a time:
//! Spin stalls the whole instance when a connection is asked something while rows of its last answer are unread. A
//! connection that failed is closed, and so is one whose request was cut off; the next request opens a new one.

use std::cell::Cell;
use std::time::Duration;

use futures::lock::Mutex;
use spin_sdk::sqlite;

use crate::{Dialect, Executor, Rows, Statement, StorageError, Value, schema};

/// Rest between two looks whether a connection is free.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// A database of the application, with up to `CONNECTIONS` connections for the life of the instance.
///
/// One connection for what writes: SQLite lets one writer work at a time, and waiting here is fair and free, while
/// waiting in SQLite is done by sleeping. Several for what reads.
#[derive(Debug)]
pub struct SpinSqlite<const CONNECTIONS: usize> {
    database: &'static str,
    writes: bool,
    slots: [Mutex<Option<Connection>>; CONNECTIONS],
    next_slot: Cell<usize>,
    schema_is_ready: Cell<bool>,
}

impl<const CONNECTIONS: usize> SpinSqlite<CONNECTIONS> {
    /// The database that the manifest calls `database`; nothing is opened yet.
    pub const fn new(database: &'static str, writes: bool) -> Self {
        Self {
            database,
            writes,
            slots: [const { Mutex::new(None) }; CONNECTIONS],
            next_slot: Cell::new(0),
            schema_is_ready: Cell::new(false),
        }
    }

    async fn open(&self) -> Result<Connection, StorageError> {
        let connection = sqlite::Connection::open(self.database)
            .await
            .map(|inner| Connection { inner, database: self.database })
            .map_err(|error| failure(self.database, error))?;
        for sql in connection.dialect().connection_setup(self.writes) {
            let done = connection.run(&Statement::new(*sql, Vec::new())).await;
            if connection.dialect().setup_is_vital() {
                done?;
            }
        }
        if !self.schema_is_ready.get() {
            schema::ensure(&connection).await?;
            self.schema_is_ready.set(true);
        }
        Ok(connection)
    }

    /// A slot that nobody uses, else the one that was not chosen for the longest time.
    fn slot(&self) -> Option<&Mutex<Option<Connection>>> {
        let turn = self.next_slot.get();
        self.next_slot.set(turn.wrapping_add(1));
        let free = self.slots.iter().find(|slot| slot.try_lock().is_some());
        free.or_else(|| self.slots.get(turn % CONNECTIONS))
    }
}

impl<const CONNECTIONS: usize> Executor for SpinSqlite<CONNECTIONS> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let Some(slot) = self.slot() else {
            return Err(StorageError::Misconfigured { database: self.database, reason: "no connections" });
        };
        // Requests of one instance cannot wake each other: only the host wakes them, so they wait by the clock.
        let mut slot = loop {
            match slot.try_lock() {
                Some(slot) => break slot,
                None => spin_sdk::time::sleep(LOOK_AGAIN).await,
            }
        };
        // Taken out, so that a request that is cut off here takes the connection with it.
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let answer = connection.run(statement).await;
        match &answer {
            Ok(_) => *slot = Some(connection),
            // The file may have been replaced: look at the schema again.
            Err(_) => self.schema_is_ready.set(false),
        }
        answer
    }
}

/// One connection.
struct Connection {
    inner: sqlite::Connection,
    database: &'static str,
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
        let failure = |error| failure(self.database, error);
        let params = statement.params().iter().map(bound);
        // `collect` reads every row and then the result, where alone Spin reports errors.
        let answer = self.inner.execute(statement.sql(), params).await.map_err(failure)?;
        let rows = answer.collect().await.map_err(failure)?;
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
        sqlite::Error::NoSuchDatabase => {
            StorageError::Misconfigured { database, reason: "Spin knows no such database" }
        }
        sqlite::Error::AccessDenied => {
            StorageError::Misconfigured { database, reason: "the component may not use it" }
        }
        sqlite::Error::DatabaseFull => StorageError::Full { reason: "the host says so".to_owned() },
        sqlite::Error::InvalidConnection => {
            StorageError::Unavailable { reason: "the connection is not valid".to_owned() }
        }
        sqlite::Error::Io(reason) => StorageError::of_sqlite(reason),
    }
}
