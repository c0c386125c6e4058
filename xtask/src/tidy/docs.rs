//! Rules for documents: the files that they name and link to exist, and the README is short.

use pulldown_cmark::{Event, Parser, Tag};

use super::anchors::anchors;
use super::finding::Finding;
use super::tree::{File, Tree};

/// Documents in which a path in backticks must exist. (Others mention users' files.)
const NAME_PATHS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md"];

/// The most lines of the README, which is for a reader in a hurry; the folder `docs` has the rest.
const MAX_README_LINES: usize = 150;

/// Extensions by which a name without a folder is recognised as a file of the project.
const ENDINGS: &[&str] = &["rs", "toml", "md", "yaml", "sql", "sh", "json", "wit"];

/// Checks one file, when it is a document.
pub fn check(file: &File, tree: &Tree) -> Vec<Finding> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if file.path == "README.md" && file.text.lines().count() > MAX_README_LINES {
        let what = format!("has more than {MAX_README_LINES} lines");
        findings.push(Finding::new(
            &file.path,
            MAX_README_LINES + 1,
            what,
            "move details into a page of docs/",
        ));
    }
    for (event, range) in Parser::new(&file.text).into_offset_iter() {
        let what = match event {
            Event::Code(code) if NAME_PATHS.contains(&file.path.as_str()) && names_missing(&code, tree) => {
                format!("names `{code}`, which does not exist")
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                if is_broken(&dest_url, &file.path, tree) =>
            {
                format!("links to {dest_url}, which does not exist")
            }
            _ => continue,
        };
        let line = file.text.get(..range.start).unwrap_or_default().matches('\n').count() + 1;
        findings.push(Finding::new(&file.path, line, what, "correct the path or remove it"));
    }
    findings
}

/// Whether `code` looks like a path of the project that does not exist.
///
/// It does when it has only path characters, and ends with a slash, starts with a folder of the project, or has a source
/// file's extension. `application/json` is therefore not a path.
fn names_missing(code: &str, tree: &Tree) -> bool {
    let path_characters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if !code.chars().all(path_characters) || code.starts_with(['/', '.', '-']) {
        return false;
    }
    let has_ending = code.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
    match code.split_once('/') {
        Some((first, rest)) => (rest.is_empty() || has_ending || tree.has(first)) && !tree.has(code),
        None => has_ending && !tree.has_name(code),
    }
}

fn is_broken(link: &str, from: &str, tree: &Tree) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return false;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default();
    let Some(target) = (if path.is_empty() { Some(from.to_owned()) } else { resolve(path, from) }) else {
        return true;
    };
    let is_missing = !target.is_empty() && !tree.has(&target);
    is_missing || anchor.is_some_and(|anchor| !leads_somewhere(anchor, &target, tree))
}

/// Whether a document has the anchor; other files have lines.
fn leads_somewhere(anchor: &str, target: &str, tree: &Tree) -> bool {
    !target.ends_with(".md") || tree.file(target).is_some_and(|file| anchors(&file.text).contains(anchor))
}

/// The path from the root that `link` in the file `from` leads to; `None` when it leads out of the project.
fn resolve(link: &str, from: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("record/src/fields.rs", ""),
            ("docs/query.md", "# One\n\n## x\n"),
            ("README.md", ""),
        ]);
        let file = File { path: path.to_owned(), text: text.to_owned() };
        check(&file, &tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_path_in_backticks_must_exist() {
        let text = "`record/src/fields.rs`, `record/`, `fields.rs`\n\n`record/src/gone.rs` `gone/` `gone.rs` `record/x`\n";
        let found = findings("ARCHITECTURE.md", text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("ARCHITECTURE.md:3: names `record/src/gone.rs`"), "{found:?}");
    }

    #[test]
    fn text_that_only_resembles_a_path_is_ignored() {
        let text =
            "`application/json` `POST /ingest` `/query` `functions/*` `a::b` `filter.wasm` `wasi:http/types`";
        assert!(findings("ARCHITECTURE.md", text).is_empty());
        assert!(findings("docs/query.md", "`record/src/gone.rs`").is_empty());
    }

    #[test]
    fn a_relative_link_must_lead_somewhere() {
        assert!(
            findings("docs/a.md", "[q](query.md#x) [r](../README.md) [w](https://example.org/x)").is_empty()
        );
        let found = findings("docs/a.md", "[q](query.md#y)\n[f](../record/src/fields.rs#L3)\n");
        assert!(found[0].starts_with("docs/a.md:1: links to query.md#y"), "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
        let found = findings("docs/a.md", "\n[q](gone.md)\n[r]\n\n[r]: ../../out.md\n");
        assert!(found[0].starts_with("docs/a.md:2: links to gone.md"), "{found:?}");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn only_the_readme_has_to_be_short() {
        let text = "a\n".repeat(MAX_README_LINES);
        assert!(findings("README.md", &text).is_empty());
        let longer = format!("{text}a\n");
        assert_eq!(findings("README.md", &longer).len(), 1);
        assert!(findings("docs/a.md", &longer).is_empty());
    }

    #[test]
    fn links_in_code_are_ignored() {
        assert!(findings("docs/a.md", "```\n[a](gone.md)\n```\n`[b](gone.md)`\n").is_empty());
    }
}
