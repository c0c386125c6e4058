//! A headless Chromium and the ChromeDriver that leads it.

use std::process::Stdio;

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::web_driver::Session;

/// Browsers at once. Each takes a core while a page loads.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// What Chromium runs without: what would reach for other hosts, and the sandbox, which root has not.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1440,900",
    "--lang=en-US",
];

/// The running browser; it ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    /// Its window.
    pub session: Session,
    /// What pages download.
    pub downloads: TempDir,
    _driver: Child,
    _permit: SemaphorePermit<'static>,
}

impl Browser {
    /// Starts one. No more than two run at once in a process; another waits for one to end.
    ///
    /// # Errors
    ///
    /// When Chromium or ChromeDriver is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let permit = BROWSERS.acquire().await?;
        let (driver, address) = driver().await?;
        let downloads = tempfile::tempdir()?;
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": ARGUMENTS,
                "prefs": { "download.default_directory": downloads.path() },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = Session::start(&address, &capabilities).await;
        let session = session.context("Chromium does not start")?;
        Ok(Self { session, downloads, _driver: driver, _permit: permit })
    }
}

/// Chromium outlives a ChromeDriver that is killed, so it is ended first.
impl Drop for Browser {
    fn drop(&mut self) {
        _ = self.session.end_at_drop();
    }
}

/// Starts ChromeDriver on a free port, and reads the port from what it prints.
async fn driver() -> anyhow::Result<(Child, String)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("no chromedriver: `cargo xtask setup` installs it")?;
    let mut lines = BufReader::new(driver.stdout.take().context("no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            // The driver ends when it cannot write any more.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok((driver, format!("http://127.0.0.1:{}", port.trim_end_matches('.'))));
        }
    }
    anyhow::bail!("chromedriver ended before it listened")
}
