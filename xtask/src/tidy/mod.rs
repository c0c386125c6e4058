//! `cargo xtask tidy`: the project's own rules, as far as a program can check them.
//!
//! Each file here has the rules about one subject, as functions from text to findings:
//!
//! - [`text`]: any text file: white space, paths of one machine
//! - [`rust`]: Rust files: the opening line, length, forbidden test attributes
//! - [`layers`]: which packages may depend on which, and which files may name a host's SDK
//! - [`circles`]: which modules may import which
//! - [`unreached`]: files that belong to no crate
//! - [`manifests`]: versions and lints in one place
//! - [`vendored`]: libraries in folders with a `VENDOR.toml`
//! - [`docs`]: paths and links in documents, and the length of the README; [`anchors`]: the places within a document
//!
//! `cargo deny` checks the licences and sources of dependencies, by the rules in `deny.toml`.

mod anchors;
mod circles;
mod docs;
mod finding;
mod layers;
mod manifests;
mod metadata;
mod rust;
mod text;
mod tokens;
mod tree;
mod unreached;
mod vendored;

use anyhow::{Result, bail};

use crate::{process, setup, workspace};
use finding::Finding;
use metadata::Metadata;
use tree::Tree;

/// Documents that the project must have.
const REQUIRED: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];

/// Checks the checkout, and prints each finding as `file:line: what; what to do`.
///
/// # Errors
/// Fails when there are findings, or git, cargo or cargo-deny cannot be run.
pub fn tidy() -> Result<()> {
    let tree = Tree::read()?;
    let mut findings = of_files(&tree);
    findings.extend(of_packages()?);
    findings.sort();
    findings.dedup();
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings (above)", findings.len());
    }
    dependencies()
}

fn of_files(tree: &Tree) -> Vec<Finding> {
    let missing = REQUIRED.iter().filter(|path| !tree.has(path));
    let mut findings: Vec<Finding> =
        missing.map(|path| Finding::new(path, 1, "there is no such file", "write it")).collect();
    findings.extend(circles::check(tree));
    findings.extend(unreached::check(tree));
    findings.extend(vendored::check(tree));
    for file in tree.files().iter().filter(|file| !vendored::is_vendored(tree, &file.path)) {
        findings.extend(text::check(file));
        findings.extend(manifests::check(file));
        findings.extend(docs::check(file, tree));
        if file.path.ends_with(".rs") {
            match tokens::tokens(&file.text) {
                Ok(tokens) => {
                    findings.extend(rust::check(file, &tokens));
                    findings.extend(layers::check_names(file, &tokens));
                }
                Err(error) => findings.push(Finding::new(
                    &file.path,
                    1,
                    format!("not readable as Rust ({error})"),
                    "correct the syntax",
                )),
            }
        }
    }
    findings
}

fn of_packages() -> Result<Vec<Finding>> {
    let native = Metadata::read(&metadata::host()?)?;
    let mut findings = layers::check_dependencies(&native);
    findings.extend(layers::check_native_graph(&native));
    Ok(findings)
}

/// Checks the licences and sources of dependencies, by the rules in `deny.toml`.
fn dependencies() -> Result<()> {
    let mut deny = process::command(setup::cargo_deny()?);
    deny.current_dir(workspace::root()?);
    process::run(deny.args(["--locked", "--log-level", "error", "check", "licenses", "sources"]))
}
