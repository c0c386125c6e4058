//! The right to use the database behind a connection, and the batches of rows that its holder reads.

use std::path::PathBuf;

use tokio::sync::{OwnedMutexGuard, watch};
use tokio::task::JoinError;

use super::engine::Engine;
use crate::bindings::sqlite::{Error, RowResult, Value};

/// Most bytes that the values of one result may take in total.
const MAX_RESULT_BYTES: usize = 128 * 1024 * 1024;
/// A batch of rows is passed on when it has this many rows or bytes.
const MAX_BATCH_ROWS: usize = 256;
const MAX_BATCH_BYTES: usize = 256 * 1024;

/// A database file, opened by the first statement.
pub(super) struct Slot {
    file: PathBuf,
    engine: Option<Engine>,
}

/// The right to use a connection. Dropping it ends the running statement.
pub(super) struct Lease {
    slot: OwnedMutexGuard<Slot>,
    unread: watch::Sender<bool>,
    result_bytes: usize,
}

/// Some rows, and the statement's outcome if it has ended.
pub(super) struct Batch {
    pub(super) rows: Vec<RowResult>,
    pub(super) end: Option<Result<(), Error>>,
}

impl Batch {
    /// No rows and an error.
    pub(super) fn failed(error: Error) -> Self {
        Self { rows: Vec::new(), end: Some(Err(error)) }
    }
}

impl Slot {
    /// A connection to this file, which is not open yet.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, engine: None }
    }
}

impl Lease {
    /// The right to use the locked connection.
    pub(super) fn new(slot: OwnedMutexGuard<Slot>, unread: watch::Sender<bool>) -> Self {
        Self { slot, unread, result_bytes: 0 }
    }

    /// The open database.
    pub(super) fn engine(&self) -> Option<&Engine> {
        self.slot.engine.as_ref()
    }

    /// Sets whether the statement waits for its rows to be read.
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

    /// Starts a statement and returns its columns. Blocks.
    pub(super) fn start(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<String>, Error> {
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

/// Bytes that a value takes in memory.
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
