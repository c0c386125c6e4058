//! `cargo xtask build --all`: the wasm files and Envoy's module, those for tests and benchmarks included.

use anyhow::Result;

use crate::artifacts::{self, Warnings, Which};
use crate::module;

/// Builds everything.
///
/// # Errors
/// Those of the builds.
pub fn everything(warnings: Warnings) -> Result<()> {
    artifacts::build(Which::All, warnings)?;
    module::build()?;
    module::build_panicking()
}
