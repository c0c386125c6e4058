//! A Rust file as a flat list of tokens with their lines, without comments.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    /// Its kind.
    pub kind: TokenKind,
    /// Its text; for a literal with its quotes.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

/// The kinds of token that rules distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword.
    Word,
    /// A text, number or character.
    Literal,
    /// Anything else, one character each, including brackets.
    Sign,
}

/// The tokens of a file. Documentation comments are left out like all comments.
///
/// # Errors
/// Fails when the text does not consist of Rust tokens.
pub fn tokens(text: &str) -> Result<Vec<Token>> {
    let stream: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

/// The line of the first place where these tokens follow each other.
pub fn find(tokens: &[Token], sequence: &[&str]) -> Option<usize> {
    let matches =
        |window: &&[Token]| window.iter().map(|token| token.text.as_str()).eq(sequence.iter().copied());
    tokens.windows(sequence.len()).find(matches)?.first().map(|token| token.line)
}

fn flatten(stream: TokenStream, into: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                into.push(Token { kind: TokenKind::Sign, text: open.to_owned(), line });
                flatten(group.stream(), into);
                let line = group.span_close().start().line;
                into.push(Token { kind: TokenKind::Sign, text: close.to_owned(), line });
            }
            TokenTree::Ident(word) => {
                into.push(Token { kind: TokenKind::Word, text: word.to_string(), line })
            }
            TokenTree::Punct(sign) => {
                into.push(Token { kind: TokenKind::Sign, text: sign.as_char().to_string(), line })
            }
            // `#[doc = "…"]` is what a documentation comment becomes.
            TokenTree::Literal(_) if ends_with(into, &["[", "doc", "="]) => {}
            TokenTree::Literal(literal) => {
                into.push(Token { kind: TokenKind::Literal, text: literal.to_string(), line })
            }
        }
    }
}

fn ends_with(tokens: &[Token], sequence: &[&str]) -> bool {
    let last = tokens.iter().rev().map(|token| token.text.as_str());
    last.take(sequence.len()).eq(sequence.iter().rev().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_left_out_and_literals_are_distinguished_from_words() {
        let tokens = tokens("//! spin_sdk\n/// proxy_wasm\nfn f() { // ignore\n  g(\"text\") }\n").unwrap();
        let words: Vec<(&str, usize)> = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Word && token.text != "doc")
            .map(|token| (token.text.as_str(), token.line))
            .collect();
        assert_eq!(words, [("fn", 3), ("f", 3), ("g", 4)]);
        let literals: Vec<&str> = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Literal)
            .map(|token| token.text.as_str())
            .collect();
        assert_eq!(literals, ["\"text\""]);
    }

    #[test]
    fn a_sequence_is_found_across_brackets_with_its_line() {
        let tokens = tokens("fn f() {}\n\n#[cfg(test)]\nmod tests {}\n").unwrap();
        assert_eq!(find(&tokens, &["#", "[", "cfg", "(", "test", ")", "]"]), Some(3));
        assert_eq!(find(&tokens, &["mod", "tests"]), Some(4));
        assert_eq!(find(&tokens, &["mod", "other"]), None);
    }
}
