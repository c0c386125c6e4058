//! One script of all modules of the page. A browser would ask for each module on its own, and small files compress worse:
//! together they take a third less.
//!
//! Each module becomes a function that is called once, modules that others import first, and imports become constants
//! taken from what those functions return. It understands the forms that the sources use, and fails at any other:
//!
//! - `import { a, b as c } from './x.js';`, `import a from './x.js';` and both over several lines
//! - `export const`, `export function`, `export async function`, `export class`
//! - `export { a };` and `export { a } from './x.js';`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A module's text by its path: `app/main.js`.
pub type Modules = BTreeMap<String, String>;

/// The script that does what the module `entry` does. Modules that are not among `modules` stay imports of the script,
/// which stands at the root of all paths.
pub fn bundle(modules: &Modules, entry: &str) -> Result<String, String> {
    let mut bundle = Bundle {
        modules,
        open: Vec::new(),
        done: BTreeSet::new(),
        imports: BTreeMap::new(),
        body: String::new(),
    };
    bundle.add(entry)?;
    let unused: Vec<&String> = modules.keys().filter(|path| !bundle.done.contains(*path)).collect();
    if !unused.is_empty() {
        return Err(format!("nothing imports {unused:?}"));
    }
    let mut script = String::new();
    for (path, name) in &bundle.imports {
        writeln!(script, "import * as {name} from './{path}';").map_err(|error| error.to_string())?;
    }
    Ok(script + &bundle.body)
}

struct Bundle<'m> {
    modules: &'m Modules,
    /// The modules that are being added, each imported by the one before.
    open: Vec<String>,
    done: BTreeSet<String>,
    /// Modules outside, and the names of the script's imports of them.
    imports: BTreeMap<String, String>,
    body: String,
}

impl Bundle<'_> {
    fn add(&mut self, path: &str) -> Result<(), String> {
        if self.done.contains(path) {
            return Ok(());
        }
        if self.open.iter().any(|open| open == path) {
            return Err(format!("modules import each other in a circle: {:?} imports {path}", self.open));
        }
        let Some(text) = self.modules.get(path) else {
            self.imports.insert(path.to_owned(), name_of(path));
            return Ok(());
        };
        self.open.push(path.to_owned());
        let (mut code, mut exports) = (String::new(), Vec::new());
        for statement in statements(text) {
            let fail = || format!("{path}: not a form that the bundle knows: {statement}");
            if statement.starts_with("import ") {
                let (names, from) = statement.split_once(" from ").ok_or_else(fail)?;
                let target = self.resolved(path, from).ok_or_else(fail)?;
                let names = names.trim_start_matches("import ").trim();
                let pattern = match list(names) {
                    Some(names) => destructured(&names),
                    None => format!("{{ default: {names} }}"),
                };
                self.add(&target)?;
                code += &format!("const {pattern} = {};\n", name_of(&target));
            } else if let Some(rest) = statement.strip_prefix("export ") {
                if rest.starts_with('{') {
                    let (names, from) = rest.trim_end_matches(';').split_once(" from ").unwrap_or((rest, ""));
                    let names = list(names.trim_end_matches(';').trim()).ok_or_else(fail)?;
                    if !from.is_empty() {
                        let target = self.resolved(path, from).ok_or_else(fail)?;
                        self.add(&target)?;
                        code += &format!("const {} = {};\n", destructured(&names), name_of(&target));
                    }
                    exports.extend(names.iter().map(|name| (*name).to_owned()));
                } else {
                    let words = rest.trim_start_matches("async ").split_once(' ').ok_or_else(fail)?;
                    if !["const", "function", "class"].contains(&words.0) {
                        return Err(fail());
                    }
                    let end =
                        words.1.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').ok_or_else(fail)?;
                    exports.push(words.1.get(..end).ok_or_else(fail)?.to_owned());
                    code += rest;
                    code.push('\n');
                }
            } else {
                code += &statement;
                code.push('\n');
            }
        }
        let (name, exports) = (name_of(path), exports.join(", "));
        self.body += &format!("const {name} = (() => {{\n{code}return {{ {exports} }};\n}})();\n");
        self.open.pop();
        self.done.insert(path.to_owned());
        Ok(())
    }

    /// The path that an import means: `'../dom.js';` in `app/bar/help.js` is `app/dom.js`.
    fn resolved(&self, importer: &str, from: &str) -> Option<String> {
        let relative = from.trim().trim_end_matches(';').strip_prefix('\'')?.strip_suffix('\'')?;
        let mut parts: Vec<&str> = importer.split('/').collect();
        parts.pop();
        for part in relative.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()?),
                name => parts.push(name),
            }
        }
        relative.starts_with('.').then(|| parts.join("/"))
    }
}

/// The lines of a module; an import or a list of exports that goes over several is one.
fn statements(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        match statements.last_mut() {
            Some(last) if is_open => {
                last.push(' ');
                last.push_str(line);
            }
            _ => statements.push(line.to_owned()),
        }
        let begins = is_open || line.starts_with("import ") || line.starts_with("export {");
        is_open = begins && !line.ends_with(';');
    }
    statements
}

/// The names in `{ a, b as c }`.
fn list(text: &str) -> Option<Vec<&str>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    Some(inner.split(',').map(str::trim).filter(|name| !name.is_empty()).collect())
}

fn destructured(names: &[&str]) -> String {
    format!("{{ {} }}", names.join(", ").replace(" as ", ": "))
}

/// The name of a module's constant.
fn name_of(path: &str) -> String {
    let word: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("${word}")
}
