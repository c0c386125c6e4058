//! `spin up`, or `gatelog-local up`, as a child process: started on a free port, monitored, and stopped together with its
//! own children.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use gatelog_artifacts as artifacts;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::options::Options;
use crate::runtime::Runtime;

/// The variable that names the program of the local host.
const LOCAL_HOST: &str = "GATELOG_LOCAL";
/// Time limit for the program to listen, most of it for compiling the components.
const START_LIMIT: Duration = Duration::from_secs(120);
/// Time limit for the program to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running program; killed with its children when dropped.
#[derive(Debug)]
pub(crate) struct SpinUp {
    process: Child,
    /// Its process group, which includes its children.
    group: Pid,
    address: SocketAddr,
    folder: TempDir,
}

impl SpinUp {
    /// Starts the program and waits until it listens. Its state, configuration and output are in a folder that is
    /// removed with it.
    ///
    /// # Errors
    ///
    /// When it does not start, ends, or does not listen within two minutes; the error has its output.
    pub(crate) async fn start(options: &Options, runtime: &Runtime) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let said = std::fs::File::create(output(folder.path()))?;
        let listen = options.address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut spin = Command::new(program(runtime)?);
        spin.arg("up")
            .arg("--from")
            .arg(artifacts::workspace().join("spin.toml"))
            .args(["--listen", &listen.to_string(), "--state-dir"])
            .arg(folder.path().join("state"));
        if let Some(file) = runtime_config(options, folder.path())? {
            spin.arg("--runtime-config-file").arg(file);
        }
        if let Some(logs) = options.log_folder.as_ref().filter(|_| runtime.is_spin()) {
            spin.arg("--log-dir").arg(logs);
        }
        for (name, value) in &options.variables {
            // Arguments would show the values to every user of the machine.
            spin.env(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value);
        }
        let process = spin
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{runtime} does not start"))?;
        let group = process
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .context("the program ended")?;
        let mut running = Self { process, group, address: listen, folder };
        running.await_listening().await?;
        Ok(running)
    }

    /// The address on which it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The output of Spin and the components.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(output(self.folder.path())).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Stops the program like an operator (SIGTERM).
    pub(crate) async fn stop(mut self) {
        let _ = kill_process_group(self.group, Signal::TERM);
        // A process that does not end is killed when `self` is dropped.
        let _ = tokio::time::timeout(STOP_LIMIT, self.process.wait()).await;
    }

    async fn await_listening(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let ended = self.process.try_wait()?;
            let log = self.log();
            if let Some(address) = serving(&log) {
                self.address = address;
                return Ok(());
            }
            if let Some(status) = ended {
                bail!("the program ended at once ({status}); it said:\n{log}");
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the program did not listen within {START_LIMIT:?}; it said:\n{log}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for SpinUp {
    fn drop(&mut self) {
        // The serving process is a child of the one that was started.
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

/// The program that runs the functions.
fn program(runtime: &Runtime) -> anyhow::Result<PathBuf> {
    if runtime.is_spin() {
        return Ok("spin".into());
    }
    let named = std::env::var_os(LOCAL_HOST);
    named.map(PathBuf::from).with_context(|| {
        format!("{LOCAL_HOST} names no program: `cargo build --package gatelog-spin-host` makes target/debug/gatelog-local")
    })
}

fn output(folder: &Path) -> PathBuf {
    folder.join("output.txt")
}

/// The runtime configuration file: the given one, or one with the place of the database.
fn runtime_config(options: &Options, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    if let Some(file) = &options.runtime_config {
        return Ok(Some(file.clone()));
    }
    let Some(database) = &options.database else { return Ok(None) };
    let path = std::path::absolute(database)?;
    let path = path.to_str().context("the database's path is not valid text")?;
    let file = folder.join("runtime-config.toml");
    std::fs::write(&file, format!("[sqlite_database.default]\ntype = \"spin\"\npath = {path:?}\n"))?;
    Ok(Some(file))
}

/// The address in the line `Serving http://127.0.0.1:3000`, once the routes follow it.
fn serving(log: &str) -> Option<SocketAddr> {
    let (before, _) = log.split_once("Available Routes:")?;
    let (_, url) = before.rsplit_once("http://")?;
    url.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_when_its_line_is_complete() {
        let said = "Logging component stdio to \"logs/\"\n\nServing http://127.0.0.1:4312\nAvailable Routes:\n  a: http://127.0.0.1:4312/a\n";
        assert_eq!(serving(said), Some(SocketAddr::from(([127, 0, 0, 1], 4312))));
        for end in [0, 40, said.find("4312").unwrap() + 2, said.find("\nAvailable").unwrap()] {
            assert_eq!(serving(said.get(..end).unwrap()), None, "{end}");
        }
    }
}
