//! Reads the tables of a page.

use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// One cell of a table.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// All of it, without marks.
    pub text: String,
    /// What stands between backticks in it.
    pub codes: Vec<String>,
}

impl Cell {
    /// The only thing in the cell, when that stands between backticks.
    pub fn only_code(&self) -> Option<&str> {
        self.codes.first().map(String::as_str).filter(|code| *code == self.text)
    }

    /// The bounds in `` `1` to `10`, or `-1` ``.
    pub fn bounds(&self) -> Option<(&str, &str)> {
        let [low, high, ..] = &self.codes[..] else { return None };
        self.text.starts_with(&format!("{low} to {high}")).then_some((low, high))
    }
}

/// The rows of all tables of a file whose columns have these names.
pub fn rows(path: &str, columns: &[&str]) -> Vec<Vec<Cell>> {
    let text = text(path);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let (mut row, mut cell): (Vec<Cell>, Option<Cell>) = Default::default();
    let mut is_wanted = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableCell) => cell = Some(Cell::default()),
            Event::End(TagEnd::TableCell) => row.extend(cell.take()),
            Event::End(TagEnd::TableHead) => {
                is_wanted = row.drain(..).map(|cell| cell.text).eq(columns.iter().copied());
            }
            Event::End(TagEnd::TableRow) => {
                let row = std::mem::take(&mut row);
                rows.extend(Some(row).filter(|_| is_wanted));
            }
            Event::Text(text) => cell.iter_mut().for_each(|cell| cell.text.push_str(&text)),
            Event::Code(code) => cell.iter_mut().for_each(|cell| {
                cell.text.push_str(&code);
                cell.codes.push(code.to_string());
            }),
            _ => {}
        }
    }
    assert!(!rows.is_empty(), "{path} has no table with the columns {columns:?}");
    rows
}

/// A number just below `low`, and one just above `high`.
pub fn just_outside(low: &str, high: &str) -> [f64; 2] {
    let [least, most]: [f64; 2] = [low, high].map(|bound| bound.parse().unwrap());
    let below = if low.contains('.') { least / 2.0 } else { least - 1.0 };
    [below, most + 1.0]
}

/// The text of a file of the project.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}
