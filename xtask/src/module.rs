//! Envoy's module: the file that is shipped, and one whose hooks panic when a test asks for it.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

const PACKAGE: &str = "gatelog-envoy-module";
const FILE: &str = "libgatelog.so";
/// The profile of the shipped file, and the folder that it stands in.
const PROFILE: &str = "module";
/// The folder of the file for tests.
const PANICKING: &str = "panicking-module";
/// The largest size of the shipped file that is accepted, in bytes.
const MAX_BYTES: u64 = 3_500_000;
/// What distroless images lack; see the package's `build.rs`.
const MISSING_IN_IMAGES: &str = "libgcc_s";

/// Builds the shipped file into `target/module`.
///
/// # Errors
/// Fails when the build does, or the file is too large or needs a library that images with Envoy lack.
pub fn build() -> Result<()> {
    let mut cargo = cargo()?;
    process::run(cargo.args(["--profile", PROFILE]))?;
    let file = workspace::wasm_target_dir()?.join(PROFILE).join(FILE);
    let content = fs::read(&file).with_context(|| format!("the build made no {}", file.display()))?;
    let bytes = u64::try_from(content.len())?;
    eprintln!("{FILE:<24}{:>8} kB of {:>5} kB", bytes.div_ceil(1_000), MAX_BYTES / 1_000);
    if bytes > MAX_BYTES {
        bail!(
            "{FILE} is over the size limit; see what `cargo tree -p {PACKAGE}` brings in, or which code is new"
        );
    }
    let missing = MISSING_IN_IMAGES.as_bytes();
    if content.windows(missing.len()).any(|found| found == missing) {
        bail!("{FILE} needs {MISSING_IN_IMAGES}, which images with Envoy and nothing else lack");
    }
    Ok(())
}

/// Builds the file for tests into `target/panicking-module`, with what a debug build has compiled already.
///
/// # Errors
/// Fails when the build does.
pub fn build_panicking() -> Result<()> {
    process::run(cargo()?.args(["--features", "panic-injection"]))?;
    let target = workspace::wasm_target_dir()?;
    let folder = target.join(PANICKING);
    fs::create_dir_all(&folder)?;
    fs::copy(target.join("debug").join(FILE), folder.join(FILE))
        .with_context(|| format!("the build made no {FILE}"))?;
    Ok(())
}

fn cargo() -> Result<Command> {
    let mut cargo = workspace::cargo()?;
    cargo.current_dir(workspace::root()?).env("CARGO_TARGET_DIR", workspace::wasm_target_dir()?);
    cargo.args(["build", "--package", PACKAGE]);
    Ok(cargo)
}
