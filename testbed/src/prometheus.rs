//! A real Prometheus on a private port, with its own configuration and storage; and its promtool.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::client::Client;

/// Time limit for Prometheus to become ready.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Time limit for an alert or a series to come or go.
const LIMIT: Duration = Duration::from_secs(120);

/// A running Prometheus; killed when dropped.
#[derive(Debug)]
pub struct Prometheus {
    process: Child,
    address: SocketAddr,
    client: Client,
    folder: TempDir,
}

/// An alert whose condition holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Alert {
    /// Its labels; `alertname` is its name.
    pub labels: BTreeMap<String, String>,
    /// `pending` until its `for` is over, then `firing`.
    pub state: String,
}

impl Alert {
    /// Its name.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map(String::as_str).unwrap_or_default()
    }

    /// Whether it fires.
    pub fn is_firing(&self) -> bool {
        self.state == "firing"
    }
}

impl Prometheus {
    /// Starts Prometheus with a configuration and the content of `rules.yaml` beside it, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When there is no Prometheus, or it does not start; the error has its output.
    pub async fn start(config: &Value, rules: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config_file = folder.path().join("prometheus.yaml");
        // JSON is YAML.
        std::fs::write(&config_file, serde_json::to_vec_pretty(config)?)?;
        std::fs::write(folder.path().join("rules.yaml"), rules)?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let process = Command::new(find("GATELOG_PROMETHEUS", "prometheus")?)
            .arg(format!("--config.file={}", config_file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("Prometheus does not start")?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut prometheus = Self { process, address, client: Client::default(), folder };
        prometheus.await_ready().await?;
        Ok(prometheus)
    }

    /// The result of an expression, as the list of samples that Prometheus answers.
    ///
    /// # Errors
    ///
    /// When the expression is wrong, or Prometheus does not answer.
    pub async fn query(&self, expression: &str) -> anyhow::Result<Vec<Value>> {
        let url = format!("http://{}/api/v1/query", self.address);
        let body = format!("query={}", encoded(expression));
        let request = http::Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.client.send(request.body(body)?).await?;
        let text = String::from_utf8_lossy(answer.body());
        anyhow::ensure!(answer.status().is_success(), "{expression}: {text}");
        let answer: Value = serde_json::from_str(&text)?;
        let result = answer.pointer("/data/result").and_then(Value::as_array);
        result.cloned().with_context(|| format!("{expression}: {text}"))
    }

    /// Waits until an expression has a result.
    ///
    /// # Errors
    ///
    /// When it has none after two minutes.
    pub async fn await_result(&self, expression: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.query(expression).await?.is_empty() {
            anyhow::ensure!(Instant::now() < deadline, "{expression} has no result after {LIMIT:?}");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// The alerts whose condition holds.
    ///
    /// # Errors
    ///
    /// When Prometheus does not answer.
    pub async fn alerts(&self) -> anyhow::Result<Vec<Alert>> {
        let answer = self.client.get_json(&format!("http://{}/api/v1/alerts", self.address)).await?;
        let alerts = answer.pointer("/data/alerts").cloned().unwrap_or_default();
        Ok(serde_json::from_value(alerts)?)
    }

    /// Waits until the alerts are as wanted, and returns them.
    ///
    /// # Errors
    ///
    /// When they are not after two minutes; `what` says what was waited for.
    pub async fn await_alerts(
        &self,
        what: &str,
        are_wanted: impl Fn(&[Alert]) -> bool,
    ) -> anyhow::Result<Vec<Alert>> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let alerts = self.alerts().await?;
            if are_wanted(&alerts) {
                return Ok(alerts);
            }
            anyhow::ensure!(Instant::now() < deadline, "{what} after {LIMIT:?}; the alerts are {alerts:#?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn await_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            if let Some(status) = self.process.try_wait()? {
                bail!("Prometheus ended at once ({status}); it said:\n{log}");
            }
            if let Some(address) = listening(&log) {
                self.address = address;
                let ready = http::Request::get(format!("http://{address}/-/ready")).body("")?;
                if self.client.send(ready).await.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(());
                }
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "Prometheus was not ready after {START_LIMIT:?}; it said:\n{log}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Runs promtool on a file, from the file's folder.
///
/// # Errors
///
/// When there is no promtool, or it finds something wrong; the error has its output.
pub async fn promtool(command: [&str; 2], file: &Path) -> anyhow::Result<String> {
    let folder = file.parent().context("the file has no folder")?;
    let output = Command::new(find("GATELOG_PROMTOOL", "promtool")?)
        .args(command)
        .arg(file)
        .current_dir(folder)
        .output()
        .await?;
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    anyhow::ensure!(output.status.success(), "promtool {}:\n{said}", command.join(" "));
    Ok(said)
}

/// The program that a variable names, otherwise the one on the path.
fn find(variable: &str, name: &str) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Ok(PathBuf::from(named));
    }
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    on_path.with_context(|| {
        format!("there is no `{name}` on the path: run this through `cargo xtask`, which fetches one, or set {variable}")
    })
}

/// The address in the line of the log in which Prometheus says where it listens.
fn listening(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("Listening on"))?;
    line.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
}

/// A value of a form.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
