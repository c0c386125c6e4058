//! What the dashboard's tests need: Chromium with its driver, and axe-core, which looks for what keeps readers out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{cache, debian};
use crate::process;

/// The programs and Debian's packages of them.
const PROGRAMS: &[(&str, &str)] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// The release of the npm package `axe-core` that the page is checked with.
const AXE_VERSION: &str = "4.14.1";

/// Makes sure that a headless Chromium can be started.
///
/// # Errors
/// Fails with what to install when it is missing and cannot be installed.
pub fn chromium() -> Result<()> {
    for (program, package) in PROGRAMS {
        debian::ensure_command(program, package)?;
    }
    Ok(())
}

/// The script of axe-core: `GATELOG_AXE`, else that of the npm package, fetched once.
///
/// # Errors
/// Fails with what to do when it cannot be fetched.
pub fn axe() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("GATELOG_AXE").map(PathBuf::from) {
        return Ok(named);
    }
    let folder = cache::get_or_make(&format!("axe-core-{AXE_VERSION}"), |dir| {
        process::with_progress(&format!("fetching axe-core {AXE_VERSION} (once)"), || fetch(dir))
            .context("cannot fetch axe-core; install the npm package and name its axe.min.js in GATELOG_AXE")
    })?;
    Ok(script(&folder))
}

fn fetch(folder: &Path) -> Result<()> {
    let npm = debian::ensure_command("npm", "npm")?;
    let options = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
    process::capture(
        process::command(&npm).args(options).arg(folder).arg(format!("axe-core@{AXE_VERSION}")),
    )?;
    anyhow::ensure!(script(folder).is_file(), "the package axe-core holds no axe.min.js");
    Ok(())
}

fn script(folder: &Path) -> PathBuf {
    folder.join("node_modules/axe-core/axe.min.js")
}
