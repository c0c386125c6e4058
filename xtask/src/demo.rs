//! `cargo xtask demo`: prepares everything that the demo needs, then replaces itself with the demo.

use std::path::PathBuf;

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
    /// What runs the functions [default: Spin when version 4.1 is on PATH, otherwise local].
    #[arg(long, value_enum)]
    runtime: Option<Runtime>,
}

/// Builds and starts the demo; returns only when that fails.
///
/// # Errors
/// Fails when something cannot be prepared, or the demo fails.
pub fn demo(options: &Options) -> Result<()> {
    let runtime = Runtime::choose(options.runtime)?;
    let envoy = setup::envoy()?;
    artifacts::build(Which::Deployed, Warnings::Show)?;
    let mut cargo = workspace::cargo()?;
    // A separate program runs the functions, so where Spin is available wasmtime is not built.
    cargo.args([
        "run",
        "--package",
        "gatelog-testbed",
        "--no-default-features",
        "--bin",
        "gatelog-demo",
        "--",
    ]);
    if options.once {
        cargo.arg("--once");
    }
    cargo.args(["--runtime", runtime.name()]).env("GATELOG_ENVOY", envoy);
    if let Runtime::Local = runtime {
        cargo.env("GATELOG_LOCAL", local_host()?);
    }
    process::replace_with(&mut cargo)
}

/// Builds the local host and returns its path.
fn local_host() -> Result<PathBuf> {
    let mut cargo = workspace::cargo()?;
    cargo.args(["build", "--package", "gatelog-spin-host", "--bin", "gatelog-local"]);
    let target = workspace::wasm_target_dir()?;
    process::run(cargo.env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("debug/gatelog-local"))
}
