//! A component's connection to a file: one statement after the other, its work on threads where it may block.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::task::{JoinError, spawn_blocking};

use super::engine::Engine;
use super::rows::{Batch, Rows};
use crate::spin::bindings::sqlite::{Error, QueryResult, RowResult, Value};

/// Most bytes that the values of one result may take in all.
const MAX_RESULT_BYTES: usize = 128 * 1024 * 1024;
/// A batch of rows is handed over when it has this many rows or bytes.
const MAX_BATCH_ROWS: usize = 256;
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// A connection as the component holds it. The file is opened by the first statement.
#[derive(Clone)]
pub(super) struct FileConnection {
    engine: Arc<Mutex<Slot>>,
    /// Whether the running statement waits for the component to read its rows.
    unread: watch::Sender<bool>,
}

struct Slot {
    file: PathBuf,
    engine: Option<Engine>,
}

/// A statement under way: columns, rows, and at the end what became of it.
pub(super) struct Started {
    pub(super) columns: Vec<String>,
    pub(super) rows: Rows,
}

/// The right to use a connection. The running statement is ended when it is given back.
pub(super) struct Lease {
    slot: OwnedMutexGuard<Slot>,
    unread: watch::Sender<bool>,
    result_bytes: usize,
}

/// The statement that runs waits for its rows to be read, so whoever waits for it waits for ever.
pub(super) struct WaitsForReader;

impl FileConnection {
    /// A connection to this file.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { engine: Arc::new(Mutex::new(Slot { file, engine: None })), unread: watch::Sender::new(false) }
    }

    /// Runs a statement until its first rows are there.
    pub(super) async fn start(&self, sql: String, parameters: Vec<Value>) -> Started {
        let lease = self.lease().await;
        let job = spawn_blocking(move || {
            let mut lease = lease;
            match lease.start(&sql, parameters) {
                Ok(columns) => (columns, lease.batch(), lease),
                Err(error) => (Vec::new(), Batch::failed(error), lease),
            }
        });
        match job.await {
            Ok((columns, batch, lease)) => Started { columns, rows: Rows::new(batch, Some(lease)) },
            Err(error) => {
                Started { columns: Vec::new(), rows: Rows::new(Batch::failed(stopped(&error)), None) }
            }
        }
    }

    /// Runs a statement to its end and gives all rows.
    pub(super) async fn run(&self, sql: String, parameters: Vec<Value>) -> Result<QueryResult, Error> {
        let lease = self.lease().await;
        let job = spawn_blocking(move || {
            let mut lease = lease;
            let columns = lease.start(&sql, parameters)?;
            let mut rows = Vec::new();
            loop {
                let batch = lease.batch();
                rows.extend(batch.rows);
                match batch.end {
                    None => {}
                    Some(Ok(())) => return Ok(QueryResult { columns, rows }),
                    Some(Err(error)) => return Err(error),
                }
            }
        });
        job.await.unwrap_or_else(|error| Err(stopped(&error)))
    }

    /// Rows changed by the last INSERT, UPDATE or DELETE.
    pub(super) async fn changes(&self) -> Result<u64, WaitsForReader> {
        let lease = self.lease_unless_unread().await?;
        Ok(lease.slot.engine.as_ref().map_or(0, Engine::changes))
    }

    /// Row id of the last inserted row.
    pub(super) async fn last_insert_rowid(&self) -> Result<i64, WaitsForReader> {
        let lease = self.lease_unless_unread().await?;
        Ok(lease.slot.engine.as_ref().map_or(0, Engine::last_insert_rowid))
    }

    async fn lease(&self) -> Lease {
        let slot = Arc::clone(&self.engine).lock_owned().await;
        Lease { slot, unread: self.unread.clone(), result_bytes: 0 }
    }

    async fn lease_unless_unread(&self) -> Result<Lease, WaitsForReader> {
        let mut unread = self.unread.subscribe();
        tokio::select! {
            biased;
            lease = self.lease() => Ok(lease),
            _ = unread.wait_for(|unread| *unread) => Err(WaitsForReader),
        }
    }
}

impl Lease {
    /// Says whether the statement waits for its rows to be read.
    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.send_replace(unread);
    }

    /// The next rows of the running statement. Blocks.
    pub(super) fn batch(&mut self) -> Batch {
        let mut rows = Vec::new();
        let mut bytes = 0;
        let end = loop {
            if rows.len() == MAX_BATCH_ROWS || bytes >= MAX_BATCH_BYTES {
                break None;
            }
            let step = match &mut self.slot.engine {
                Some(engine) => engine.step(),
                None => Ok(None),
            };
            match step {
                Ok(Some(values)) => {
                    let size = values.iter().map(size_of_value).sum::<usize>();
                    bytes += size;
                    self.result_bytes += size;
                    if self.result_bytes > MAX_RESULT_BYTES {
                        break Some(Err(Error::Io(format!(
                            "query result exceeds limit of {MAX_RESULT_BYTES} bytes"
                        ))));
                    }
                    rows.push(RowResult { values });
                }
                Ok(None) => break Some(Ok(())),
                Err(message) => break Some(Err(Error::Io(message))),
            }
        };
        Batch { rows, end }
    }

    fn start(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<String>, Error> {
        let slot = &mut *self.slot;
        let engine = match &mut slot.engine {
            Some(engine) => engine,
            None => slot.engine.insert(Engine::open(&slot.file).map_err(Error::Io)?),
        };
        engine.start(sql, parameters).map_err(Error::Io)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.set_unread(false);
        if let Some(engine) = &mut self.slot.engine {
            engine.finish();
        }
    }
}

pub(super) fn size_of_value(value: &Value) -> usize {
    let heap = match value {
        Value::Text(text) => text.len(),
        Value::Blob(blob) => blob.len(),
        Value::Integer(_) | Value::Real(_) | Value::Null => 0,
    };
    size_of::<Value>() + heap
}

/// A thread that panicked or was stopped with the runtime.
pub(super) fn stopped(error: &JoinError) -> Error {
    Error::Io(format!("the database work was stopped: {error}"))
}
