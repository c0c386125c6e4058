//! A component's connection to a file. Statements run one after the other, on threads that may block.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;

use super::engine::Engine;
use super::lease::{Batch, Lease, Slot, stopped};
use super::rows::Rows;
use crate::bindings::sqlite::{Error, QueryResult, Value};

/// A connection as the component holds it. The file is opened by the first statement.
#[derive(Clone)]
pub(super) struct FileConnection {
    engine: Arc<Mutex<Slot>>,
    /// Whether the running statement waits for the component to read its rows.
    unread: watch::Sender<bool>,
}

/// A running statement: columns, rows, and finally its outcome.
pub(super) struct Started {
    pub(super) columns: Vec<String>,
    pub(super) rows: Rows,
}

/// The running statement waits for its rows to be read, so a caller that waits for it would wait forever.
pub(super) struct WaitsForReader;

impl FileConnection {
    /// A connection to this file.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { engine: Arc::new(Mutex::new(Slot::new(file))), unread: watch::Sender::new(false) }
    }

    /// Runs a statement until its first rows are available.
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

    /// Runs a statement to its end and returns all rows.
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
        Ok(lease.engine().map_or(0, Engine::changes))
    }

    /// Row id of the last inserted row.
    pub(super) async fn last_insert_rowid(&self) -> Result<i64, WaitsForReader> {
        let lease = self.lease_unless_unread().await?;
        Ok(lease.engine().map_or(0, Engine::last_insert_rowid))
    }

    async fn lease(&self) -> Lease {
        let slot = Arc::clone(&self.engine).lock_owned().await;
        Lease::new(slot, self.unread.clone())
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
