//! `cargo xtask tidy`: the project's own rules, as far as a program can check them.
//!
//! Each file here holds the rules about one kind of thing, as functions from text to findings:
//!
//! - [`text`]: any text file: white space, paths of one machine
//! - [`rust`]: Rust files: the opening line, length, forbidden test attributes
//! - [`layers`]: who may depend on whom, and who may name a host's SDK
//! - [`fields`]: one list of record fields
//! - [`manifests`]: versions and lints in one place
//! - [`licences`]: what dependencies may be under
//! - [`docs`]: paths and links in documents, and the length of the README

mod docs;
mod fields;
mod layers;
mod licences;
mod manifests;
mod metadata;
mod rust;
mod text;
mod tokens;
mod tree;

use std::fmt;

use anyhow::{Result, bail};

use metadata::Metadata;
use tree::Tree;

/// Documents that the project must have.
const REQUIRED: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    line: usize,
    what: String,
    fix: &'static str,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, fix: &'static str) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), fix }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.fix)
    }
}

/// Checks the checkout, and prints each finding as `file:line: what; what to do`.
///
/// # Errors
/// Fails when there are findings, or git or cargo cannot be asked.
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
    Ok(())
}

fn of_files(tree: &Tree) -> Vec<Finding> {
    let missing = REQUIRED.iter().filter(|path| !tree.has(path));
    let mut findings: Vec<Finding> =
        missing.map(|path| Finding::new(path, 1, "there is no such file", "write it")).collect();
    let names = fields::names(tree, &mut findings);
    for file in tree.files() {
        findings.extend(text::check(file));
        findings.extend(manifests::check(file));
        findings.extend(docs::check(file, tree));
        if file.path.ends_with(".rs") {
            match tokens::tokens(&file.text) {
                Ok(tokens) => {
                    findings.extend(rust::check(file, &tokens));
                    findings.extend(layers::check_names(file, &tokens));
                    findings.extend(fields::check_rust(file, &tokens, &names));
                }
                Err(error) => findings.push(Finding::new(
                    &file.path,
                    1,
                    format!("not readable as Rust ({error})"),
                    "correct the syntax",
                )),
            }
        } else {
            findings.extend(fields::check_text(file, &names));
        }
    }
    findings
}

fn of_packages() -> Result<Vec<Finding>> {
    let native = Metadata::read(&metadata::host()?)?;
    let mut findings = layers::check_dependencies(&native);
    findings.extend(layers::check_native_graph(&native));
    findings.extend(licences::check(&native));
    for target in crate::setup::TARGETS {
        findings.extend(licences::check(&Metadata::read(target)?));
    }
    Ok(findings)
}
