//! `cargo xtask demo`: prepares everything that the demo needs, then runs the demo in its place.

use anyhow::Result;
use clap::Args;

use crate::artifacts::{self, Warnings, Which};
use crate::runtime::Runtime;
use crate::{process, setup, workspace};

/// The options of the demo.
#[derive(Args)]
pub struct Options {
    /// End after the table instead of running until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// What runs the functions [default: Spin when version 4 is on PATH, else local].
    #[arg(long, value_enum)]
    runtime: Option<Runtime>,
}

/// Builds and starts the demo; returns only when that fails.
///
/// # Errors
/// Fails when something cannot be prepared, or the demo fails.
pub fn demo(options: &Options) -> Result<()> {
    let envoy = setup::envoy()?;
    artifacts::build(Which::Deployed, Warnings::Show)?;
    let mut cargo = workspace::cargo()?;
    cargo.args(["run", "--package", "gatelog-testbed", "--bin", "gatelog-demo", "--"]);
    if options.once {
        cargo.arg("--once");
    }
    cargo.args(["--runtime", Runtime::choose(options.runtime)?.name()]);
    process::replace_with(cargo.env("GATELOG_ENVOY", envoy))
}
