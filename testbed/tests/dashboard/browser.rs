//! A headless Chromium and the ChromeDriver that leads it, for one test.

use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::web_driver::Session;

/// Browsers at once. Each takes a core while a page loads.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// What a test's Chromium runs without: what would reach for other hosts, and the sandbox, which root has not.
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
pub struct Browser {
    pub session: Session,
    /// What pages download.
    pub downloads: TempDir,
    _driver: Child,
    _permit: SemaphorePermit<'static>,
}

impl Browser {
    pub async fn start() -> Self {
        let permit = BROWSERS.acquire().await.unwrap();
        let (driver, address) = driver().await;
        let downloads = tempfile::tempdir().unwrap();
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": ARGUMENTS,
                "prefs": { "download.default_directory": downloads.path() },
            },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = Session::start(&address, &capabilities).await;
        let session = session.unwrap_or_else(|error| panic!("Chromium does not start: {error:#}"));
        Self { session, downloads, _driver: driver, _permit: permit }
    }
}

/// Chromium outlives a ChromeDriver that is killed, so it is ended first.
impl Drop for Browser {
    fn drop(&mut self) {
        _ = self.session.end_at_drop();
    }
}

/// Starts ChromeDriver on a free port, and reads the port from what it prints.
async fn driver() -> (Child, String) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("no chromedriver ({error}): `cargo xtask setup` installs it"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            // The driver ends when it cannot write any more.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (driver, format!("http://127.0.0.1:{}", port.trim_end_matches('.')));
        }
    }
    panic!("chromedriver ended before it listened");
}
