//! aioquic, which a test uses to speak HTTP/3 to Envoy: the user's own, or the Python package.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::cache;
use super::wheel::python_with_pip;
use crate::process;

/// The release that the project is tested with.
const VERSION: &str = "1.7.2";

/// The folder to put on Python's path: the one that `GATELOG_AIOQUIC` names, otherwise one in the cache,
/// fetched once.
///
/// # Errors
/// Fails with what to do when the package cannot be fetched.
pub fn aioquic() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_AIOQUIC").map(PathBuf::from) {
        return Ok(named);
    }
    let name = format!("aioquic-{VERSION}-{}-{}", env::consts::OS, env::consts::ARCH);
    cache::get_or_make(&name, |dir| {
        process::with_progress(&format!("fetching aioquic {VERSION} (once)"), || fetch(dir)).context(
            "cannot fetch aioquic; install the Python package and name its folder in GATELOG_AIOQUIC",
        )
    })
}

fn fetch(folder: &Path) -> Result<()> {
    let python = python_with_pip()?;
    let options = ["-m", "pip", "install", "--only-binary=:all:", "--no-input", "--target"];
    let package = format!("aioquic=={VERSION}");
    process::capture(process::command(&python).args(options).arg(folder).arg(&package))?;
    let import = ["-c", "import aioquic.h3.connection"];
    process::capture(process::command(&python).args(import).env("PYTHONPATH", folder))?;
    Ok(())
}
