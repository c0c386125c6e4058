//! Finds the file that defines the target of a path, through `use` items and re-exports.

use std::collections::BTreeSet;

use super::modules::{Crate, Meaning};
use super::paths::NamedPath;

/// Longest chain of aliases; a longer one is a circle of `use` items, which the compiler refuses.
const MAX_ALIASES: usize = 16;

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module, by its index.
    Module(usize),
    /// Something that the module with this index defines.
    ItemOf(usize),
}

/// The targets of `path` in the module `from`: none for items of other crates, and more than one when a name has
/// several meanings.
pub fn resolve(krate: &Crate, from: usize, path: &NamedPath) -> BTreeSet<Target> {
    follow(krate, from, path, MAX_ALIASES)
}

fn follow(krate: &Crate, from: usize, path: &NamedPath, aliases: usize) -> BTreeSet<Target> {
    let mut names = path.names.iter();
    let Some(first) = names.next() else { return BTreeSet::new() };
    let targets = match first.as_str() {
        "crate" => BTreeSet::from([Target::Module(0)]),
        "self" => BTreeSet::from([Target::Module(from)]),
        "super" => parent(krate, from),
        name => meanings(krate, from, name, aliases),
    };
    names.fold(targets, |targets, name| {
        targets.into_iter().flat_map(|target| step(krate, target, name, aliases)).collect()
    })
}

fn step(krate: &Crate, target: Target, name: &str, aliases: usize) -> BTreeSet<Target> {
    let Target::Module(module) = target else { return BTreeSet::from([target]) };
    if name == "super" {
        return parent(krate, module);
    }
    let found = meanings(krate, module, name, aliases);
    // A macro may define names that no item shows.
    if found.is_empty() { BTreeSet::from([Target::ItemOf(module)]) } else { found }
}

fn parent(krate: &Crate, module: usize) -> BTreeSet<Target> {
    let parent = krate.modules.get(module).and_then(|module| module.parent);
    parent.map(Target::Module).into_iter().collect()
}

/// The meaning of a name in a module: its own items, otherwise those imported by globs.
fn meanings(krate: &Crate, module: usize, name: &str, aliases: usize) -> BTreeSet<Target> {
    let Some(left) = aliases.checked_sub(1) else { return BTreeSet::new() };
    let Some(here) = krate.modules.get(module) else { return BTreeSet::new() };
    if let Some(meanings) = here.meanings.get(name) {
        let targets = meanings.iter().flat_map(|meaning| match meaning {
            Meaning::Module(inner) => BTreeSet::from([Target::Module(*inner)]),
            Meaning::Item => BTreeSet::from([Target::ItemOf(module)]),
            Meaning::Alias(path) => follow(krate, module, path, left),
        });
        return targets.collect();
    }
    let opened = here.globs.iter().flat_map(|path| follow(krate, module, path, left));
    let opened = opened.filter_map(|target| match target {
        Target::Module(inner) if inner != module => Some(inner),
        _ => None,
    });
    opened.flat_map(|inner| meanings(krate, inner, name, left)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tree::Tree;
    use super::*;

    fn krate() -> Crate {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod b; mod c; pub use b::{B, d::D as Renamed}; pub use c::*;"),
            ("a/src/b.rs", "pub mod d; pub struct B; use d::d; macro_defined!();"),
            ("a/src/b/d.rs", "pub struct D; pub fn d() {} use super::super::c;"),
            ("a/src/c.rs", "pub struct C; use crate::x::Y; use other::Z;"),
        ]);
        Crate::read(&tree, "a/src/lib.rs").unwrap()
    }

    /// The files that define what a path means in a module, by the modules' order: lib, b, d, c.
    fn defined_in(from: usize, path: &str) -> Vec<usize> {
        let path = NamedPath { names: path.split("::").map(str::to_owned).collect(), line: 1 };
        let targets = resolve(&krate(), from, &path);
        targets
            .iter()
            .filter_map(|target| match target {
                Target::ItemOf(module) => Some(*module),
                Target::Module(_) => None,
            })
            .collect()
    }

    #[test]
    fn re_exports_lead_to_the_module_that_defines() {
        assert_eq!(defined_in(3, "crate::B"), [1]);
        assert_eq!(defined_in(3, "crate::Renamed::method"), [2]);
        assert_eq!(defined_in(1, "crate::C"), [3], "through a glob");
    }

    #[test]
    fn paths_start_at_the_root_here_above_or_at_an_import() {
        assert_eq!(defined_in(2, "super::B"), [1]);
        assert_eq!(defined_in(2, "super::super::c::C"), [3]);
        assert_eq!(defined_in(2, "self::D"), [2]);
        assert_eq!(defined_in(2, "c::C"), [3]);
        assert_eq!(defined_in(1, "d"), [2], "a function that is called like its module");
        assert_eq!(defined_in(1, "d::D"), [2]);
    }

    #[test]
    fn a_macros_definitions_belong_to_its_module_and_those_of_other_crates_to_none() {
        assert_eq!(defined_in(3, "crate::b::Made"), [1]);
        assert!(defined_in(3, "Z").is_empty());
        assert!(defined_in(3, "Vec::new").is_empty());
    }
}
