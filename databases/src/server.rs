//! A server's process: it is found, started on a free port, and ended with the process that started it.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// The time limit for a server to answer.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Folders of daemons, which are not on the path of ordinary users.
const SYSTEM_FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Runs a program and kills it when the script's standard input ends, which happens when the [`Server`] is dropped
/// and also when the process that holds it dies in any way, which no destructor notices. The script then also
/// removes the server's folder.
///
/// Its arguments are a file for the server's process id, the server's folder, and the command.
const KEEPER: &str = r#"
trap : HUP INT TERM
pid_file=$1 folder=$2; shift 2
"$@" </dev/null &
echo $! >"$pid_file"
goodbye=$(cat)
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null
[ -n "$goodbye" ] || rm -rf "$folder"
"#;

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    keeper: Child,
    pid: u32,
    log: PathBuf,
}

impl Server {
    /// Starts a program with its output in the folder, which is removed if this process dies.
    pub(crate) fn start(program: &Path, arguments: &[OsString], folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("server.log");
        let output = File::options().create(true).append(true).open(&log)?;
        let pid_file = folder.join("server.pid");
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .args([&pid_file, folder, program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("`sh` does not start")?;
        let pid = wait(|| {
            let text = std::fs::read_to_string(&pid_file).ok()?;
            text.strip_suffix('\n')?.parse().ok()
        });
        let Some(pid) = pid else {
            let _ = keeper.kill();
            bail!("{} did not start within {START_LIMIT:?}", program.display());
        };
        let _ = std::fs::remove_file(&pid_file);
        Ok(Self { keeper, pid, log })
    }

    /// Waits until the server answers.
    pub(crate) fn await_ready(&mut self, mut is_ready: impl FnMut() -> bool) -> anyhow::Result<()> {
        let ready = wait(|| {
            if !self.is_running() {
                return Some(false);
            }
            is_ready().then_some(true)
        });
        match ready {
            Some(true) => Ok(()),
            Some(false) => bail!("the server ended at once; it said:\n{}", self.said()),
            None => bail!("the server was not ready after {START_LIMIT:?}; it said:\n{}", self.said()),
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends it a signal by name: `TERM`, `KILL`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.pid.to_string()]).status()?;
        anyhow::ensure!(status.success(), "the server with pid {} is not there", self.pid);
        Ok(())
    }

    /// Waits until the process has ended.
    pub(crate) fn await_end(&self) -> anyhow::Result<()> {
        let ended = wait(|| (!self.is_running()).then_some(()));
        ended.with_context(|| format!("the server did not end; it said:\n{}", self.said()))
    }

    fn is_running(&self) -> bool {
        // A process that has ended and has not been waited for is a zombie: state Z.
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.pid));
        match status {
            Ok(text) => !text.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'),
            Err(_) if Path::new("/proc/self").exists() => false,
            Err(_) => self.signal("0").is_ok(),
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut input) = self.keeper.stdin.take() {
            let _ = input.write_all(b"goodbye");
        }
        let _ = self.keeper.wait();
    }
}

/// The file of a program: the one that `variable` names, otherwise one on the path or in the folders of
/// daemons.
///
/// # Errors
///
/// When there is none. `install` tells the user how to get it.
pub(crate) fn find(program: &str, variable: &str, install: &str) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os(variable).map(PathBuf::from) {
        anyhow::ensure!(named.is_file(), "{variable} names {}, which is not a file", named.display());
        return Ok(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(PathBuf::from));
    folders.find_map(|folder| Some(folder.join(program)).filter(|file| file.is_file())).with_context(|| {
        format!("there is no `{program}`: run this through `cargo xtask test`, or {install}, or name it in {variable}")
    })
}

/// A loopback port that is currently free.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Polls until there is a result; `None` when it takes too long.
pub(crate) fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        park_timeout(Duration::from_millis(20));
    }
    None
}
