//! The modules of one crate, read from its files, with the names that each defines and imports.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use syn::{ForeignItem, Item};

use super::super::tree::Tree;
use super::paths::{self, Import, Named, NamedPath};

/// A crate's modules; the first is its root.
#[derive(Debug, Default)]
pub struct Crate {
    /// The files, by path from the root of the checkout. A file with its inline modules is one unit.
    pub files: Vec<String>,
    /// The modules.
    pub modules: Vec<Module>,
}

/// One module.
#[derive(Debug, Default)]
pub struct Module {
    /// The index of its file.
    pub file: usize,
    /// The index of the module that declares it; `None` for the root.
    pub parent: Option<usize>,
    /// The meanings of each name. A module, a type and a function may share one.
    pub meanings: BTreeMap<String, Vec<Meaning>>,
    /// Modules imported by globs.
    pub globs: Vec<NamedPath>,
    /// The paths in the code.
    pub paths: Vec<NamedPath>,
    /// The paths of `use` items, and whether each is a re-export.
    pub imports: Vec<(NamedPath, bool)>,
}

/// The meaning of a name in a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The module with this index.
    Module(usize),
    /// Something that the module defines.
    Item,
    /// An alias of another path.
    Alias(NamedPath),
}

impl Crate {
    /// Reads the crate whose root is the file `root`, without its tests.
    ///
    /// # Errors
    /// Fails when a file is missing or is not Rust.
    pub fn read(tree: &Tree, root: &str) -> Result<Self> {
        let mut krate = Self::default();
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        krate.add_file(tree, root, folder, None)?;
        Ok(krate)
    }

    /// Whether `module` is `ancestor` or inside it.
    pub fn is_within(&self, module: usize, ancestor: usize) -> bool {
        let parent = |module: &usize| self.modules.get(*module).and_then(|module| module.parent);
        std::iter::successors(Some(module), parent).any(|module| module == ancestor)
    }

    /// Adds the module that is a file; its own modules are in `folder`.
    fn add_file(&mut self, tree: &Tree, path: &str, folder: &str, parent: Option<usize>) -> Result<usize> {
        let text = &tree.file(path).with_context(|| format!("there is no {path}"))?.text;
        let items = syn::parse_file(text).with_context(|| format!("{path} is not Rust"))?.items;
        self.files.push(path.to_owned());
        self.add_module(tree, self.files.len() - 1, &items, folder, parent)
    }

    fn add_module(
        &mut self,
        tree: &Tree,
        file: usize,
        items: &[Item],
        folder: &str,
        parent: Option<usize>,
    ) -> Result<usize> {
        let index = self.modules.len();
        self.modules.push(Module { file, parent, ..Module::default() });
        let mut module = Module { file, parent, ..Module::default() };
        let mut named = Named::default();
        for item in items {
            if let Item::Mod(item) = item {
                if paths::is_for_tests(&item.attrs) {
                    continue;
                }
                let name = item.ident.to_string();
                let inner = format!("{folder}/{name}");
                let child = match &item.content {
                    Some((_, items)) => self.add_module(tree, file, items, &inner, Some(index))?,
                    None => self.add_file(tree, &file_of(tree, &inner), &inner, Some(index))?,
                };
                module.mean(name, Meaning::Module(child));
            } else {
                named.add(item);
                for name in defined(item) {
                    module.mean(name, Meaning::Item);
                }
            }
        }
        module.take(named);
        if let Some(place) = self.modules.get_mut(index) {
            *place = module;
        }
        Ok(index)
    }
}

impl Module {
    fn mean(&mut self, name: String, meaning: Meaning) {
        self.meanings.entry(name).or_default().push(meaning);
    }

    fn take(&mut self, named: Named) {
        self.paths = named.paths;
        for Import { name, path, is_re_export } in named.imports {
            self.imports.push((path.clone(), is_re_export));
            match name.as_str() {
                "*" => self.globs.push(path),
                "_" => {}
                _ => self.mean(name, Meaning::Alias(path)),
            }
        }
    }
}

/// The file of the module at `path`, which has no extension.
fn file_of(tree: &Tree, path: &str) -> String {
    let alone = format!("{path}.rs");
    if tree.has(&alone) { alone } else { format!("{path}/mod.rs") }
}

/// The names that an item defines in its module.
fn defined(item: &Item) -> Vec<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => return item.ident.iter().map(ToString::to_string).collect(),
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::ForeignMod(block) => {
            let functions = block.items.iter().filter_map(|item| match item {
                ForeignItem::Fn(function) => Some(function.sig.ident.to_string()),
                _ => None,
            });
            return functions.collect();
        }
        _ => return Vec::new(),
    };
    vec![ident.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_beside_and_below_their_parents() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod b; mod c; #[cfg(test)] mod tests; mod d { pub mod e; }"),
            ("a/src/b.rs", "mod f;"),
            ("a/src/b/f.rs", "struct F;"),
            ("a/src/c/mod.rs", "mod g;"),
            ("a/src/c/g.rs", "fn h() {}"),
            ("a/src/d/e.rs", "extern \"C\" { fn i(); }"),
        ]);
        let krate = Crate::read(&tree, "a/src/lib.rs").unwrap();
        let expected = ["lib.rs", "b.rs", "b/f.rs", "c/mod.rs", "c/g.rs", "d/e.rs"];
        assert_eq!(krate.files, expected.map(|file| format!("a/src/{file}")));
        assert!(krate.modules[2].meanings.contains_key("F"));
        assert!(krate.is_within(2, 1) && krate.is_within(2, 0) && !krate.is_within(1, 2));
        assert_eq!(krate.modules[5].file, 0, "an inline module is part of its file");
    }

    #[test]
    fn a_module_without_a_file_is_an_error_that_names_it() {
        let tree = Tree::of(&[("a/src/lib.rs", "mod gone;")]);
        let error = Crate::read(&tree, "a/src/lib.rs").unwrap_err().to_string();
        assert_eq!(error, "there is no a/src/gone/mod.rs");
    }
}
