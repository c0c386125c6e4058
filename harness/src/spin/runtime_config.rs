//! Where databases are: the runtime configuration file and its defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// Database files by label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    configured: BTreeMap<String, PathBuf>,
    state_folder: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimeConfig {
    #[serde(default)]
    sqlite_database: BTreeMap<String, SqliteDatabase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqliteDatabase {
    #[serde(rename = "type")]
    kind: String,
    path: Option<PathBuf>,
    #[serde(rename = "url")]
    _url: Option<String>,
    #[serde(rename = "token")]
    _token: Option<String>,
}

impl Databases {
    /// Nothing but the default database, in a state folder.
    pub fn new(state_folder: PathBuf) -> Self {
        Self { configured: BTreeMap::new(), state_folder }
    }

    /// Reads a runtime configuration file. Relative paths in it start from the current folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or asks for something that the local host does not offer; the message names
    /// the key.
    pub fn read(mut self, path: &Path) -> anyhow::Result<Self> {
        let file = || format!("in the runtime configuration {}", path.display());
        let text = std::fs::read_to_string(path).with_context(file)?;
        let config: RuntimeConfig = toml::from_str(&text).with_context(file)?;
        for (label, database) in config.sqlite_database {
            match database.kind.as_str() {
                "spin" => {
                    let path = match database.path {
                        Some(path) => std::path::absolute(path).with_context(file)?,
                        None => self.state_folder.join(format!("{label}.db")),
                    };
                    self.configured.insert(label, path);
                }
                "libsql" => bail!(
                    "{}: sqlite_database.{label}.type: the local host opens files only; use type = \"spin\" here, \
                     or run `spin up` for a database over HTTP",
                    path.display()
                ),
                other => bail!("{}: sqlite_database.{label}.type: {other:?} is not known", path.display()),
            }
        }
        Ok(self)
    }

    /// Puts the default database into this file.
    pub fn set_default(&mut self, path: PathBuf) {
        self.configured.insert("default".to_owned(), path);
    }

    /// The file of a database, if there is such a database.
    pub fn file(&self, label: &str) -> Option<PathBuf> {
        match self.configured.get(label) {
            Some(path) => Some(path.clone()),
            None if label == "default" => Some(self.state_folder.join("sqlite_db.db")),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Databases> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runtime-config.toml");
        std::fs::write(&path, text).unwrap();
        Databases::new("/state".into()).read(&path)
    }

    #[test]
    fn the_default_database_lives_in_the_state_folder() {
        let databases = Databases::new("/state".into());
        assert_eq!(databases.file("default"), Some("/state/sqlite_db.db".into()));
        assert_eq!(databases.file("other"), None);
    }

    #[test]
    fn databases_are_found_by_their_label() {
        let databases = read(
            "[sqlite_database.default]\ntype = \"spin\"\npath = \"/data/logs.db\"\n[sqlite_database.more]\ntype = \"spin\"",
        )
        .unwrap();
        assert_eq!(databases.file("default"), Some("/data/logs.db".into()));
        assert_eq!(databases.file("more"), Some("/state/more.db".into()));
    }

    #[test]
    fn what_is_not_offered_is_named() {
        for (text, key) in [
            ("[sqlite_database.default]\ntype = \"libsql\"\nurl = \"http://a\"\ntoken = \"b\"", "libsql"),
            ("[sqlite_database.default]\ntype = \"postgres\"", "sqlite_database.default.type"),
            ("[key_value_store.default]\ntype = \"spin\"", "key_value_store"),
        ] {
            let message = format!("{:#}", read(text).unwrap_err());
            let expected = if key == "libsql" { "sqlite_database.default.type" } else { key };
            assert!(message.contains(expected) && message.contains("runtime-config.toml"), "{message}");
        }
    }
}
