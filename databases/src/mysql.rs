//! A private MySQL. Its accounts use `caching_sha2_password`, and it generates its own certificate.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::server;
use crate::sql_server::{self, Programs, SqlServer};

const INSTALL: &str = "install MySQL 8 or later (its mysqld and mysql)";

/// A MySQL server; ended when dropped.
#[derive(Debug)]
pub struct MySql(SqlServer);

impl MySql {
    /// Installs and starts a server with further options, such as `--max-connections=10`.
    ///
    /// # Errors
    ///
    /// When MySQL is not installed (the error says how to install it) or does not start.
    pub fn start(options: &[&str]) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("gatelog-mysql-")?;
        let data = folder.path().join("data");
        let programs = Programs {
            server: server::find("mysqld", "GATELOG_MYSQLD", INSTALL)?,
            client: server::find("mysql", "GATELOG_MYSQL", INSTALL)?,
        };
        let says = Command::new(&programs.server).arg("--version").output()?.stdout;
        let says = String::from_utf8_lossy(&says);
        anyhow::ensure!(!says.contains("MariaDB"), "{} is MariaDB's: {INSTALL}", programs.server.display());
        let redo_log = "--innodb-redo-log-capacity=32M";
        let mut install = Command::new(&programs.server);
        install.args(["--no-defaults", "--initialize-insecure", redo_log]);
        install.arg(format!("--datadir={}", data.display()));
        sql_server::install(install.env("TMPDIR", folder.path()))?;
        let own = [redo_log, "--mysqlx=OFF", "--secure-file-priv=NULL", "--skip-log-bin"];
        SqlServer::start(folder, data, programs, &own, options).map(Self)
    }

    /// The shared server of this process, for tests that do not change the server itself.
    ///
    /// # Errors
    ///
    /// As [`MySql::start`].
    pub fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceLock<Result<MySql, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start(&[]).map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The certificate of the authority that signed the server's certificate; the server generated both.
    pub fn authority(&self) -> PathBuf {
        self.data().join("ca.pem")
    }
}

impl Deref for MySql {
    type Target = SqlServer;

    fn deref(&self) -> &SqlServer {
        &self.0
    }
}
