//! A private MariaDB.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::server;
use crate::sql_server::{self, Programs, SqlServer};

const INSTALL: &str = "install MariaDB (Debian: mariadb-server-core and mariadb-client-core)";
/// The size of the file with the changes, for every start.
pub(crate) const LOG_FILE: &str = "--innodb-log-file-size=16M";

/// A MariaDB server; ended when dropped.
#[derive(Debug)]
pub struct MariaDb(SqlServer);

impl MariaDb {
    /// Installs and starts a server with further options, such as `--max-connections=10`.
    ///
    /// # Errors
    ///
    /// When MariaDB is not installed (the error says how to install it) or does not start.
    pub fn start(options: &[&str]) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("gatelog-mariadb-")?;
        let data = folder.path().join("data");
        Self::start_in(folder, data, options)
    }

    /// Like [`MariaDb::start`], with its data in the empty folder `data`, for example on a small file system.
    ///
    /// # Errors
    ///
    /// As for [`MariaDb::start`].
    pub fn start_on(data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        Self::start_in(TempDir::with_prefix("gatelog-mariadb-")?, data.to_owned(), options)
    }

    /// The shared server of this process, for tests that do not change the server itself.
    ///
    /// # Errors
    ///
    /// As [`MariaDb::start`].
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<MariaDb, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start(&[]).map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    fn start_in(folder: TempDir, data: PathBuf, options: &[&str]) -> anyhow::Result<Self> {
        install(&folder, &data)?;
        SqlServer::start(folder, data, programs()?, &[LOG_FILE], options).map(Self)
    }
}

impl Deref for MariaDb {
    type Target = SqlServer;

    fn deref(&self) -> &SqlServer {
        &self.0
    }
}

/// Prepares the folder `data` of a server, with temporary files in `folder`.
pub(crate) fn install(folder: &TempDir, data: &Path) -> anyhow::Result<()> {
    let mut install =
        Command::new(server::find("mariadb-install-db", "GATELOG_MARIADB_INSTALL_DB", INSTALL)?);
    install.arg("--no-defaults").arg(format!("--datadir={}", data.display())).args([
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        // An interrupted installation is discarded, so it need not be durable.
        "--innodb-flush-method=nosync",
        LOG_FILE,
    ]);
    // Servers that share a folder for temporary tables delete each other's.
    sql_server::install(install.env("TMPDIR", folder.path()))
}

/// The programs of MariaDB.
pub(crate) fn programs() -> anyhow::Result<Programs> {
    Ok(Programs {
        server: server::find("mariadbd", "GATELOG_MARIADBD", INSTALL)?,
        client: server::find("mariadb", "GATELOG_MARIADB", INSTALL)?,
    })
}
