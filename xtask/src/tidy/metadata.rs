//! Data about the packages from `cargo metadata`, as far as rules need it.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{process, workspace};

/// The packages and the graph of one target.
#[derive(Deserialize)]
pub struct Metadata {
    /// All packages that the lock file names, for any target.
    packages: Vec<Package>,
    workspace_members: HashSet<String>,
    resolve: Resolve,
}

/// One package.
#[derive(Deserialize)]
pub struct Package {
    /// Cargo's id of the package.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Every dependency that its manifest names.
    pub dependencies: Vec<Dependency>,
    manifest_path: String,
}

/// A dependency as the manifest names it.
#[derive(Deserialize)]
pub struct Dependency {
    /// The package that is depended on.
    pub name: String,
    /// Its folder, unless it comes from a registry.
    pub path: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Metadata {
    /// Asks cargo for the packages that a build for `target` uses.
    ///
    /// # Errors
    /// Fails when cargo does, for example because of a wrong manifest.
    pub fn read(target: &str) -> Result<Self> {
        let mut cargo = workspace::cargo()?;
        cargo.args(["metadata", "--format-version", "1", "--filter-platform", target]);
        serde_json::from_str(&process::capture(&mut cargo)?).context("cargo metadata has an unknown form")
    }

    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.is_member(&package.id))
    }

    /// The external packages that a build for the target uses, including development dependencies.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        let used = self.resolve.nodes.iter().filter(|node| !self.is_member(&node.id));
        used.filter_map(|node| self.package(&node.id))
    }

    /// The packages that depend on the one with this id, in a build for the target.
    pub fn dependents(&self, id: &str) -> impl Iterator<Item = &Package> {
        let dependents =
            self.resolve.nodes.iter().filter(move |node| node.dependencies.iter().any(|d| d == id));
        dependents.filter_map(|node| self.package(&node.id))
    }

    fn is_member(&self, id: &str) -> bool {
        self.workspace_members.contains(id)
    }

    fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }
}

impl Package {
    /// The manifest, relative to the checkout; for foreign packages the root's manifest, which names them.
    pub fn manifest(&self) -> String {
        let own =
            workspace::root().ok().and_then(|root| Path::new(&self.manifest_path).strip_prefix(root).ok());
        own.map_or_else(|| "Cargo.toml".to_owned(), |path| path.to_string_lossy().replace('\\', "/"))
    }
}

/// The target that the active compiler runs on.
///
/// # Errors
/// Fails when the compiler does not answer.
pub fn host() -> Result<String> {
    let answer = process::capture(process::command("rustc").arg("-vV"))?;
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` prints no line `host: `")
}
