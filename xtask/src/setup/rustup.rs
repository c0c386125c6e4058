//! Adds targets and components to the active toolchain with rustup.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Time limit for rustup; a working download ends long before.
const LIMIT: Duration = Duration::from_secs(300);

/// Whether the active toolchain, whoever installed it, has the standard library of all `targets`.
///
/// # Errors
/// Fails when the compiler does not answer.
pub fn has_targets(targets: &[&str]) -> Result<bool> {
    let sysroot = process::capture(process::command("rustc").args(["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
    Ok(targets.iter().all(|target| holds_std(&libraries.join(target).join("lib"))))
}

/// Lets rustup download `targets`, and returns whether it succeeded. Where it cannot, it usually ends within a
/// second.
pub fn add_targets(targets: &[&str]) -> bool {
    let what = format!("adding the targets {} with rustup", targets.join(" and "));
    attempt(&what, rustup().args(["target", "add"]).args(targets))
}

/// Makes sure that `cargo {name}` runs; rustup's minimal profile lacks it.
///
/// # Errors
/// Fails with what to install when it does not run and rustup cannot add it.
pub fn ensure_component(name: &str) -> Result<()> {
    let runs = || process::capture(workspace::cargo()?.args([name, "--version"])).map(drop);
    if runs().is_ok() {
        return Ok(());
    }
    let component = if name == "fmt" { "rustfmt" } else { name };
    attempt(&format!("adding {component} with rustup"), rustup().args(["component", "add", component]));
    runs().with_context(|| {
        format!("there is no `cargo {name}`; install it with `rustup component add {component}`")
    })
}

fn rustup() -> Command {
    let mut command = process::command("rustup");
    command.env("RUSTUP_MAX_RETRIES", "0");
    command
}

fn attempt(what: &str, command: &mut Command) -> bool {
    if workspace::on_path("rustup").is_none() {
        return false;
    }
    let result = process::with_progress(what, || process::run_quietly(command, LIMIT));
    if let Err(error) = &result {
        eprintln!("  rustup cannot: {}", reason(&format!("{error:#}")));
    }
    result.is_ok()
}

/// The line of rustup's long report that says what failed.
fn reason(report: &str) -> &str {
    let first_error = report.lines().find_map(|line| line.strip_prefix("error: "));
    first_error.or_else(|| report.lines().next()).unwrap_or(report)
}

fn holds_std(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_error_of_a_long_report_is_shown() {
        let report = "failed (exit status: 1): rustup target add x\ninfo: downloading component\n\
                      error: component download failed for x\n\nCaused by:\n    0: no network";
        assert_eq!(reason(report), "component download failed for x");
        assert_eq!(
            reason("no end after 300 s: rustup target add x"),
            "no end after 300 s: rustup target add x"
        );
    }

    #[test]
    fn a_target_without_its_standard_library_counts_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!holds_std(folder.path()));
        assert!(!holds_std(&folder.path().join("missing")));
        fs::write(folder.path().join("libstd-0123.rlib"), "").unwrap();
        assert!(holds_std(folder.path()));
    }
}
