//! The pages that are made from the tables in the code. `cargo xtask docs` writes them.

mod api;
mod fields;
mod kong;
mod paths;
mod schema;
mod sources;

use gatelog_documents::pages;

/// The variable with which pages are written instead of compared, as for the other files that tests make.
const UPDATE: &str = "UPDATE_EXPECT";

/// Compares a page with what the code makes.
fn check(path: &str, made: &str) {
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(pages::root().join(path), made).unwrap();
    }
    let written = pages::text(path).unwrap_or_default();
    let differing = written.lines().zip(made.lines()).position(|(old, new)| old != new);
    let line = differing.unwrap_or_else(|| written.lines().count().min(made.lines().count())) + 1;
    assert!(written == made, "{path} is stale from line {line} on: run `cargo xtask docs`");
}

/// A text as it is within the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Names between backticks, with commas.
fn codes<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}
