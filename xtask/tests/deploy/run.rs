//! Runs programs and shows what they say when they fail.

use std::path::PathBuf;
use std::process::Command;

/// What the command prints.
///
/// # Panics
/// When it cannot start or fails.
pub fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot start {command:?}: {error}; `cargo xtask setup` installs what is missing")
    });
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{complained}");
    said.into_owned()
}

/// The root folder of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}
