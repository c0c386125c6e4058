//! `spin:sqlite@3.1.0` on database files.
//!
//! What a component sees is what Spin's own host shows it:
//!
//! - only databases that the manifest gives it, at most [`MAX_CONNECTIONS`] connections per instance;
//! - one statement per call, the rest of the text ignored; journal mode `delete` until it is set; 5 s of waiting for
//!   a lock; results of at most 128 MiB; no `ATTACH` of files;
//! - an SQL error arrives in the result's future, never from `execute` itself;
//! - `changes` and `last-insert-rowid` hang the component when rows are unread.

mod connection;
mod engine;
mod host;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

pub use connection::Connection;
use engine::Engine;

/// Most connections that one instance may hold.
pub const MAX_CONNECTIONS: usize = 256;

/// Databases as one component sees them. Clones share the list.
#[derive(Clone, Default)]
pub struct ComponentDatabases {
    allowed: Arc<BTreeSet<String>>,
    files: Arc<BTreeMap<String, PathBuf>>,
}

impl ComponentDatabases {
    /// Databases that the manifest gives, and the files of all databases there are.
    pub(super) fn new(allowed: &[String], files: BTreeMap<String, PathBuf>) -> Self {
        Self { allowed: Arc::new(allowed.iter().cloned().collect()), files: Arc::new(files) }
    }
}

/// Opens a database once, so that a missing folder or a file of another kind is found at the start.
///
/// # Errors
///
/// What is wrong with the file. A database that is locked at the moment is no error.
pub(super) fn probe(label: &str, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("cannot make the folder {} for the database {label:?}", folder.display())
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
