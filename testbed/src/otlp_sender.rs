//! A sender of OpenTelemetry's logs that is not gatelog's: the Python SDK in `testdata/otlp_export.py`.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

/// The program; its first lines describe it.
const SENDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/otlp_export.py");

/// Time limit of a run, longer than the exporter repeats a request.
const LIMIT: Duration = Duration::from_secs(180);

/// Sends log records, each a JSON object, in one request to `endpoint`, and returns when the exporter has sent them or given
/// up. `compression` is `none`, `gzip` or `deflate`. Returns what the exporter said.
///
/// # Errors
///
/// When the packages are not there, or the program fails.
pub async fn send(endpoint: &str, compression: &str, log_records: &[String]) -> anyhow::Result<String> {
    let packages = std::env::var_os("GATELOG_OPENTELEMETRY").context(
        "GATELOG_OPENTELEMETRY names no folder with OpenTelemetry's exporter: run this through `cargo xtask test`, or set it",
    )?;
    let mut command = Command::new("python3");
    command.arg(SENDER).args([endpoint, compression]).env("PYTHONPATH", packages).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("python3 does not start")?;
    let mut input = child.stdin.take().context("the sender has no input")?;
    input.write_all(log_records.join("\n").as_bytes()).await?;
    drop(input);
    let output = timeout(LIMIT, child.wait_with_output()).await.context("the sender does not end")??;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "the sender fails: {said}");
    Ok(said)
}
