//! `cargo xtask test`: everything that must pass before a change is accepted, cheap steps first.

use std::io::{self, BufRead, BufReader, Write};
use std::mem;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::artifacts::{self, Warnings};
use crate::runtime::{self, Runtime};
use crate::step::Steps;
use crate::{build, process, setup, tidy, workspace};

const FORMAT: &str = "fmt --all --check";
const CLIPPY: &str = "clippy --workspace --all-targets -- -D warnings";
const DOCUMENT: &str = "doc --workspace --no-deps";
const TESTS: &str = "test --workspace --no-fail-fast";

/// The options of the tests.
#[derive(Args)]
pub struct Options {
    /// What runs the functions in the end-to-end tests and the store tests [default: Spin when version 4.1 is on PATH,
    /// otherwise local].
    #[arg(long, value_enum)]
    runtime: Option<Runtime>,
}

/// Runs all steps and stops at the first that fails.
///
/// # Errors
/// Fails with the step's name and the command that runs it alone.
pub fn test(options: &Options) -> Result<()> {
    let runtime = Runtime::choose(options.runtime)?;
    let mut steps = Steps::new(8);
    steps.step("formatting", "cargo fmt --all", || {
        setup::ensure_component("fmt")?;
        process::run(&mut cargo(FORMAT)?)
    })?;
    steps.step("tidy", "cargo xtask tidy", tidy::tidy)?;
    steps.step("clippy", &format!("cargo {CLIPPY}"), || {
        setup::ensure_component("clippy")?;
        process::run(&mut cargo(CLIPPY)?)
    })?;
    steps.step("documentation", &format!("RUSTDOCFLAGS='-D warnings' cargo {DOCUMENT}"), || {
        process::run(cargo(DOCUMENT)?.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let setup::Machine { toolchain, programs } =
        steps.step("set-up", "cargo xtask setup", setup::everything)?;
    steps.step("clippy for wasm", "the command above", || {
        if toolchain.has_clippy() {
            return artifacts::clippy(&toolchain);
        }
        eprintln!("this toolchain has no clippy for wasm; the next step denies the compiler's warnings");
        Ok(())
    })?;
    steps.step("wasm files and the module, warnings denied", "cargo xtask build --all", || {
        build::everything(Warnings::Deny)
    })?;
    let alone = format!("{programs}{}={} cargo {TESTS}", runtime::VARIABLE, runtime.name());
    let last_lines = steps.step("tests", &alone, || run_tests(&programs, runtime))?;
    // Repeated, because the first line has scrolled away.
    Runtime::choose(Some(runtime))?;
    steps.finish();
    print!("{last_lines}");
    Ok(())
}

fn cargo(words: &str) -> Result<Command> {
    let mut cargo = workspace::cargo()?;
    cargo.args(words.split(' '));
    Ok(cargo)
}

/// Runs cargo's tests. Their output is shown immediately, except the last result, which is returned so that it can be
/// printed at the very end.
fn run_tests(programs: &setup::Programs, runtime: Runtime) -> Result<String> {
    let (reader, writer) = io::pipe()?;
    let mut cargo = cargo(TESTS)?;
    cargo
        .envs(programs.variables())
        .env(runtime::VARIABLE, runtime.name())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let name = process::line(&cargo);
    let mut child = cargo.spawn().with_context(|| format!("cannot start {name}"))?;
    // The command keeps the write ends of the pipe open, so reading would not end.
    mem::drop(mem::replace(&mut cargo, Command::new("")));
    let last = hold_back_last_result(BufReader::new(reader), io::stdout())?;
    let status = child.wait()?;
    if !status.success() {
        print!("{last}");
        bail!("failed ({status}): {name}");
    }
    Ok(last)
}

/// Copies lines, and returns those from the last `test result:` line on.
fn hold_back_last_result(from: impl BufRead, mut to: impl Write) -> Result<String> {
    let mut held = String::new();
    for line in from.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let begins = line.starts_with("test result:");
        if begins || held.is_empty() || !line.trim().is_empty() {
            to.write_all(mem::take(&mut held).as_bytes())?;
        }
        if begins || !held.is_empty() {
            held.push_str(&line);
            held.push('\n');
        } else {
            writeln!(to, "{line}")?;
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_result_is_held_back_and_everything_else_is_copied_in_order() {
        let output =
            "running 1 test\n\ntest result: ok. 1 passed\n\nrunning 2 tests\n\ntest result: ok. 2 passed\n\n";
        let mut shown = Vec::new();
        let last = hold_back_last_result(output.as_bytes(), &mut shown).unwrap();
        assert_eq!(last, "test result: ok. 2 passed\n\n");
        assert_eq!(String::from_utf8(shown).unwrap() + &last, output);
    }
}
