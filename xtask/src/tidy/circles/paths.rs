//! The paths that Rust code names: types, functions, macros, and imports of `use` items.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Meta, Path, UseTree, Visibility};

/// A path as written in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    /// Its names, including `crate`, `self` and `super`.
    pub names: Vec<String>,
    /// The line of its first name.
    pub line: usize,
}

/// One name that a `use` item brings into scope.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The name in the module that holds the item; `*` for a glob, and `_` when there is none.
    pub name: String,
    /// The path that it stands for; for a glob, the module.
    pub path: NamedPath,
    /// Whether other modules may use the name, too.
    pub is_re_export: bool,
}

/// The paths in the items of one module.
#[derive(Debug, Default)]
pub struct Named {
    /// The paths in signatures, bodies and macros.
    pub paths: Vec<NamedPath>,
    /// The imports of `use` items, including those inside functions.
    pub imports: Vec<Import>,
}

impl Named {
    /// Adds the paths of an item; the caller handles inline modules.
    pub fn add(&mut self, item: &Item) {
        self.visit_item(item);
    }
}

/// Whether the item is compiled for tests only: it has an attribute `#[cfg(test)]`.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    })
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item(&mut self, item: &'ast Item) {
        let for_tests = match item {
            Item::Fn(item) => is_for_tests(&item.attrs),
            Item::Impl(item) => is_for_tests(&item.attrs),
            Item::Mod(_) => true,
            Item::Struct(item) => is_for_tests(&item.attrs),
            Item::Use(item) => is_for_tests(&item.attrs),
            _ => false,
        };
        if !for_tests {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_for_tests(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            let is_re_export = !matches!(item.vis, Visibility::Inherited);
            flatten(&item.tree, &mut Vec::new(), 0, is_re_export, &mut self.imports);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let line = first.ident.span().start().line;
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.paths.push(NamedPath { names, line });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        paths_of_tokens(called.tokens.clone(), &mut self.paths);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

fn flatten(tree: &UseTree, before: &mut Vec<String>, line: usize, is_re_export: bool, to: &mut Vec<Import>) {
    let import = |name: String, names: Vec<String>, line| Import {
        name,
        path: NamedPath { names, line },
        is_re_export,
    };
    let with = |last: &syn::Ident| {
        let mut names = before.clone();
        if last != "self" || before.is_empty() {
            names.push(last.to_string());
        }
        names
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, line.max(path.ident.span().start().line), is_re_export, to);
            before.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, line, is_re_export, to);
            }
        }
        UseTree::Name(name) => {
            let names = with(&name.ident);
            let last = names.last().cloned().unwrap_or_default();
            to.push(import(last, names, line.max(name.ident.span().start().line)));
        }
        UseTree::Rename(name) => {
            let line = line.max(name.ident.span().start().line);
            to.push(import(name.rename.to_string(), with(&name.ident), line));
        }
        UseTree::Glob(_) => to.push(import("*".to_owned(), before.clone(), line)),
    }
}

/// Reads paths from a macro's input, which has no grammar: names joined by `::`, and single names.
fn paths_of_tokens(tokens: TokenStream, to: &mut Vec<NamedPath>) {
    let mut names: Vec<String> = Vec::new();
    let mut line = 0;
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                if colons != 2 {
                    end_path(&mut names, line, to);
                    line = word.span().start().line;
                }
                names.push(word.to_string());
                colons = 0;
            }
            TokenTree::Punct(sign) if sign.as_char() == ':' && !names.is_empty() => colons += 1,
            TokenTree::Group(group) => {
                end_path(&mut names, line, to);
                paths_of_tokens(group.stream(), to);
                colons = 0;
            }
            _ => {
                end_path(&mut names, line, to);
                colons = 0;
            }
        }
    }
    end_path(&mut names, line, to);
}

fn end_path(names: &mut Vec<String>, line: usize, to: &mut Vec<NamedPath>) {
    if !names.is_empty() {
        to.push(NamedPath { names: std::mem::take(names), line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        let mut named = Named::default();
        syn::parse_file(text).unwrap().items.iter().for_each(|item| named.add(item));
        named
    }

    fn paths(text: &str) -> Vec<String> {
        named(text).paths.iter().map(|path| format!("{}:{}", path.names.join("::"), path.line)).collect()
    }

    #[test]
    fn a_use_item_is_split_into_its_names() {
        let imports = named("use a::{self, b::{C as D, *},\n e};\npub use self::f;\nuse g::H as _;").imports;
        let shown: Vec<String> = imports
            .iter()
            .map(|import| {
                let path = import.path.names.join("::");
                format!("{}={path}:{}:{}", import.name, import.path.line, import.is_re_export)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "a=a:1:false",
                "D=a::b::C:1:false",
                "*=a::b:1:false",
                "e=a::e:2:false",
                "f=self::f:3:true",
                "_=g::H:4:false"
            ]
        );
    }

    #[test]
    fn paths_are_found_in_types_bodies_and_macros() {
        let text = "fn f(a: A<b::C>) {\n crate::d::e();\n w!(\"\", g::h, { i::j(k) });\n}";
        assert_eq!(paths(text), ["A:1", "b::C:1", "crate::d::e:2", "w:3", "g::h:3", "i::j:3", "k:3"]);
    }

    #[test]
    fn tests_attributes_and_visibilities_name_nothing() {
        let text = "#[cfg(test)] fn t() { a::b() }\n#[derive(c::D)] pub(in super::super) struct E;\n\
                    impl E { #[cfg(test)] fn u() { g::h() } }\n#[cfg(test)] mod tests { use i::J; }";
        assert_eq!(paths(text), ["E:3"]);
        assert!(named(text).imports.is_empty());
    }
}
