//! The places of databases: the runtime configuration file and its defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// The places of databases by label, and the bound on MySQL connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    configured: BTreeMap<String, Place>,
    state_folder: PathBuf,
    max_mysql_connections: Option<usize>,
}

/// The place of a SQLite database.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// On a libSQL server.
    Server {
        /// `http://…`.
        url: String,
        /// The server's bearer token.
        token: String,
    },
}

impl fmt::Debug for Place {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server { url, .. } => f.write_str(url),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimeConfig {
    #[serde(default)]
    sqlite_database: BTreeMap<String, SqliteDatabase>,
    #[serde(default)]
    outbound_mysql: OutboundMysql,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutboundMysql {
    max_connections: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SqliteDatabase {
    #[serde(rename = "type")]
    kind: String,
    path: Option<PathBuf>,
    url: Option<String>,
    token: Option<String>,
}

impl Databases {
    /// Only the default database, in a state folder.
    pub fn new(state_folder: PathBuf) -> Self {
        Self { configured: BTreeMap::new(), state_folder, max_mysql_connections: None }
    }

    /// Reads a runtime configuration file. Relative paths in it start from the current folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or asks for something that the local host does not offer; the message
    /// names the key.
    pub fn read(mut self, path: &Path) -> anyhow::Result<Self> {
        let file = || format!("in the runtime configuration {}", path.display());
        let text = std::fs::read_to_string(path).with_context(file)?;
        let config: RuntimeConfig = toml::from_str(&text).with_context(file)?;
        self.max_mysql_connections = config.outbound_mysql.max_connections;
        for (label, database) in config.sqlite_database {
            match database.kind.as_str() {
                "spin" => {
                    let path = match database.path {
                        Some(path) => std::path::absolute(path).with_context(file)?,
                        None => self.state_folder.join(format!("{label}.db")),
                    };
                    self.configured.insert(label, Place::File(path));
                }
                "libsql" => {
                    let server = server(database)
                        .with_context(|| format!("{}: sqlite_database.{label}", path.display()))?;
                    self.configured.insert(label, server);
                }
                other => bail!("{}: sqlite_database.{label}.type: {other:?} is not known", path.display()),
            }
        }
        Ok(self)
    }

    /// Puts the default database into this file.
    pub fn set_default(&mut self, path: PathBuf) {
        self.configured.insert("default".to_owned(), Place::File(path));
    }

    /// The place of a database, if it exists.
    pub fn place(&self, label: &str) -> Option<Place> {
        match self.configured.get(label) {
            Some(place) => Some(place.clone()),
            None if label == "default" => Some(Place::File(self.state_folder.join("sqlite_db.db"))),
            None => None,
        }
    }

    /// Most connections to MySQL at once, if that is bounded.
    pub fn max_mysql_connections(&self) -> Option<usize> {
        self.max_mysql_connections
    }
}

/// A libSQL server, with the settings that Spin requires.
fn server(database: SqliteDatabase) -> anyhow::Result<Place> {
    let url = database.url.context("url: it is missing")?;
    let token =
        database.token.context("token: it is missing; Spin wants one even where the server does not")?;
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("http") => Ok(Place::Server { url, token }),
        Some("https") => {
            bail!("url: the local host speaks no TLS with databases; use http:// here, or run `spin up`")
        }
        _ => bail!("url: {url:?} must begin with http:// or https://"),
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
    fn the_default_database_is_in_the_state_folder() {
        let databases = Databases::new("/state".into());
        assert_eq!(databases.place("default"), Some(Place::File("/state/sqlite_db.db".into())));
        assert_eq!(databases.place("other"), None);
    }

    #[test]
    fn databases_are_found_by_their_label() {
        let databases = read(
            "[sqlite_database.default]\ntype = \"spin\"\npath = \"/data/logs.db\"\n[sqlite_database.more]\ntype = \"spin\"",
        )
        .unwrap();
        assert_eq!(databases.place("default"), Some(Place::File("/data/logs.db".into())));
        assert_eq!(databases.place("more"), Some(Place::File("/state/more.db".into())));
    }

    #[test]
    fn unsupported_settings_are_named_in_the_error() {
        let libsql = |rest: &str| format!("[sqlite_database.default]\ntype = \"libsql\"\n{rest}");
        for (text, problem) in [
            (libsql("url = \"http://a\""), "sqlite_database.default: token: it is missing"),
            (libsql("token = \"b\""), "sqlite_database.default: url: it is missing"),
            (libsql("url = \"libsql://a\"\ntoken = \"b\""), "must begin with http:// or https://"),
            (libsql("url = \"https://a\"\ntoken = \"b\""), "speaks no TLS"),
            ("[sqlite_database.default]\ntype = \"postgres\"".to_owned(), "sqlite_database.default.type"),
            ("[key_value_store.default]\ntype = \"spin\"".to_owned(), "key_value_store"),
        ] {
            let message = format!("{:#}", read(&text).unwrap_err());
            assert!(message.contains(problem) && message.contains("runtime-config.toml"), "{message}");
        }
    }

    #[test]
    fn a_server_and_a_bound_on_connections_are_read() {
        let databases = read(
            "[sqlite_database.default]\ntype = \"libsql\"\nurl = \"http://a\"\ntoken = \"b\"\n[outbound_mysql]\nmax_connections = 5",
        )
        .unwrap();
        let server = Place::Server { url: "http://a".to_owned(), token: "b".to_owned() };
        assert_eq!(databases.place("default"), Some(server));
        assert_eq!(databases.max_mysql_connections(), Some(5));
    }
}
