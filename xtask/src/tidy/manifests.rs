//! Rules for manifests: versions, lints and package data are written once, in the root.

use toml::{Table, Value};

use super::finding::Finding;
use super::tree::File;

const ROOT: &str = "Cargo.toml";

/// Keys that a package inherits from the root.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// Checks one file, when it is the manifest of a package.
pub fn check(file: &File) -> Vec<Finding> {
    let is_package = file.path != ROOT && file.path.rsplit('/').next() == Some(ROOT);
    if is_package { check_manifest(file) } else { Vec::new() }
}

fn check_manifest(file: &File) -> Vec<Finding> {
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(&file.path, 1, format!("not TOML: {error}"), "correct it")],
    };
    let mut findings = Vec::new();
    let lints = manifest.get("lints").and_then(Value::as_table);
    if !lints.is_some_and(inherits) {
        let fix = "add `[lints]` with `workspace = true`";
        findings.push(Finding::new(&file.path, 1, "the package does not use the workspace's lints", fix));
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !package.and_then(|package| package.get(*key)).and_then(Value::as_table).is_some_and(inherits) {
            let what = format!("`{key}` of the package is not the workspace's");
            findings.push(Finding::new(&file.path, line_of(file, key), what, "write `….workspace = true`"));
        }
    }
    let own_name = package.and_then(|package| package.get("name")).and_then(Value::as_str);
    // A package may depend on itself, so that its tests can use an optional feature.
    for (name, dependency) in dependencies(&manifest).filter(|(name, _)| own_name != Some(name)) {
        if !dependency.as_table().is_some_and(inherits) {
            let what = format!("the dependency {name} is not taken from the workspace");
            let fix = "put its version into [workspace.dependencies] and write `….workspace = true` here";
            findings.push(Finding::new(&file.path, line_of(file, name), what, fix));
        }
    }
    findings
}

fn inherits(table: &Table) -> bool {
    table.get("workspace") == Some(&Value::Boolean(true))
}

/// The dependencies of every kind, for every target.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = std::iter::once(manifest).chain(targets.filter_map(Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    tables.flat_map(move |table| kinds.into_iter().filter_map(|kind| table.get(kind)?.as_table())).flatten()
}

/// The line that begins with `key`, otherwise the first.
fn line_of(file: &File, key: &str) -> usize {
    let begins = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
    file.text.lines().position(begins).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true
";

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&File { path: path.to_owned(), text: text.to_owned() })
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_manifest_that_inherits_everything_from_the_workspace_is_valid() {
        let text =
            format!("{GOOD}\n[dependencies]\nserde = {{ workspace = true, features = [\"derive\"] }}\n");
        assert!(findings("record/Cargo.toml", &text).is_empty());
    }

    #[test]
    fn a_version_outside_the_root_is_found_for_every_kind_and_target() {
        let text = format!(
            "{GOOD}\n[dependencies]\na = \"1\"\n[dev-dependencies]\nb = {{ version = \"1\" }}\n\
             [target.'cfg(unix)'.dependencies]\nc = {{ path = \"../c\" }}\n"
        );
        let found = findings("record/Cargo.toml", &text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("record/Cargo.toml:12: the dependency a is not"), "{found:?}");
    }

    #[test]
    fn a_package_may_depend_on_itself_by_path() {
        let text = format!(
            "{}\n[dev-dependencies]\na = {{ path = \".\" }}\n",
            GOOD.replace("[package]", "[package]\nname = \"a\"")
        );
        assert!(findings("record/Cargo.toml", &text).is_empty());
    }

    #[test]
    fn missing_lints_and_own_package_data_are_found() {
        let found = findings(
            "record/Cargo.toml",
            &GOOD.replace("[lints]", "[other]").replacen(".workspace = true", " = \"1\"", 1),
        );
        assert!(found[0].contains("does not use the workspace's lints"), "{found:?}");
        assert!(found[1].starts_with("record/Cargo.toml:2: `version` of the package"), "{found:?}");
    }
}
