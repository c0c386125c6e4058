//! The fenced blocks of a page.

use std::io;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::pages;

/// What a remark begins with that says why a block is not run or loaded.
const NOT_RUN: &str = "not run here:";
/// What a remark begins with that names the SQL of a block.
const DIALECT: &str = "dialect:";

/// A fenced block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The path of its page, from the root.
    pub page: String,
    /// The line of its first line, from 1.
    pub line: usize,
    /// The word after the fence: `sh`, `yaml`, or nothing.
    pub language: String,
    /// Its lines.
    pub text: String,
    /// Why it is not run or loaded, from `<!-- not run here: … -->` right before it.
    pub not_run: Option<String>,
    /// The SQL that it is in, from `<!-- dialect: sqlite -->` right before it.
    pub dialect: Option<String>,
}

impl Block {
    /// Where it is: `README.md:25`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// Its lines, those that end with a backslash joined with the next, without remarks and blank ones.
    pub fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let lines = joined.lines().map(|line| without_remark(line).trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// A command without the remark behind it.
fn without_remark(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '#') if before.is_whitespace() => return line.get(..at).unwrap_or_default(),
            _ => {}
        }
        before = character;
    }
    line
}

/// The blocks of all documents.
///
/// # Errors
///
/// When a document cannot be read.
pub fn all() -> io::Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for page in pages::all()? {
        blocks.extend(of(&page, &pages::text(&page)?));
    }
    Ok(blocks)
}

/// The blocks of a page with this text.
pub fn of(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let (mut not_run, mut dialect) = (None, None);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Html(html) => {
                for remark in remarks(&html) {
                    let after = |start| remark.strip_prefix(start).map(|rest| rest.trim().to_owned());
                    not_run = after(NOT_RUN).or(not_run);
                    dialect = after(DIALECT).or(dialect);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let line = text.get(..range.start).unwrap_or_default().matches('\n').count() + 2;
                let language = info.split([' ', ',']).next().unwrap_or_default().to_owned();
                open = Some(Block {
                    page: page.to_owned(),
                    line,
                    language,
                    text: String::new(),
                    not_run: not_run.take(),
                    dialect: dialect.take(),
                });
            }
            Event::Text(part) => match &mut open {
                Some(block) => block.text.push_str(&part),
                None => (not_run, dialect) = (None, None),
            },
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            // A remark holds for the block right after it.
            _ => (not_run, dialect) = (None, None),
        }
    }
    blocks
}

/// The texts within `<!-- -->`.
fn remarks(html: &str) -> impl Iterator<Item = &str> {
    html.split("<!--").skip(1).filter_map(|rest| rest.split("-->").next()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_holds_for_the_block_right_after_it() {
        let text = "# A\n\n<!-- not run here: needs a cluster -->\n\n```sh\nkubectl get pods\n```\n\n\
                    <!-- not run here: x -->\n\nText.\n\n```yaml\na: 1\n```\n\n<!-- dialect: sqlite -->\n```sql\nSELECT 1;\n```\n";
        let blocks = of("a.md", text);
        let shown: Vec<_> = blocks
            .iter()
            .map(|block| (block.line, &*block.language, block.not_run.as_deref(), block.dialect.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [
                (6, "sh", Some("needs a cluster"), None),
                (14, "yaml", None, None),
                (19, "sql", None, Some("sqlite"))
            ]
        );
        assert_eq!(
            blocks.first().map(|block| (block.place(), &*block.text)),
            Some(("a.md:6".to_owned(), "kubectl get pods\n"))
        );
    }

    #[test]
    fn commands_are_whole_and_without_remarks() {
        let text = "curl -H \"a: #b\" \\\n  'http://h/#c' # d\n\n# e\ncargo xtask tidy   # f\n";
        let block = Block { text: text.to_owned(), ..Block::default() };
        assert_eq!(block.commands(), ["curl -H \"a: #b\"    'http://h/#c'", "cargo xtask tidy"]);
    }
}
