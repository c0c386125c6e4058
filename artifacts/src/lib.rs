//! Where tests, benchmarks and the demo find the built WebAssembly files, Envoy's module and the workspace.

use std::path::{Path, PathBuf};

use anyhow::bail;

const TARGETS: [&str; 3] = ["wasm32-wasip2", "wasm32-unknown-unknown", "wasm32-wasip1"];

/// The file of a package built for `wasm32-wasip2` (components), `wasm32-unknown-unknown` (the filter) or `wasm32-wasip1`
/// (filters that use the SDK). `name` is the package's name with `-` or `_`.
///
/// # Errors
///
/// When the file is missing; the message names the command that builds it.
pub fn artifact(name: &str) -> anyhow::Result<PathBuf> {
    let file = format!("{}.wasm", name.replace('-', "_"));
    let folders = TARGETS.map(|target| target_folder().join(target).join("release"));
    for folder in &folders {
        let path = folder.join(&file);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("target/wasm32-*/release/{file} does not exist: run `cargo xtask build --all`")
}

/// The shipped Envoy module.
///
/// # Errors
///
/// The file is missing; the message says which command builds it.
pub fn module() -> anyhow::Result<PathBuf> {
    module_in("module")
}

/// The Envoy module with hooks that panic when `GATELOG_PANIC_IN` names them.
///
/// # Errors
///
/// As for [`module`].
pub fn panicking_module() -> anyhow::Result<PathBuf> {
    module_in("panicking-module")
}

fn module_in(folder: &str) -> anyhow::Result<PathBuf> {
    let path = target_folder().join(folder).join("libgatelog.so");
    if !path.is_file() {
        bail!("target/{folder}/libgatelog.so does not exist: run `cargo xtask build --all`");
    }
    Ok(path)
}

/// Cargo's default build folder, unless the environment names another.
fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => workspace().join("target"),
    }
}

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_missing_file_says_how_to_build_it() {
        let error = artifact("no-such-package").unwrap_err().to_string();
        assert!(error.contains("no_such_package.wasm") && error.contains("cargo xtask build"), "{error}");
    }
}
