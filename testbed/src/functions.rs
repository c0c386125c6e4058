//! The three functions of `spin.toml`: in the local host, or under `spin up`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use gatelog_harness::artifacts;
use gatelog_harness::spin::{App, RunningApp};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::client::Client;

/// How long `spin up` may take to answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Lets everybody read the records, as tests and the demo do. Those that set a token are asked for it all the same.
const OPEN: (&str, &str) = ("query_open", "true");

/// The running functions; stopped when dropped.
#[derive(Debug)]
pub struct Functions {
    address: SocketAddr,
    runtime: Runtime,
}

#[derive(Debug)]
enum Runtime {
    Local(RunningApp),
    Spin(Child),
}

impl Functions {
    /// Runs them in the local host on a free loopback port, storing in `database`.
    ///
    /// # Errors
    ///
    /// What the local host says: a missing component, a wrong manifest, a database that cannot be opened.
    pub async fn start_local(database: &Path) -> anyhow::Result<Self> {
        Self::start_local_at(SocketAddr::from(([127, 0, 0, 1], 0)), database).await
    }

    /// As [`Functions::start_local`], with values for the application's variables.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn start_local_with(database: &Path, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let manifest = artifacts::workspace().join("spin.toml");
        let mut app = App::builder(manifest).sqlite_file(database).variable(OPEN.0, OPEN.1);
        for (name, value) in variables {
            app = app.variable(*name, *value);
        }
        let app = app.start().await?;
        Ok(Self { address: app.addr(), runtime: Runtime::Local(app) })
    }

    /// As [`Functions::start_local`], with a runtime configuration file that says where the database is.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn start_local_configured(runtime_config: &Path) -> anyhow::Result<Self> {
        let manifest = artifacts::workspace().join("spin.toml");
        let app = App::builder(manifest).runtime_config(runtime_config).variable(OPEN.0, OPEN.1);
        let app = app.start().await?;
        Ok(Self { address: app.addr(), runtime: Runtime::Local(app) })
    }

    /// As [`Functions::start_local`], at an address: to come back where others were before.
    ///
    /// # Errors
    ///
    /// As there, and when the port is taken.
    pub async fn start_local_at(address: SocketAddr, database: &Path) -> anyhow::Result<Self> {
        let manifest = artifacts::workspace().join("spin.toml");
        let app = App::builder(manifest).listen(address).sqlite_file(database).variable(OPEN.0, OPEN.1);
        let app = app.start().await?;
        Ok(Self { address: app.addr(), runtime: Runtime::Local(app) })
    }

    /// Lets the requests under way end, and stops.
    pub async fn stop(self) {
        match self.runtime {
            Runtime::Local(app) => app.shutdown().await,
            Runtime::Spin(mut spin) => {
                let _ = spin.kill().await;
            }
        }
    }

    /// Runs them under `spin up` at `address`, with Spin's state in `state`.
    ///
    /// # Errors
    ///
    /// When there is no `spin`, it ends, or it does not answer within a minute.
    pub async fn start_spin(address: SocketAddr, state: &Path) -> anyhow::Result<Self> {
        let mut spin = Command::new("spin")
            .arg("up")
            .arg("--from")
            .arg(artifacts::workspace().join("spin.toml"))
            .args(["--listen", &address.to_string(), "--state-dir"])
            .arg(state)
            .env("SPIN_VARIABLE_QUERY_OPEN", OPEN.1)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("`spin` does not start: install Spin, or use --runtime local")?;
        let deadline = Instant::now() + START_LIMIT;
        let client = Client::default();
        loop {
            if let Some(status) = spin.try_wait()? {
                bail!("`spin up` ended at once: {status}");
            }
            let health = http::Request::get(format!("http://{address}/health")).body("")?;
            if client.send(health).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(Self { address, runtime: Runtime::Spin(spin) });
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "`spin up` did not answer on {address} within {START_LIMIT:?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where they answer.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the functions have printed; empty under Spin, which prints it itself.
    pub fn log(&self) -> String {
        match &self.runtime {
            Runtime::Local(app) => app.logs().lines().iter().map(|line| format!("{line}\n")).collect(),
            Runtime::Spin(_) => String::new(),
        }
    }
}
