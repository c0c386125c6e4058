//! The rule that no modules of a crate import each other in a circle, so that each can be read, moved and tested with
//! only the modules below it.
//!
//! The unit is a file. It imports another when its code, or a `use` item, names something that the other defines;
//! re-exports are followed to the definition, so a module may re-export what its children define, and the children may
//! import from each other through it. Declaring `mod child;` is not an import either. But a child that imports what its
//! parent itself defines, while the parent uses the child, forms a circle. Tests are left out. (`layers` checks that
//! packages do not depend on each other in a circle.)

mod modules;
mod paths;
mod resolve;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::finding::Finding;
use super::tree::Tree;
use modules::Crate;
use resolve::Target;

const FIX: &str = "move the shared code into a separate file below them";

/// Checks the crates of all packages: libraries and programs.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let roots = tree.files().iter().map(|file| file.path.as_str()).filter(|path| is_root(path));
    roots.flat_map(|root| check_crate(tree, root)).collect()
}

/// Whether a file is the root of a library or of a program.
fn is_root(path: &str) -> bool {
    let Some((_, within)) = path.rsplit_once("/src/") else { return false };
    let program = within.strip_prefix("bin/").and_then(|name| name.strip_suffix(".rs"));
    matches!(within, "lib.rs" | "main.rs") || program.is_some_and(|name| !name.contains('/'))
}

fn check_crate(tree: &Tree, root: &str) -> Vec<Finding> {
    match Crate::read(tree, root) {
        Ok(krate) => Imports::of(&krate).circles(&krate),
        Err(error) => vec![Finding::new(root, 1, format!("its modules: {error:#}"), "correct it")],
    }
}

/// Which file imports which, with the line and the path of the first place.
#[derive(Default)]
struct Imports(BTreeMap<usize, BTreeMap<usize, (usize, String)>>);

impl Imports {
    fn of(krate: &Crate) -> Self {
        let mut imports = Self::default();
        for (index, module) in krate.modules.iter().enumerate() {
            let used = module.paths.iter().map(|path| (path, false));
            let imported = module.imports.iter().map(|(path, is_re_export)| (path, *is_re_export));
            for (path, is_re_export) in imported.chain(used) {
                for target in resolve::resolve(krate, index, path) {
                    // A module's name alone is only a path to the item that is used.
                    let Target::ItemOf(definer) = target else { continue };
                    let Some(to) = krate.modules.get(definer).map(|module| module.file) else { continue };
                    if to != module.file && !(is_re_export && krate.is_within(definer, index)) {
                        let place = || (path.line, path.names.join("::"));
                        imports.0.entry(module.file).or_default().entry(to).or_insert_with(place);
                    }
                }
            }
        }
        imports
    }

    /// One finding for each group of files that all import each other, directly or indirectly.
    fn circles(&self, krate: &Crate) -> Vec<Finding> {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut findings = Vec::new();
        for file in 0..krate.files.len() {
            let Some(circle) = self.shortest_circle(file).filter(|_| !seen.contains(&file)) else { continue };
            let group: Vec<usize> =
                self.reached(file).into_iter().filter(|other| self.reached(*other).contains(&file)).collect();
            seen.extend(&group);
            findings.extend(self.finding(krate, &circle, group.len()));
        }
        findings
    }

    fn finding(&self, krate: &Crate, circle: &[usize], group: usize) -> Option<Finding> {
        let name = |file: usize| krate.files.get(file).map_or("", String::as_str);
        let mut steps = Vec::new();
        let next = circle.iter().skip(1).chain(circle.first());
        for (from, to) in circle.iter().zip(next) {
            let (line, path) = self.0.get(from)?.get(to)?;
            steps.push(format!("{}:{line} names {path} of {}", name(*from), name(*to)));
        }
        let first = *circle.first()?;
        let (line, _) = self.0.get(&first)?.get(circle.get(1)?)?;
        let what = format!("{group} files import each other in a circle: {}", steps.join(", "));
        Some(Finding::new(name(first), *line, what, FIX))
    }

    /// The files that a file imports, directly or indirectly.
    fn reached(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            let next = self.0.get(&file).into_iter().flat_map(BTreeMap::keys);
            open.extend(next.copied().filter(|next| reached.insert(*next)));
        }
        reached
    }

    /// The shortest path from a file back to itself.
    fn shortest_circle(&self, from: usize) -> Option<Vec<usize>> {
        let mut ways = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop_front() {
            for &next in way.last().and_then(|last| self.0.get(last)).into_iter().flat_map(BTreeMap::keys) {
                if next == from {
                    return Some(way);
                }
                if seen.insert(next) {
                    ways.push_back(way.iter().copied().chain([next]).collect());
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        check_crate(&Tree::of(files), "a/src/lib.rs").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_modules_that_import_each_other_are_found_with_the_places() {
        let found = findings(&[
            ("a/src/lib.rs", "mod b; mod c;"),
            ("a/src/b.rs", "use crate::c::C;\npub struct B(C);"),
            ("a/src/c.rs", "pub struct C;\nfn f(b: super::b::B) {}"),
        ]);
        assert_eq!(
            found,
            [
                "a/src/b.rs:1: 2 files import each other in a circle: a/src/b.rs:1 names crate::c::C of a/src/c.rs, \
              a/src/c.rs:2 names super::b::B of a/src/b.rs; move the shared code into a separate file below them"
            ]
        );
    }

    #[test]
    fn every_library_and_program_of_the_tree_is_checked() {
        let circle =
            [("b.rs", "use crate::c::C; pub struct B;"), ("c.rs", "pub struct C; fn f(b: crate::b::B) {}")];
        for root in ["new/src/lib.rs", "functions/new/src/main.rs", "new/src/bin/tool.rs"] {
            let folder = root.rsplit_once('/').unwrap().0;
            let [b, c] = circle.map(|(name, text)| (format!("{folder}/{name}"), text));
            let tree = Tree::of(&[(root, "mod b; mod c;"), (&b.0, b.1), (&c.0, c.1)]);
            assert_eq!(check(&tree).len(), 1, "{root}");
        }
        let tree = Tree::of(&[("new/tests/main.rs", "mod b;"), ("new/src/deep/lib.rs", "")]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn a_circle_through_a_re_export_and_a_third_module_is_found() {
        let found = findings(&[
            ("a/src/lib.rs", "mod b; mod c; mod d; pub use d::D;"),
            ("a/src/b.rs", "use crate::D; pub struct B;"),
            ("a/src/d.rs", "use crate::c; pub struct D(c::C);"),
            ("a/src/c.rs", "pub struct C; fn f() { w!(crate::b::B) }"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("3 files") && found[0].contains("crate::D of a/src/d.rs"), "{found:?}");
    }

    #[test]
    fn a_parent_may_re_export_its_children_and_children_may_import_from_each_other_through_it() {
        let found = findings(&[
            ("a/src/lib.rs", "pub mod b; pub use b::C;"),
            ("a/src/b.rs", "mod c; mod d; pub use c::C; pub use d::D;"),
            ("a/src/b/c.rs", "pub struct C;"),
            ("a/src/b/d.rs", "use super::C; use crate::b; pub struct D(b::C);"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_child_that_imports_what_its_parent_defines_while_the_parent_uses_it_is_a_circle() {
        let child = ("a/src/b/c.rs", "pub struct C(super::B);");
        let found = findings(&[
            ("a/src/lib.rs", "mod b;"),
            ("a/src/b.rs", "mod c; pub struct B; fn f(c: c::C) {}"),
            child,
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        let found = findings(&[
            ("a/src/lib.rs", "mod b;"),
            ("a/src/b.rs", "mod c; pub use c::C; pub struct B;"),
            child,
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_re_export_of_what_no_child_defines_is_an_import() {
        let found = findings(&[
            ("a/src/lib.rs", "mod b; mod c;"),
            ("a/src/b.rs", "pub use crate::c::C; pub struct B;"),
            ("a/src/c.rs", "pub struct C(crate::b::B);"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn tests_may_import_anything() {
        let found = findings(&[
            ("a/src/lib.rs", "mod b; mod c;"),
            ("a/src/b.rs", "pub struct B(crate::c::C);"),
            ("a/src/c.rs", "pub struct C; #[cfg(test)] mod tests { use crate::b::B; }"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }
}
