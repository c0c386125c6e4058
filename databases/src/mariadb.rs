//! A private MariaDB: installed into a temporary folder, reached over its socket and a loopback port, and ended with
//! the process that started it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::server::{self, Server};

const INSTALL: &str = "install MariaDB (Debian: mariadb-server-core and mariadb-client-core)";
/// The user of the databases that [`MariaDb::database`] makes: without the rights that pass over `read_only` and
/// `max_connections`.
const USER: &str = "gatelog";
const PASSWORD: &str = "s3cret-of-tests";

/// A MariaDB server; ended when dropped.
#[derive(Debug)]
pub struct MariaDb {
    folder: TempDir,
    data: PathBuf,
    options: Vec<String>,
    port: u16,
    server: Mutex<Option<Server>>,
    databases: AtomicU32,
}

impl MariaDb {
    /// Installs and starts a server with further options, such as `--max-connections=10`.
    ///
    /// # Errors
    ///
    /// When MariaDB is not installed, which the error says how to do, or does not start.
    pub fn start(options: &[&str]) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("gatelog-mariadb-")?;
        let data = folder.path().join("data");
        Self::start_in(folder, data, options)
    }

    /// As [`MariaDb::start`], with its data in the folder `data`, which must be empty: a small file system, for example.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start_on(data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        Self::start_in(TempDir::with_prefix("gatelog-mariadb-")?, data.to_owned(), options)
    }

    /// The one server of this process, with the options of a test that does not touch the server itself.
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
        let install = server::find("mariadb-install-db", "GATELOG_MARIADB_INSTALL_DB", INSTALL)?;
        let mut command = Command::new(&install);
        command.arg("--no-defaults").arg(format!("--datadir={}", data.display())).args([
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            // An installation that is interrupted is thrown away, so it need not be safe.
            "--innodb-flush-method=nosync",
            "--innodb-log-file-size=16M",
        ]);
        // Servers that share a folder for temporary tables remove each other's.
        command.env("TMPDIR", folder.path()).args(as_root());
        let output = command.output().with_context(|| format!("{} does not start", install.display()))?;
        if !output.status.success() {
            bail!(
                "{} failed: {}{}",
                install.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let mariadb = Self {
            port: server::free_port()?,
            folder,
            data,
            options: options.iter().map(|&option| option.to_owned()).collect(),
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        mariadb.start_again()?;
        mariadb.sql(&format!("CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'"))?;
        Ok(mariadb)
    }

    /// Starts the server after [`MariaDb::stop`] or [`MariaDb::kill`], on the same port with the same data.
    ///
    /// # Errors
    ///
    /// When it does not start, or runs already.
    pub fn start_again(&self) -> anyhow::Result<()> {
        let mut running = self.running();
        anyhow::ensure!(running.is_none(), "MariaDB runs already");
        let program = server::find("mariadbd", "GATELOG_MARIADBD", INSTALL)?;
        let mut arguments = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={}", self.data.display()),
            format!("--socket={}", self.socket().display()),
            format!("--tmpdir={}", self.folder.path().display()),
            format!("--port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--innodb-log-file-size=16M".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--max-allowed-packet=64M".to_owned(),
            // A zone that is not UTC shows where the code relies on the server's.
            "--default-time-zone=+08:00".to_owned(),
        ];
        arguments.extend(as_root().map(str::to_owned));
        arguments.extend(self.options.iter().cloned());
        let arguments: Vec<_> = arguments.into_iter().map(Into::into).collect();
        let mut server = Server::start(&program, &arguments, self.folder.path())?;
        server.await_ready(|| self.sql("SELECT 1").is_ok())?;
        *running = Some(server);
        Ok(())
    }

    /// Stops the server as an operator does.
    ///
    /// # Errors
    ///
    /// When it does not run or does not end.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.end("TERM")
    }

    /// Kills the server, as a crash does.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.end("KILL")
    }

    /// Sends the server a signal by name, such as `STOP` and `CONT` to freeze and wake it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.running().as_ref().context("MariaDB does not run")?.signal(name)
    }

    fn end(&self, signal: &str) -> anyhow::Result<()> {
        let server = self.running().take().context("MariaDB does not run")?;
        server.signal(signal)?;
        server.await_end()
    }

    /// Makes an empty database for a user without special rights, and answers its URL:
    /// `mysql://user:password@127.0.0.1:port/name`.
    ///
    /// # Errors
    ///
    /// MariaDB's.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("gatelog_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}; GRANT ALL ON {name}.* TO {USER}@'%'"))?;
        Ok(self.url(&name))
    }

    /// The URL of a database by its name.
    pub fn url(&self, name: &str) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs statements as the administrator, and answers their rows: a line each, values separated by tabs.
    ///
    /// # Errors
    ///
    /// MariaDB's.
    pub fn sql(&self, statements: &str) -> anyhow::Result<String> {
        let client = server::find("mariadb", "GATELOG_MARIADB", INSTALL)?;
        let output = Command::new(&client)
            .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names", "--execute", statements])
            .arg(format!("--socket={}", self.socket().display()))
            .output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The port on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    pub fn pid(&self) -> Option<u32> {
        self.running().as_ref().map(Server::pid)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("mariadb.sock")
    }

    fn running(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// MariaDB refuses to run as root unless it is told to.
fn as_root() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().ok()?;
    (id.stdout.trim_ascii() == b"0").then_some("--user=root")
}
