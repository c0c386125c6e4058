//! The tests that `docs/security.md` names: each is one in the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gatelog_documents::pages;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The pages whose tables have a column with the test of each claim.
const PAGES: [&str; 3] =
    ["docs/security.md", "docs/migrate-from-db-log-pusher.md", "docs/migrate-from-kong-syslog.md"];
/// The name of that column.
const COLUMN: &str = "test";

/// Folders without tests of this project.
const SKIPPED: [&str; 3] = ["target", "node_modules", "assets"];

#[test]
fn each_test_that_a_page_names_is_in_the_tree() {
    let mut tests = BTreeSet::new();
    collect(&pages::root(), &mut tests);
    for page in PAGES {
        let named = named(&pages::text(page).unwrap());
        assert!(!named.is_empty(), "{page} names no test");
        for name in named {
            assert!(tests.contains(&name), "{page} names the test {name}, which does not exist");
        }
    }
}

#[test]
fn each_claim_of_the_page_on_security_names_a_test() {
    for row in rows(&pages::text(PAGES[0]).unwrap()) {
        assert!(!row.is_empty(), "a row of a table with the column `{COLUMN}` names no test");
    }
}

fn named(text: &str) -> Vec<String> {
    rows(text).into_iter().flatten().collect()
}

/// The names in the column of tests, row by row.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut heads, mut cell) = (Vec::new(), Vec::new(), Vec::new());
    let (mut column, mut at) = (None, 0);
    let mut is_head = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableHead) => (is_head, heads) = (true, Vec::new()),
            Event::End(TagEnd::TableHead) => {
                is_head = false;
                column = heads.iter().position(|head| head == COLUMN);
            }
            Event::Start(Tag::TableRow) => at = 0,
            Event::Start(Tag::TableCell) => cell = Vec::new(),
            Event::Text(text) if is_head => heads.push(text.into_string()),
            Event::Code(code) => cell.push(code.into_string()),
            Event::End(TagEnd::TableCell) => {
                if !is_head && column == Some(at) {
                    rows.push(std::mem::take(&mut cell));
                }
                at += 1;
            }
            _ => {}
        }
    }
    rows
}

/// The names of all functions under `#[test]` and the like, and of the modules within files, in which macros make tests.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name) {
                collect(&path, tests);
            }
        } else if name.ends_with(".rs") {
            tests.extend(tests_of(&fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}

fn tests_of(text: &str) -> Vec<String> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let of_test = ["#[test]", "#[tokio::test"].iter().any(|start| line.starts_with(start));
        is_test |= of_test;
        let module = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {"));
        tests.extend(module.map(str::to_owned));
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let (true, Some(function)) = (is_test, function) {
            tests.push(function.split(['(', '<']).next().unwrap_or_default().to_owned());
            is_test = false;
        }
    }
    tests
}
