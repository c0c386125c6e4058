//! The WebAssembly files: their packages, size limits and builds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::setup::{self, WasmToolchain};
use crate::targets::{PLAIN, WASIP1, WASIP2};
use crate::{process, workspace};

/// A package that is built as a wasm file.
pub struct Artifact {
    /// The cargo package.
    pub package: &'static str,
    /// The target that it is for.
    pub target: &'static str,
    /// The largest accepted size in bytes; `None` for files that only tests and benchmarks load.
    max_bytes: Option<u64>,
}

impl Artifact {
    fn is_deployed(&self) -> bool {
        self.max_bytes.is_some()
    }
}

/// Everything that is built for WebAssembly.
pub const ARTIFACTS: &[Artifact] = &[
    Artifact { package: "gatelog-filter", target: PLAIN, max_bytes: Some(600_000) },
    Artifact { package: "gatelog-echo-filter", target: PLAIN, max_bytes: None },
    Artifact { package: "gatelog-noop-filter", target: WASIP1, max_bytes: None },
    Artifact { package: "gatelog-trap-filter", target: WASIP1, max_bytes: None },
    Artifact { package: "gatelog-counted-filter", target: PLAIN, max_bytes: None },
    // Half of it is Lua, for the custom fields of the syslog sink; 300 kB are OTLP and the decoders of gzip and zstd.
    Artifact { package: "gatelog-ingest", target: WASIP2, max_bytes: Some(3_200_000) },
    // Includes the world's time zones, 200 kB, its own description, 230 kB, and the price table, 80 kB.
    Artifact { package: "gatelog-query", target: WASIP2, max_bytes: Some(2_300_000) },
    Artifact { package: "gatelog-health", target: WASIP2, max_bytes: Some(1_500_000) },
    // The page in three codings, which is nearly all of it.
    Artifact { package: "gatelog-dashboard", target: WASIP2, max_bytes: Some(800_000) },
    Artifact { package: "gatelog-probe", target: WASIP2, max_bytes: None },
];

/// How to treat compiler warnings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    /// Show them.
    Show,
    /// Show them, then fail.
    Deny,
}

/// Which wasm files to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that are deployed.
    Deployed,
    /// Also those that only tests and benchmarks load.
    All,
}

/// Builds wasm files, prints the sizes of those that have a limit, and fails if one exceeds it.
///
/// # Errors
/// Fails when there is no toolchain, the build fails, a file is too large, or warnings are denied and there are some.
pub fn build(which: Which, warnings: Warnings) -> Result<()> {
    let toolchain = setup::wasm()?;
    let mut found = 0;
    for artifact in ARTIFACTS.iter().filter(|artifact| which == Which::All || artifact.is_deployed()) {
        found += compile(&toolchain, artifact)?;
    }
    if found > 0 && warnings == Warnings::Deny {
        bail!("the compiler gave {found} warnings for wasm (above); remove their causes");
    }
    check_sizes()
}

/// Runs clippy on each package, with the features that it is built with.
///
/// # Errors
/// Fails when clippy finds something.
pub fn clippy(toolchain: &WasmToolchain) -> Result<()> {
    for artifact in ARTIFACTS {
        let mut cargo = target_dir(toolchain.cargo()?)?;
        // As a release build, to share the macros with the following build.
        cargo.args(["clippy", "--release", "--target", artifact.target, "--package", artifact.package]);
        process::run(cargo.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// Builds one file in its own run, because packages built together share features, and each file would differ from
/// a build of its package alone. Returns the number of warnings.
fn compile(toolchain: &WasmToolchain, artifact: &Artifact) -> Result<usize> {
    let mut cargo = target_dir(toolchain.cargo()?)?;
    cargo.args(["build", "--release", "--package", artifact.package, "--target", artifact.target]);
    cargo.args(["--message-format", "json"]);
    let mut child = cargo.stdout(Stdio::piped()).spawn().with_context(|| process::line(&cargo))?;
    let mut warnings = 0;
    for line in BufReader::new(child.stdout.take().context("no pipe for cargo's messages")?).lines() {
        if let Some(diagnostic) = diagnostic(&line?) {
            eprint!("{}", diagnostic.rendered);
            warnings += usize::from(diagnostic.level == "warning");
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("failed ({status}): {}", process::line(&cargo));
    }
    Ok(warnings)
}

fn target_dir(mut cargo: Command) -> Result<Command> {
    cargo.env("CARGO_TARGET_DIR", workspace::wasm_target_dir()?);
    Ok(cargo)
}

/// A line of cargo's JSON messages, with the members that matter here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: String,
}

fn diagnostic(line: &str) -> Option<Diagnostic> {
    let message: Message = serde_json::from_str(line).ok()?;
    message.message.filter(|_| message.reason == "compiler-message")
}

fn check_sizes() -> Result<()> {
    let mut too_large = Vec::new();
    for artifact in ARTIFACTS {
        let Some(max_bytes) = artifact.max_bytes else { continue };
        let name = format!("{}.wasm", artifact.package.replace('-', "_"));
        let file = workspace::wasm_target_dir()?.join(artifact.target).join("release").join(&name);
        let bytes = fs::metadata(&file)
            .with_context(|| {
                format!("the build made no {}; is the package's crate type cdylib?", file.display())
            })?
            .len();
        eprintln!("{name:<24}{:>8} kB of {:>5} kB", kilobytes(bytes), kilobytes(max_bytes));
        if bytes > max_bytes {
            too_large.push(name);
        }
    }
    if !too_large.is_empty() {
        bail!(
            "over the size limit: {}; see what `cargo tree` brings in, or which code is new",
            too_large.join(", ")
        );
    }
    Ok(())
}

/// Thousands of bytes, rounded up, so that a file over its limit never looks as if it fits.
fn kilobytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read_from_cargos_messages() {
        let line = r#"{"reason":"compiler-message","message":{"level":"warning","rendered":"unused\n"}}"#;
        assert_eq!(diagnostic(line).unwrap().level, "warning");
        assert!(diagnostic(r#"{"reason":"compiler-artifact","fresh":true}"#).is_none());
        assert!(diagnostic("not JSON").is_none());
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(kilobytes(400_000), 400);
        assert_eq!(kilobytes(400_001), 401);
    }
}
