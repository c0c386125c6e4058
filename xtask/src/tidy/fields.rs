//! The rule that record fields are listed once, in the field table of `record`.
//!
//! Setting or reading a member of the record is checked by the compiler, so code may name as many members as it likes.
//! A list of names in texts (columns, JSON keys, parameters), or a second struct with the same members, can go stale
//! unnoticed. So this counts the different field names inside text literals and as members of structs, and allows
//! [`MAX_NAMES`] within [`LIST_LINES`] lines: a list has them close together, and code that needs one here and one there
//! does not. Only names with an underscore count, because the others (`path`, `model`) are common words.
//! Tests, samples, examples and documents may repeat names, so that they notice when the table changes.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::tokens::{self, Token, TokenKind};
use super::tree::{File, Tree};

/// The file with the field table.
const TABLE: &str = "record/src/fields.rs";

/// How many different field names may stand together.
const MAX_NAMES: usize = 12;

/// How many lines a list may take.
const LIST_LINES: usize = 40;

/// The fewest names that the table must give; fewer mean that its form changed and this rule no longer sees it.
const MIN_TABLE: usize = 20;

/// Folders in which names may be repeated: the table's own package, tests, samples, examples.
const EXEMPT: &[&str] = &["record", "tests", "testdata", "bench", "docs", "deploy"];

const FIX: &str = "make the list from `gatelog_record::FIELDS`";

/// The distinctive names of the field table.
pub fn names(tree: &Tree, findings: &mut Vec<Finding>) -> BTreeSet<String> {
    let text = tree.file(TABLE).map_or("", |file| &file.text);
    let names: BTreeSet<String> = text.lines().filter_map(name_in_table).map(str::to_owned).collect();
    if names.len() < MIN_TABLE {
        let what = format!("only {} field names with an underscore are found in the table", names.len());
        findings.push(Finding::new(TABLE, 1, what, "adapt the pattern in xtask/src/tidy/fields.rs"));
    }
    names
}

/// Checks a Rust file.
pub fn check_rust(file: &File, tokens: &[Token], names: &BTreeSet<String>) -> Vec<Finding> {
    let tests = tokens::tests_begin(tokens);
    let literals = tokens.iter().filter(|token| token.kind == TokenKind::Literal);
    let listed = literals.flat_map(|token| words(&token.text).map(|word| (word, token.line)));
    let listed = listed.chain(members(tokens)).filter(|(_, line)| *line < tests);
    let mut listed: Vec<_> = listed.collect();
    listed.sort_by_key(|(_, line)| *line);
    check(file, listed.into_iter(), names)
}

/// Checks any other file.
pub fn check_text(file: &File, names: &BTreeSet<String>) -> Vec<Finding> {
    if file.path.ends_with(".md") {
        return Vec::new();
    }
    check(
        file,
        (1..).zip(file.text.lines()).flat_map(|(line, text)| words(text).map(move |word| (word, line))),
        names,
    )
}

fn check<'t>(
    file: &File,
    listed: impl Iterator<Item = (&'t str, usize)>,
    names: &BTreeSet<String>,
) -> Vec<Finding> {
    if EXEMPT.iter().any(|folder| file.is_in(folder)) || file.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let mut last_seen = BTreeMap::new();
    for (word, line) in listed.filter(|(word, _)| names.contains(*word)) {
        last_seen.insert(word, line);
        last_seen.retain(|_, seen| line < *seen + LIST_LINES);
        if last_seen.len() > MAX_NAMES {
            let what = format!("lists more than {MAX_NAMES} fields of the record");
            return vec![Finding::new(&file.path, line, what, FIX)];
        }
    }
    Vec::new()
}

/// The field that a line of the table defines: `Origin name: Kind…`.
fn name_in_table(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let origin = words.next()?;
    let name = words.next()?.strip_suffix(':')?;
    (matches!(origin, "Always" | "Reference" | "Added") && name.contains('_')).then_some(name)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The members of the structs that a file defines: a word before a single colon, directly inside the struct's braces.
fn members(tokens: &[Token]) -> impl Iterator<Item = (&str, usize)> {
    let mut depth = None;
    let mut before = "";
    tokens.iter().zip(tokens.iter().skip(1)).filter_map(move |(token, after)| {
        match (token.text.as_str(), depth) {
            ("struct", None) => depth = Some(0_usize),
            (";" | "(", Some(0)) => depth = None,
            ("{" | "(" | "[", Some(open)) => depth = Some(open + 1),
            ("}" | ")" | "]", Some(open)) => depth = open.checked_sub(1).filter(|open| *open > 0),
            _ => {}
        }
        let is_member =
            depth == Some(1) && token.kind == TokenKind::Word && after.text == ":" && before != ":";
        before = &token.text;
        is_member.then_some((token.text.as_str(), token.line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> String {
        (0..20).map(|i| format!("    Always    field_{i}: Text(SHORT) = \"…\";\n")).collect()
    }

    fn findings(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(TABLE, &table())]);
        let names = names(&tree, &mut Vec::new());
        let file = File { path: path.to_owned(), text: text.to_owned() };
        let found = if path.ends_with(".rs") {
            check_rust(&file, &tokens::tokens(text).unwrap(), &names)
        } else {
            check_text(&file, &names)
        };
        found.iter().map(ToString::to_string).collect()
    }

    fn each(form: impl Fn(usize) -> String) -> String {
        (0..13).map(form).collect()
    }

    #[test]
    fn a_list_of_names_in_texts_is_found() {
        let literals = format!("const COLUMNS: &[&str] = &[\n{}];", each(|i| format!("\"field_{i}\",\n")));
        assert!(
            findings("storage/src/x.rs", &literals)[0].starts_with("storage/src/x.rs:14: lists more than 12")
        );
        let sql = format!("const SQL: &str = \"SELECT {} FROM t\";", each(|i| format!("field_{i}, ")));
        assert_eq!(findings("storage/src/x.rs", &sql).len(), 1);
        assert_eq!(findings("storage/x.sql", &each(|i| format!("field_{i} TEXT\n"))).len(), 1);
    }

    #[test]
    fn names_that_stand_far_apart_are_no_list() {
        let spread = each(|i| format!("const A{i}: &str = \"field_{i}\";\n\n\n\n"));
        assert!(findings("storage/src/x.rs", &spread).is_empty());
    }

    #[test]
    fn a_second_struct_is_found() {
        let members = each(|i| format!("    pub field_{i}: Option<std::string::String>,\n"));
        assert_eq!(findings("functions/query/src/x.rs", &format!("struct Row<'a> {{\n{members}}}")).len(), 1);
    }

    #[test]
    fn members_may_be_set_and_read() {
        let set = each(|i| format!("record.field_{i} = a;\n"));
        let literal = each(|i| format!("field_{i}: a,\n"));
        let text =
            format!("struct Unit;\nstruct Pair(u8, u8);\nfn f() {{ {set} AccessRecord {{ {literal} }} }}");
        assert!(findings("filter/src/x.rs", &text).is_empty());
    }

    #[test]
    fn tests_test_data_and_examples_may_repeat_names() {
        let list = each(|i| format!("\"field_{i}\","));
        let tests = format!("#[cfg(test)]\nmod tests {{ const A: &[&str] = &[{list}]; }}");
        assert!(findings("storage/src/x.rs", &tests).is_empty());
        for path in [
            "storage/tests/story.rs",
            "storage/src/insert/tests.rs",
            "testbed/testdata/x.json",
            "deploy/mysql.sql",
            "README.md",
        ] {
            assert!(findings(path, &format!("const A: &[&str] = &[{list}];")).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_table_of_another_form_is_noticed() {
        let mut found = Vec::new();
        names(&Tree::of(&[(TABLE, "fields! { a_b }")]), &mut found);
        assert!(found[0].to_string().starts_with("record/src/fields.rs:1: only 0 field names"));
    }
}
