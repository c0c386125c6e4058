//! A receiver of logs over OTLP/HTTP, built from OpenTelemetry's Python packages in `testdata/otlp_receiver.py`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::Request;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::client::Client;

/// The receiver; its first lines describe it.
const RECEIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/otlp_receiver.py");

/// Limit of each wait.
const LIMIT: Duration = Duration::from_secs(60);

/// A receiver; stopped when dropped.
#[derive(Debug)]
pub struct OtlpReceiver {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl OtlpReceiver {
    /// Starts a receiver, and returns when it listens.
    ///
    /// # Errors
    ///
    /// When Python or its packages are missing.
    pub async fn start() -> anyhow::Result<Self> {
        let mut receiver = Self { folder: tempfile::tempdir()?, port: 0, child: None };
        receiver.restart().await?;
        Ok(receiver)
    }

    /// Starts the receiver again, on the same port.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let packages = std::env::var_os("GATELOG_OPENTELEMETRY").context(
            "GATELOG_OPENTELEMETRY names no folder with OpenTelemetry's packages: run this through `cargo xtask test`, or set \
             it",
        )?;
        let port_file = self.file("port");
        if port_file.exists() {
            std::fs::remove_file(&port_file)?;
        }
        let errors = std::fs::File::create(self.file("stderr"))?;
        let mut command = Command::new("python3");
        command.arg(RECEIVER).arg(self.folder.path()).arg(self.port.to_string());
        command.env("PYTHONPATH", packages).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let mut child = command.spawn().context("python3 does not start")?;
        let deadline = Instant::now() + LIMIT;
        while !port_file.exists() {
            if let Some(status) = child.try_wait()? {
                let said = std::fs::read_to_string(self.file("stderr"))?;
                bail!("the receiver ended: {status}: {said}");
            }
            ensure!(Instant::now() < deadline, "the receiver does not start");
            sleep(Duration::from_millis(10)).await;
        }
        self.port = std::fs::read_to_string(&port_file)?.parse()?;
        self.child = Some(child);
        Ok(())
    }

    /// Stops the receiver.
    ///
    /// # Errors
    ///
    /// When it cannot be stopped.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// The base URL of the receiver.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Says what to answer to the next requests; see the receiver's first lines.
    ///
    /// # Errors
    ///
    /// When the receiver is down.
    pub async fn steps(&self, steps: &Value) -> anyhow::Result<()> {
        let request = Request::put(format!("{}/steps", self.endpoint())).body(steps.to_string())?;
        let answer = Client::default().send(request).await?;
        ensure!(answer.status() == 204, "the receiver answers {}", answer.status());
        Ok(())
    }

    /// The log records that the receiver has taken, in the order of arrival.
    ///
    /// # Errors
    ///
    /// When a request broke the protocol.
    pub fn records(&self) -> anyhow::Result<Vec<Value>> {
        let faults = self.lines("faults")?;
        ensure!(faults.is_empty(), "requests broke the protocol: {faults:#?}");
        self.lines("records")
    }

    /// The requests that the receiver has read.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn requests(&self) -> anyhow::Result<Vec<Value>> {
        self.lines("requests")
    }

    /// Waits for this many log records.
    ///
    /// # Errors
    ///
    /// When they do not come, or a request broke the protocol.
    pub async fn await_records(&self, count: usize) -> anyhow::Result<Vec<Value>> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let records = self.records()?;
            if records.len() >= count {
                return Ok(records);
            }
            ensure!(Instant::now() < deadline, "{} of {count} records have come", records.len());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lines(&self, name: &str) -> anyhow::Result<Vec<Value>> {
        let Ok(text) = std::fs::read_to_string(self.file(name)) else { return Ok(Vec::new()) };
        // The last line may still be being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).context("a line of the receiver")).collect()
    }
}
