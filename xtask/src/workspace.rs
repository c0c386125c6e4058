//! Where things are: the checkout, its build folder, the active toolchain, the per-user cache.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The checkout's root folder.
///
/// # Errors
/// Fails when the crate's own folder has no parent, which cannot happen in a checkout.
pub fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder; run it in a checkout")
}

/// The folder that holds the wasm files: always `target` of the checkout, because the tests look for them there.
///
/// # Errors
/// Like [`root`].
pub fn wasm_target_dir() -> Result<PathBuf> {
    Ok(root()?.join("target"))
}

/// The active toolchain's cargo, in the checkout, with empty input.
///
/// # Errors
/// Like [`root`].
pub fn cargo() -> Result<Command> {
    let mut command = process::command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()?);
    Ok(command)
}

/// The per-user cache folder `gatelog`, under `$XDG_CACHE_HOME` or `~/.cache`.
///
/// # Errors
/// Fails when neither variable is set.
pub fn cache_dir() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => dir,
        _ => env::home_dir().context("no home folder; set HOME or XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(base.join("gatelog"))
}

/// The file that running `name` would start, looked up on `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|file| is_program(file))
}

/// Whether the file can be run.
pub fn is_program(file: &Path) -> bool {
    let Ok(meta) = file.metadata() else { return false };
    #[cfg(unix)]
    let runnable = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let runnable = true;
    meta.is_file() && runnable
}
