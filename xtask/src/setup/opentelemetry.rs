//! OpenTelemetry's Python packages, with which tests send logs over OTLP and check what is sent: the user's own, or fetched.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::cache;
use super::wheel::python_with_pip;
use crate::process;

/// The exporter, which brings the SDK and the messages of the protocol.
const PACKAGE: &str = "opentelemetry-exporter-otlp-proto-http";
/// The release that the project is tested with.
const VERSION: &str = "1.45.2";

/// The folder to put on Python's path: the one that `GATELOG_OPENTELEMETRY` names, otherwise one in the cache,
/// fetched once.
///
/// # Errors
/// Fails with what to do when the packages cannot be fetched.
pub fn opentelemetry() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_OPENTELEMETRY").map(PathBuf::from) {
        return Ok(named);
    }
    let name = format!("opentelemetry-{VERSION}-{}-{}", env::consts::OS, env::consts::ARCH);
    cache::get_or_make(&name, |dir| {
        process::with_progress(&format!("fetching OpenTelemetry for Python {VERSION} (once)"), || fetch(dir))
            .with_context(|| {
                format!(
                    "cannot fetch {PACKAGE}; install the Python package and name its folder in GATELOG_OPENTELEMETRY"
                )
            })
    })
}

fn fetch(folder: &Path) -> Result<()> {
    let python = python_with_pip()?;
    let options = ["-m", "pip", "install", "--only-binary=:all:", "--no-input", "--target"];
    let package = format!("{PACKAGE}=={VERSION}");
    process::capture(process::command(&python).args(options).arg(folder).arg(&package))?;
    let import = [
        "-c",
        "import opentelemetry.exporter.otlp.proto.http._log_exporter, opentelemetry.proto.collector.logs.v1.logs_service_pb2",
    ];
    process::capture(process::command(&python).args(import).env("PYTHONPATH", folder))?;
    Ok(())
}
