//! The database servers that the tests run against: MariaDB from the system, Turso's server from its npm package.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{cache, debian};
use crate::{process, workspace};

/// The programs of a private MariaDB and their Debian packages, which start no service.
const MARIADB: &[(&str, &str)] = &[
    ("mariadbd", "mariadb-server-core"),
    ("mariadb-install-db", "mariadb-server-core"),
    ("my_print_defaults", "mariadb-client-core"),
    ("mariadb", "mariadb-client-core"),
];

/// The release of the npm package `turso` that the project is tested with.
const TURSO_VERSION: &str = "0.6.0";

/// Makes sure that a private MariaDB can be started.
///
/// # Errors
/// Fails with what to install when it is missing and cannot be installed.
pub fn mariadb() -> Result<()> {
    for (program, package) in MARIADB {
        debian::ensure_command(program, package)?;
    }
    Ok(())
}

/// Turso's server: `GATELOG_TURSODB`, otherwise `tursodb` on the path, otherwise the one in the npm package,
/// fetched once.
///
/// # Errors
/// Fails with what to do when there is none and the package cannot be fetched.
pub fn tursodb() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("GATELOG_TURSODB").map(PathBuf::from) {
        return Ok(named);
    }
    if let Some(file) = workspace::on_path("tursodb") {
        return Ok(file);
    }
    let name = format!("turso-{TURSO_VERSION}-{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let folder = cache::get_or_make(&name, |dir| {
        process::with_progress(&format!("fetching Turso {TURSO_VERSION} (once)"), || fetch(dir))
            .context("cannot fetch Turso's server; install the npm package turso and name its tursodb in GATELOG_TURSODB")
    })?;
    find(&folder)
}

fn fetch(folder: &Path) -> Result<()> {
    let npm = debian::ensure_command("npm", "npm")?;
    let options = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
    process::capture(process::command(&npm).args(options).arg(folder).arg(format!("turso@{TURSO_VERSION}")))?;
    let program = find(folder)?;
    process::capture(process::command(&program).arg("--version"))?;
    Ok(())
}

/// The program, in the part of the package for this system.
fn find(folder: &Path) -> Result<PathBuf> {
    let parts = folder.join("node_modules/@tursodatabase");
    let entries = std::fs::read_dir(&parts).with_context(|| {
        format!("the package turso has no program for {} on {}", std::env::consts::ARCH, std::env::consts::OS)
    })?;
    let mut programs = entries.flatten().map(|entry| entry.path().join("tursodb"));
    programs.find(|file| workspace::is_program(file)).context("the package turso holds no tursodb")
}
