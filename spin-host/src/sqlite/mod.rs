//! `spin:sqlite@3.1.0` on database files and libSQL servers.
//!
//! A component sees the behaviour of Spin's own host:
//!
//! - only databases that the manifest grants, at most [`MAX_CONNECTIONS`] connections per instance;
//! - one statement per call, the rest of the text is ignored; journal mode `delete` until it is set; a wait of 5 s
//!   for a lock; results of at most 128 MiB; no `ATTACH` of files;
//! - an SQL error arrives in the result's future, never from `execute` itself;
//! - `changes` and `last-insert-rowid` hang the component when rows are unread. For a server they always return 0;
//! - for a server, each statement is a request.

mod connection;
mod engine;
mod host;
mod lease;
mod remote;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use connection::{FileConnection, Started, WaitsForReader};
use engine::Engine;
use remote::Remote;

use super::bindings::sqlite::{Error, QueryResult, Value};
use super::runtime_config::Place;

/// Most connections that one instance may hold.
pub const MAX_CONNECTIONS: usize = 256;

/// Databases as one component sees them. Clones share the list.
#[derive(Clone, Default)]
pub struct ComponentDatabases {
    allowed: Arc<BTreeSet<String>>,
    places: Arc<BTreeMap<String, Place>>,
}

impl ComponentDatabases {
    /// The databases that the manifest grants, and the places of all databases.
    pub(super) fn new(allowed: &[String], places: BTreeMap<String, Place>) -> Self {
        Self { allowed: Arc::new(allowed.iter().cloned().collect()), places: Arc::new(places) }
    }
}

/// A connection as a component holds it. Clones are the same connection.
#[derive(Clone)]
pub struct Connection(Kind);

#[derive(Clone)]
enum Kind {
    File(FileConnection),
    Server(Arc<Remote>),
}

impl Connection {
    fn new(place: &Place) -> Self {
        Self(match place {
            Place::File(file) => Kind::File(FileConnection::new(file.clone())),
            Place::Server { url, token } => Kind::Server(Arc::new(Remote::new(url, token))),
        })
    }

    async fn start(&self, sql: String, parameters: Vec<Value>) -> Started {
        match &self.0 {
            Kind::File(file) => file.start(sql, parameters).await,
            Kind::Server(server) => server.start(&sql, parameters).await,
        }
    }

    async fn run(&self, sql: String, parameters: Vec<Value>) -> Result<QueryResult, Error> {
        match &self.0 {
            Kind::File(file) => file.run(sql, parameters).await,
            Kind::Server(server) => server.run(&sql, parameters).await,
        }
    }

    async fn changes(&self) -> Result<u64, WaitsForReader> {
        match &self.0 {
            Kind::File(file) => file.changes().await,
            Kind::Server(_) => Ok(0),
        }
    }

    async fn last_insert_rowid(&self) -> Result<i64, WaitsForReader> {
        match &self.0 {
            Kind::File(file) => file.last_insert_rowid().await,
            Kind::Server(_) => Ok(0),
        }
    }
}

/// Opens a database file once, so that a missing folder or a file of another type is noticed at the start.
///
/// # Errors
///
/// The problem with the file. A database that is currently locked is not an error.
pub(super) fn probe(label: &str, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("cannot create the folder {} for the database {label:?}", folder.display())
        })?;
    }
    let probed = Engine::open(file).and_then(|mut engine| {
        engine.start("SELECT 1 FROM sqlite_schema LIMIT 1", Vec::new())?;
        engine.step()
    });
    match probed {
        Err(message) if !message.contains("locked") => Err(anyhow!(
            "the database {label:?} cannot be opened: {message}. Its file is {}; give another with --sqlite-file or \
             --runtime-config-file",
            file.display()
        )),
        _ => Ok(()),
    }
}
