//! Finds the manifests and reads them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::root;

/// Folders of `deploy` with resources for Kubernetes.
const FOLDERS: [&str; 5] = ["kubernetes", "spinkube", "higress", "istio", "envoy-gateway"];

/// Files in them that are no resources.
const NO_RESOURCES: [&str; 3] = [
    // Values of a chart.
    "istio/mesh-config.yaml",
    // The form of Higress's console.
    "higress/plugin/spec.yaml",
    // Configuration of kustomize.
    "spinkube/base/images.yaml",
];

/// What kustomize calls its own files.
pub const KUSTOMIZATION: &str = "kustomization.yaml";

/// The folder of what is deployed.
pub fn deploy() -> PathBuf {
    root().join("deploy")
}

/// All files of a folder whose name ends so, with those in folders in it.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The manifests that are whole resources: not the patches of kustomize, which only change others.
pub fn manifests() -> Vec<PathBuf> {
    let all: Vec<PathBuf> =
        FOLDERS.iter().flat_map(|folder| files(&deploy().join(folder), ".yaml")).collect();
    let patches: Vec<PathBuf> =
        all.iter().filter(|file| file.ends_with(KUSTOMIZATION)).flat_map(|file| patches(file)).collect();
    let is_resource = |file: &PathBuf| {
        !patches.contains(file) && !NO_RESOURCES.iter().any(|other| *file == deploy().join(other))
    };
    all.into_iter().filter(is_resource).collect()
}

/// The files that a kustomization patches with.
pub fn patches(kustomization: &Path) -> Vec<PathBuf> {
    let folder = kustomization.parent().unwrap();
    let content = &documents(kustomization)[0];
    let patches = content["patches"].as_array().into_iter().flatten();
    patches.filter_map(|patch| patch["path"].as_str()).map(|path| folder.join(path)).collect()
}

/// The documents of a file.
pub fn documents(file: &Path) -> Vec<Value> {
    parse(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// The documents of a text.
pub fn parse(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

/// The only resource of this kind and name.
pub fn find<'a>(resources: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = resources.iter().filter(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    let first = found.next().unwrap_or_else(|| panic!("no {kind} {name}"));
    assert!(found.next().is_none(), "more than one {kind} {name}");
    first
}
