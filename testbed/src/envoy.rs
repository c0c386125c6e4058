//! A real Envoy: found, started with a configuration on free ports, and stopped.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use gatelog_artifacts as artifacts;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::client::Client;

/// Time limit for Envoy to become ready, most of it for compiling the filter.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time limit for a text to get into the log: longer than it takes on any busy machine.
const LOG_LIMIT: Duration = Duration::from_secs(120);

/// What an Envoy is started with besides its configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Another program than [`find`] gives.
    pub program: Option<PathBuf>,
    /// The processor core that all its threads are on (by `taskset`), if they are on one.
    pub core: Option<usize>,
    /// Worker threads.
    pub concurrency: u32,
    /// Variables of its environment.
    pub variables: Vec<(String, OsString)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { program: None, core: None, concurrency: 1, variables: Vec::new() }
    }
}

/// A running Envoy; killed when dropped.
#[derive(Debug)]
pub struct Envoy {
    process: Child,
    admin: SocketAddr,
    listener: SocketAddr,
    directory: TempDir,
}

impl Envoy {
    /// Starts Envoy with a bootstrap configuration whose listener and admin ports are 0, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When there is no Envoy, it does not start (the error has its output), or it takes more than a minute.
    pub async fn start(config: &Value, concurrency: u32) -> anyhow::Result<Self> {
        Self::start_with(&Options { concurrency, ..Options::default() }, config).await
    }

    /// Like [`Envoy::start`], with one worker and a configuration in YAML.
    ///
    /// # Errors
    ///
    /// As for [`Envoy::start`].
    pub async fn start_yaml(config: &str) -> anyhow::Result<Self> {
        Self::start_yaml_with(&Options::default(), config).await
    }

    /// Like [`Envoy::start_with`], with a configuration in YAML.
    ///
    /// # Errors
    ///
    /// As for [`Envoy::start`].
    pub async fn start_yaml_with(options: &Options, config: &str) -> anyhow::Result<Self> {
        Self::launch(options, "envoy.yaml", config.as_bytes()).await
    }

    /// Like [`Envoy::start`], with all its threads on one processor core if `core` is given.
    ///
    /// # Errors
    ///
    /// As for [`Envoy::start`], or when there is no `taskset`.
    pub async fn start_on(core: Option<usize>, config: &Value, concurrency: u32) -> anyhow::Result<Self> {
        Self::start_with(&Options { core, concurrency, ..Options::default() }, config).await
    }

    /// Like [`Envoy::start`], with these options.
    ///
    /// # Errors
    ///
    /// As for [`Envoy::start`].
    pub async fn start_with(options: &Options, config: &Value) -> anyhow::Result<Self> {
        Self::launch(options, "envoy.json", &serde_json::to_vec_pretty(config)?).await
    }

    async fn launch(options: &Options, file: &str, config: &[u8]) -> anyhow::Result<Self> {
        let binary = options.program.clone().map_or_else(find, Ok)?;
        let Options { core, concurrency, variables, .. } = options;
        let directory = tempfile::tempdir()?;
        let config_path = directory.path().join(file);
        std::fs::write(&config_path, config)?;
        let log = std::fs::File::create(directory.path().join("envoy.log"))?;
        let mut command = Command::new(if core.is_some() { Path::new("taskset") } else { &binary });
        if let Some(core) = core {
            command.args(["--cpu-list", &core.to_string()]).arg(&binary);
        }
        let process = command
            .arg("--config-path")
            .arg(&config_path)
            .arg("--admin-address-path")
            .arg(directory.path().join("admin"))
            .args(["--use-dynamic-base-id", "--log-level", "warning"])
            .args(["--component-log-level", "wasm:info,dynamic_modules:info"])
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .args([
                "--concurrency",
                &concurrency.to_string(),
                "--file-flush-interval-msec",
                "50",
                "--drain-time-s",
                "1",
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { process, admin: unknown, listener: unknown, directory };
        envoy.await_ready().await?;
        Ok(envoy)
    }

    /// The listener's address.
    pub fn listener(&self) -> SocketAddr {
        self.listener
    }

    /// The admin interface.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Its process id.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits until its log has each of these texts.
    ///
    /// # Errors
    ///
    /// When one is still missing after two minutes.
    pub async fn await_log(&self, texts: &[&str]) -> anyhow::Result<()> {
        let deadline = Instant::now() + LOG_LIMIT;
        while let Some(missing) = texts.iter().find(|text| !self.log().contains(**text)) {
            anyhow::ensure!(Instant::now() < deadline, "Envoy's log has no {missing:?}:\n{}", self.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("envoy.log")).unwrap_or_default()
    }

    /// Its counters and gauges whose name matches `filter`, a regular expression.
    ///
    /// # Errors
    ///
    /// When the admin interface does not answer.
    pub async fn stats(&self, filter: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let url = format!("http://{}/stats?filter={filter}", self.admin);
        let answer = Client::default().send(http::Request::get(url).body("")?).await?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        Ok(lines.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect())
    }

    /// Stops Envoy like an operator (SIGTERM) and waits until it ends.
    ///
    /// # Errors
    ///
    /// When it does not end within 30 s.
    pub async fn terminate(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.process.id() {
            let status = Command::new("kill").arg(pid.to_string()).status().await?;
            anyhow::ensure!(status.success(), "kill {pid} failed");
        }
        let end = tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await;
        end.context("Envoy did not end within 30 s of SIGTERM")??;
        Ok(())
    }

    async fn await_ready(&mut self) -> anyhow::Result<()> {
        let client = Client::default();
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.process.try_wait()? {
                bail!("Envoy ended at once ({status}); it said:\n{}", self.log());
            }
            if Instant::now() > deadline {
                bail!("Envoy was not ready after {START_LIMIT:?}; it said:\n{}", self.log());
            }
            if let Some(listener) = self.listening(&client).await {
                self.listener = listener;
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The listener's address, once Envoy is ready. The admin interface responds earlier.
    async fn listening(&mut self, client: &Client) -> Option<SocketAddr> {
        let admin = std::fs::read_to_string(self.directory.path().join("admin")).ok()?;
        self.admin = admin.trim().parse().ok()?;
        let ready = http::Request::get(format!("http://{}/ready", self.admin)).body("").ok()?;
        if !client.send(ready).await.ok()?.status().is_success() {
            return None;
        }
        let listeners =
            client.get_json(&format!("http://{}/listeners?format=json", self.admin)).await.ok()?;
        let address = listeners.pointer("/listener_statuses/0/local_address/socket_address")?;
        let port = u16::try_from(address.get("port_value")?.as_u64()?).ok()?;
        Some(SocketAddr::from(([127, 0, 0, 1], port)))
    }
}

/// The Envoy to use: the one that the variable `GATELOG_ENVOY` names, otherwise `envoy` on the path.
///
/// # Errors
///
/// When there is none; the error says how to get one.
pub fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("GATELOG_ENVOY") {
        let path = PathBuf::from(named);
        anyhow::ensure!(path.is_file(), "GATELOG_ENVOY names {}, which is not a file", path.display());
        return Ok(path);
    }
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("envoy")).find(|file| file.is_file())
    });
    on_path.context("there is no `envoy` on the path: run this through `cargo xtask`, which installs one, or set GATELOG_ENVOY")
}

/// Checks `config` with `envoy --mode validate`. Relative paths in it start from the workspace.
///
/// # Errors
///
/// The problems reported by Envoy.
pub async fn validate(config: &Path) -> anyhow::Result<()> {
    let output = Command::new(find()?)
        .args(["--mode", "validate", "--use-dynamic-base-id", "--config-path"])
        .arg(config)
        .current_dir(artifacts::workspace())
        .output()
        .await?;
    anyhow::ensure!(
        output.status.success(),
        "Envoy refuses {}:\n{}",
        config.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
