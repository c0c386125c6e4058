//! Shared by the private servers that speak MySQL's protocol, MariaDB and MySQL: they run in a temporary folder,
//! listen on a socket and a loopback port, and end with the process that started them.

use std::ffi::OsString;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::server::{self, Server};

/// The user of the databases that [`SqlServer::database`] creates, without the privileges that bypass
/// `read_only` and `max_connections`.
const USER: &str = "gatelog";
const PASSWORD: &str = "s3cret-of-tests";

/// The files of a server's programs.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) server: PathBuf,
    pub(crate) client: PathBuf,
}

/// A running MariaDB or MySQL server; ended when dropped.
#[derive(Debug)]
pub struct SqlServer {
    folder: TempDir,
    data: PathBuf,
    programs: Programs,
    options: Vec<String>,
    port: u16,
    server: Mutex<Option<Server>>,
    databases: AtomicU32,
}

impl SqlServer {
    /// Starts a server on the installed `data` with these options and those common to both servers.
    pub(crate) fn start(
        folder: TempDir,
        data: PathBuf,
        programs: Programs,
        own: &[&str],
        options: &[&str],
    ) -> anyhow::Result<Self> {
        let options = own.iter().chain(options).map(|&option| option.to_owned()).collect();
        let server = Self::start_with_users(folder, data, programs, options)?;
        server.create_user()?;
        Ok(server)
    }

    /// Starts a server that has its users, or gets them from others.
    pub(crate) fn start_with_users(
        folder: TempDir,
        data: PathBuf,
        programs: Programs,
        options: Vec<String>,
    ) -> anyhow::Result<Self> {
        let server = Self {
            port: server::free_port()?,
            folder,
            data,
            programs,
            options,
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        server.start_again()?;
        Ok(server)
    }

    /// Creates the user of [`SqlServer::database`].
    pub(crate) fn create_user(&self) -> anyhow::Result<()> {
        self.sql(&format!("CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'"))?;
        Ok(())
    }

    /// Starts the server after [`SqlServer::stop`] or [`SqlServer::kill`], on the same port with the same data.
    ///
    /// # Errors
    ///
    /// When it does not start, or is already running.
    pub fn start_again(&self) -> anyhow::Result<()> {
        let mut running = self.running();
        anyhow::ensure!(running.is_none(), "the server is already running");
        let mut arguments = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={}", self.data.display()),
            format!("--socket={}", self.socket().display()),
            format!("--pid-file={}", self.folder.path().join("own.pid").display()),
            format!("--tmpdir={}", self.folder.path().display()),
            format!("--port={}", self.port),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
            "--max-allowed-packet=64M".to_owned(),
            // A zone other than UTC reveals code that relies on the server's zone.
            "--default-time-zone=+08:00".to_owned(),
        ];
        arguments.extend(as_root().map(str::to_owned));
        arguments.extend(self.options.iter().cloned());
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut server = Server::start(&self.programs.server, &arguments, self.folder.path())?;
        server.await_ready(|| self.sql("SELECT 1").is_ok())?;
        *running = Some(server);
        Ok(())
    }

    /// Stops the server like an operator.
    ///
    /// # Errors
    ///
    /// When it is not running or does not end.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.end("TERM")
    }

    /// Kills the server, like a crash.
    ///
    /// # Errors
    ///
    /// When the server is not running.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.end("KILL")
    }

    /// Sends the server a signal by name, such as `STOP` and `CONT` to freeze and wake it.
    ///
    /// # Errors
    ///
    /// When the server is not running.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.running().as_ref().context("the server is not running")?.signal(name)
    }

    fn end(&self, signal: &str) -> anyhow::Result<()> {
        let server = self.running().take().context("the server is not running")?;
        server.signal(signal)?;
        server.await_end()
    }

    /// Creates an empty database for a user without special privileges, and returns its URL:
    /// `mysql://user:password@127.0.0.1:port/name`.
    ///
    /// # Errors
    ///
    /// The server's error.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("gatelog_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}; GRANT ALL ON {name}.* TO {USER}@'%'"))?;
        Ok(self.url(&name))
    }

    /// The URL of a database, by name.
    pub fn url(&self, name: &str) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs statements as the administrator, and returns their rows, one per line with values separated by
    /// tabs.
    ///
    /// # Errors
    ///
    /// The server's error.
    pub fn sql(&self, statements: &str) -> anyhow::Result<String> {
        let mut script = tempfile::tempfile()?;
        script.write_all(statements.as_bytes())?;
        script.rewind()?;
        let output = Command::new(&self.programs.client)
            .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"])
            .args([
                "--default-character-set=utf8mb4".to_owned(),
                format!("--socket={}", self.socket().display()),
            ])
            .stdin(script)
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

    /// The folder with its data.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("sql.sock")
    }

    fn running(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both servers refuse to run as root unless told to.
pub(crate) fn as_root() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().ok()?;
    (id.stdout.trim_ascii() == b"0").then_some("--user=root")
}

/// Makes `user` the owner of a folder and of all that is in it.
pub(crate) fn give(folder: &Path, user: &str) -> anyhow::Result<()> {
    let output = Command::new("chown").args(["-R", user]).arg(folder).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Runs a program that prepares the data of a server.
pub(crate) fn install(command: &mut Command) -> anyhow::Result<()> {
    let program = PathBuf::from(command.get_program());
    let output = command.args(as_root()).output();
    let output = output.with_context(|| format!("{} does not start", program.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "{} failed: {}{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
