//! `cargo xtask docs` and `cargo xtask docs-check`: the documents that are made from the code, and whether what they say runs.

use anyhow::Result;

use crate::artifacts::{self, Warnings, Which};
use crate::runtime::{self, Runtime};
use crate::{process, setup, workspace};

/// The test that compares documents with the code, and writes those that are made from it.
const COMPARED: &str = "test --quiet --package xtask --test documents";
/// The test that runs what the documents say.
const RUN: &str = "test --package gatelog-testbed --test documents -- --nocapture";

/// Writes the pages that are made from the tables in the code: `docs/fields.md` and `docs/api.md`.
///
/// # Errors
/// Fails when they cannot be made.
pub fn make() -> Result<()> {
    let mut cargo = workspace::cargo()?;
    process::run(cargo.args(COMPARED.split(' ')).arg("generated").env("UPDATE_EXPECT", "1"))
}

/// Compares the documents with the code, then loads every configuration and runs every command in them that can run here.
///
/// # Errors
/// Fails when something in a document is wrong; the message names the page and the line.
pub fn check() -> Result<()> {
    let runtime = Runtime::choose(None)?;
    let mut cargo = workspace::cargo()?;
    process::run(cargo.args(COMPARED.split(' ')))?;
    let setup::Machine { programs, .. } = setup::everything()?;
    artifacts::build(Which::Deployed, Warnings::Show)?;
    let mut cargo = workspace::cargo()?;
    cargo.args(RUN.split(' ')).envs(programs.variables()).env(runtime::VARIABLE, runtime.name());
    process::run(&mut cargo)
}
