//! Rules for vendored libraries: a folder with a `VENDOR.toml` holds the files that it lists, unchanged, with their licences.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::finding::Finding;
use super::tree::{File, Tree};

const LIST: &str = "VENDOR.toml";

/// What is vendored into a folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    version: String,
    url: String,
    licence: String,
    licence_file: String,
    files: Vec<Vendored>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendored {
    /// Its name in the folder.
    file: String,
    /// Where the package has it.
    from: String,
    sha256: String,
}

/// Checks every folder that holds a list.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let lists = tree.files().iter().filter(|file| file.path.rsplit('/').next() == Some(LIST));
    lists.flat_map(|list| check_folder(tree, list)).collect()
}

/// Whether the file is vendored, so that rules for the project's own texts do not hold.
pub fn is_vendored(tree: &Tree, path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, name)| name != LIST && tree.has(&format!("{folder}/{LIST}")))
}

fn check_folder(tree: &Tree, list: &File) -> Vec<Finding> {
    let found = |what: String, fix| Finding::new(&list.path, 1, what, fix);
    let packages = match toml::from_str::<List>(&list.text) {
        Ok(list) => list.package,
        Err(error) => return vec![found(format!("not a list of packages: {error}"), "correct it")],
    };
    let folder = list.path.strip_suffix(LIST).unwrap_or_default();
    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for package in &packages {
        let name = &package.name;
        if ![&package.version, &package.url, &package.licence].iter().all(|value| !value.is_empty()) {
            findings.push(found(format!("{name} lacks a version, an address or a licence"), "say them"));
        }
        if !package.files.iter().any(|file| file.file == package.licence_file) {
            findings.push(found(format!("the text of the licence of {name} is not listed"), "list it"));
        }
        for vendored in &package.files {
            let path = format!("{folder}{}", vendored.file);
            match tree.file(&path) {
                None => {
                    findings.push(found(format!("there is no {}", vendored.file), "take it from the package"))
                }
                Some(file) if sha256(&file.text) != vendored.sha256 => findings.push(Finding::new(
                    &path,
                    1,
                    format!("is not the {} of {name} {}", vendored.from, package.version),
                    "take it from the package, or correct the hash in VENDOR.toml",
                )),
                Some(_) => {}
            }
            listed.insert(path);
        }
    }
    let own = tree.files().iter().filter(|file| {
        file.path.strip_prefix(folder).is_some_and(|name| !name.contains('/') && name != LIST)
    });
    let unlisted = own.filter(|file| !listed.contains(&file.path));
    findings.extend(
        unlisted.map(|file| Finding::new(&file.path, 1, "is not in VENDOR.toml", "list it, or remove it")),
    );
    findings
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of `abc`, as FIPS 180-2 gives it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn list(sha256: &str, licence_file: &str) -> String {
        format!(
            "[[package]]\nname = \"a\"\nversion = \"1\"\nurl = \"https://a\"\nlicence = \"MIT\"\nlicence_file = \"{licence_file}\"\n\
             files = [{{ file = \"a.js\", from = \"dist/a.js\", sha256 = \"{sha256}\" }}]\n"
        )
    }

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_that_is_as_listed_is_accepted() {
        assert!(findings(&[("v/VENDOR.toml", &list(ABC, "a.js")), ("v/a.js", "abc")]).is_empty());
        assert!(findings(&[("v/a.js", "abc")]).is_empty(), "a folder without a list");
    }

    #[test]
    fn a_changed_file_a_missing_one_and_one_that_is_not_listed_are_found() {
        let list_of = list(ABC, "a.js");
        let changed = findings(&[("v/VENDOR.toml", &list_of), ("v/a.js", "abd"), ("v/b.js", "")]);
        assert!(changed[0].starts_with("v/a.js:1: is not the dist/a.js of a 1"), "{changed:?}");
        assert!(changed[1].starts_with("v/b.js:1: is not in VENDOR.toml"), "{changed:?}");
        let missing = findings(&[("v/VENDOR.toml", &list_of)]);
        assert!(missing[0].contains("there is no a.js"), "{missing:?}");
    }

    #[test]
    fn a_licence_without_its_text_is_found() {
        let found = findings(&[("v/VENDOR.toml", &list(ABC, "a.LICENSE")), ("v/a.js", "abc")]);
        assert!(found[0].contains("the licence of a"), "{found:?}");
    }

    #[test]
    fn vendored_files_are_those_beside_a_list() {
        let tree = Tree::of(&[("v/VENDOR.toml", ""), ("v/a.js", ""), ("w/a.js", "")]);
        assert!(
            is_vendored(&tree, "v/a.js")
                && !is_vendored(&tree, "v/VENDOR.toml")
                && !is_vendored(&tree, "w/a.js")
        );
    }
}
