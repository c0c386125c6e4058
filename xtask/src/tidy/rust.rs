//! Rules for Rust files: the opening line, the length, and forbidden test attributes.

use super::finding::Finding;
use super::tokens::{self, Token};
use super::tree::File;

/// The most lines that a file may have.
const MAX_LINES: usize = 600;

/// Forbidden tokens: the sequence, its name, and what to do instead.
const FORBIDDEN: &[(&[&str], &str, &str)] = &[
    (&["#", "[", "ignore"], "#[ignore]", "make the test run everywhere, or remove it"),
    (&["#", "[", "should_panic"], "#[should_panic]", "return an error and assert on it"),
    (&["thread", ":", ":", "sleep"], "thread::sleep", "wait for the event itself"),
];

/// Checks one file.
pub fn check(file: &File, tokens: &[Token]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.starts_with("//!") {
        let fix = "say in a `//!` comment what the file is for";
        findings.push(Finding::new(&file.path, 1, "the first line is not module documentation", fix));
    }
    let lines = file.text.lines().count();
    if lines > MAX_LINES {
        let what = format!("{lines} lines, at most {MAX_LINES} are allowed");
        findings.push(Finding::new(&file.path, MAX_LINES, what, "split the file by concept"));
    }
    for (sequence, name, fix) in FORBIDDEN {
        if let Some(line) = tokens::find(tokens, sequence) {
            findings.push(Finding::new(&file.path, line, format!("uses {name}"), fix));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let file = File { path: "a.rs".to_owned(), text: text.to_owned() };
        check(&file, &tokens::tokens(text).unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_must_open_with_its_purpose() {
        let first =
            "a.rs:1: the first line is not module documentation; say in a `//!` comment what the file is for";
        assert_eq!(findings("use a;\n//! late\n"), [first]);
        assert!(findings("//! For tests.\nuse a;\n").is_empty());
    }

    #[test]
    fn a_file_of_more_than_600_lines_is_too_long() {
        let lines = |count: usize| format!("//! Long.\n{}", "\n".repeat(count - 1));
        assert!(findings(&lines(600)).is_empty());
        assert_eq!(
            findings(&lines(601)),
            ["a.rs:600: 601 lines, at most 600 are allowed; split the file by concept"]
        );
    }

    #[test]
    fn forbidden_test_attributes_and_sleeps_are_found_in_code_but_not_in_text() {
        let text = "//! A.\n#[test]\n#[ignore = \"slow\"]\nfn t() { std::thread::sleep(d) }\n";
        let found = findings(text);
        assert!(
            found[0].starts_with("a.rs:3: uses #[ignore]")
                && found[1].starts_with("a.rs:4: uses thread::sleep")
        );
        assert!(findings("//! `#[ignore]` and thread::sleep\nconst A: &str = \"#[ignore]\";\n").is_empty());
    }
}
