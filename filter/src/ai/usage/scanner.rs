//! Walks JSON text chunk by chunk and passes on the scalars under keys that matter; everything else is skipped.
//!
//! The walk is lenient: text that is not JSON yields nothing, or nonsense, but never fails. The scanner enters
//! objects only under keys that matter, at most [`MAX_DEPTH`] deep. It skips other values by counting their brackets,
//! so nesting costs no memory. An array at the top is walked element by element (Gemini streams one), and texts may
//! follow one another.

use super::keys::{Key, LONGEST};
use crate::json::Json;

/// Deepest nesting of objects that the scanner enters.
pub const MAX_DEPTH: usize = 4;
/// Longest text value that is kept, in bytes before unescaping: 255 characters that are all escaped.
pub const MAX_TEXT: usize = 1_536;
/// Longest number or literal that is kept.
const MAX_LITERAL: usize = 48;

/// A value under a key that matters.
#[derive(Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// A text as it stands between its quotes, with its escapes.
    Text(&'a [u8]),
    /// A number, `true`, `false` or `null`.
    Literal(&'a [u8]),
    /// The start of an object, or of an array, that may be entered or skipped.
    Container,
}

/// The state between two chunks.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    /// Keys of the objects entered below the outermost one.
    path: [Key; MAX_DEPTH],
    /// Objects entered; 0 outside of any.
    depth: usize,
    key: Key,
    /// The key or value being read.
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a value.
    #[default]
    Value,
    /// Before a key or the end of an object.
    Key,
    /// In a key.
    InKey { escaped: bool },
    /// Between key and value.
    Colon,
    /// In a text value; kept or not.
    InText { escaped: bool, keep: bool },
    /// In a number, `true`, `false` or `null`.
    InLiteral,
    /// After a value.
    After,
    /// In a skipped array or object, with this many brackets open.
    Skip { open: u32 },
    /// In a text inside a skipped value.
    SkipText { open: u32, escaped: bool },
    /// The text is not JSON; the rest is skipped.
    Broken,
}

impl Scanner {
    /// Forgets the text so far: the next byte begins another one.
    pub fn reset(&mut self) {
        self.state = State::Value;
        self.depth = 0;
        self.key = Key::Other;
        self.text.clear();
    }

    /// Reads a chunk. `on_value` gets the keys of the objects around the value, from the outermost object's member
    /// inwards, the value's own key, and the value.
    pub fn read(&mut self, mut bytes: &[u8], on_value: &mut impl FnMut(&[Key], Key, &Scalar<'_>)) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.state {
                State::Broken => return,
                State::InText { keep: false, escaped: false } => match memchr::memchr2(b'"', b'\\', bytes) {
                    None => return,
                    Some(end) => {
                        let escaped = bytes.get(end) == Some(&b'\\');
                        self.state =
                            if escaped { State::InText { keep: false, escaped } } else { State::After };
                        after(bytes, end)
                    }
                },
                State::SkipText { open, escaped: false } => match memchr::memchr2(b'"', b'\\', bytes) {
                    None => return,
                    Some(end) => {
                        let escaped = bytes.get(end) == Some(&b'\\');
                        self.state =
                            if escaped { State::SkipText { open, escaped } } else { State::Skip { open } };
                        after(bytes, end)
                    }
                },
                State::Skip { open } => {
                    match bytes
                        .iter()
                        .position(|byte| matches!(byte, b'"' | b'[' | b'{' | b']' | b'}'))
                        .map(|at| (at, bytes.get(at)))
                    {
                        None => return,
                        Some((at, bracket)) => {
                            self.state = match bracket {
                                Some(b'"') => State::SkipText { open, escaped: false },
                                Some(b'[' | b'{') => State::Skip { open: open.saturating_add(1) },
                                _ if open <= 1 => State::After,
                                _ => State::Skip { open: open - 1 },
                            };
                            after(bytes, at)
                        }
                    }
                }
                _ => {
                    self.step(byte, on_value);
                    rest
                }
            };
        }
    }

    fn step(&mut self, byte: u8, on_value: &mut impl FnMut(&[Key], Key, &Scalar<'_>)) {
        match self.state {
            State::Value => self.begin_value(byte, on_value),
            State::Key => match byte {
                b'"' => {
                    self.text.clear();
                    self.state = State::InKey { escaped: false };
                }
                b'}' => self.leave(),
                b',' => {}
                _ if byte.is_ascii_whitespace() => {}
                _ => self.state = State::Broken,
            },
            State::InKey { escaped } => {
                if byte == b'"' && !escaped {
                    self.key = self.key_read();
                    self.state = State::Colon;
                } else {
                    // One byte more than the longest key: no key matches.
                    if self.text.len() <= 6 * LONGEST {
                        self.text.push(byte);
                    }
                    self.state = State::InKey { escaped: byte == b'\\' && !escaped };
                }
            }
            State::Colon => match byte {
                b':' => self.state = State::Value,
                _ if byte.is_ascii_whitespace() => {}
                _ => self.state = State::Broken,
            },
            State::InText { escaped, keep } => {
                if byte == b'"' && !escaped {
                    self.state = State::After;
                    if keep {
                        on_value(self.keys_around(), self.key, &Scalar::Text(&self.text));
                    }
                } else {
                    if keep && self.text.len() < MAX_TEXT {
                        self.text.push(byte);
                    }
                    self.state = State::InText { escaped: byte == b'\\' && !escaped, keep };
                }
            }
            State::InLiteral => match byte {
                b',' | b'}' | b']' => {
                    self.end_literal(on_value);
                    self.step(byte, on_value);
                }
                _ if byte.is_ascii_whitespace() => self.end_literal(on_value),
                _ if self.text.len() < MAX_LITERAL => self.text.push(byte),
                _ => {}
            },
            State::After => match byte {
                b',' if self.depth > 0 => self.state = State::Key,
                b',' | b']' if self.depth == 0 => self.state = State::Value,
                b'}' => self.leave(),
                _ if byte.is_ascii_whitespace() => {}
                _ if self.depth == 0 => self.begin_value(byte, on_value),
                _ => self.state = State::Broken,
            },
            State::SkipText { open, .. } => self.state = State::SkipText { open, escaped: false },
            State::Skip { .. } | State::Broken => {}
        }
    }

    fn begin_value(&mut self, byte: u8, on_value: &mut impl FnMut(&[Key], Key, &Scalar<'_>)) {
        let matters = self.depth > 0 && self.key != Key::Other;
        if matters && matches!(byte, b'{' | b'[') {
            on_value(self.keys_around(), self.key, &Scalar::Container);
        }
        match byte {
            b'{' if self.depth == 0 => self.enter(),
            b'{' if self.key.is_container() && self.depth < MAX_DEPTH => self.enter(),
            b'[' | b']' if self.depth == 0 => {}
            b'{' | b'[' => self.state = State::Skip { open: 1 },
            b'"' => {
                self.text.clear();
                self.state = State::InText { escaped: false, keep: matters };
            }
            b',' | b'}' | b']' | b':' => self.state = State::Broken,
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                self.text.clear();
                self.text.push(byte);
                self.state = State::InLiteral;
            }
        }
    }

    fn end_literal(&mut self, on_value: &mut impl FnMut(&[Key], Key, &Scalar<'_>)) {
        self.state = State::After;
        if self.depth > 0 && self.key != Key::Other {
            on_value(self.keys_around(), self.key, &Scalar::Literal(&self.text));
        }
    }

    fn enter(&mut self) {
        if let Some(slot) = self.depth.checked_sub(1).and_then(|level| self.path.get_mut(level)) {
            *slot = self.key;
        }
        self.depth += 1;
        self.key = Key::Other;
        self.state = State::Key;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.state = State::After;
    }

    fn keys_around(&self) -> &[Key] {
        self.path.get(..self.depth.saturating_sub(1)).unwrap_or_default()
    }

    fn key_read(&self) -> Key {
        if self.text.contains(&b'\\') {
            Key::of(unescaped(&self.text).as_bytes())
        } else {
            Key::of(&self.text)
        }
    }
}

/// The text for `raw`, the inside of a JSON string. An escape that was cut off is left out; bytes that are not UTF-8
/// are replaced.
pub fn unescaped(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('\\') {
        return text.into_owned();
    }
    // A text cut at its limit may end inside an escape: at most a surrogate pair of 12 bytes goes.
    (0..12)
        .filter_map(|cut| text.len().checked_sub(cut).and_then(|end| text.get(..end)))
        .find_map(json_string)
        .unwrap_or_default()
}

/// The text for `raw`, the inside of a JSON string; none when it is not well formed.
fn json_string(raw: &str) -> Option<String> {
    match Json::parse(&[b"\"", raw.as_bytes(), b"\""].concat()) {
        Ok(Json::Text(text)) => Some(text),
        _ => None,
    }
}

fn after(bytes: &[u8], index: usize) -> &[u8] {
    bytes.get(index + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything passed on for a text in chunks, as lines `path/key=value`.
    fn values(chunks: &[&[u8]]) -> Vec<String> {
        let (mut scanner, mut values) = (Scanner::default(), Vec::new());
        for chunk in chunks {
            scanner.read(chunk, &mut |path, key, value| {
                let value = match value {
                    Scalar::Text(raw) => unescaped(raw),
                    Scalar::Literal(raw) => String::from_utf8_lossy(raw).into_owned(),
                    Scalar::Container => "(container)".to_owned(),
                };
                let path: String = path.iter().map(|key| format!("{key:?}/")).collect();
                values.push(format!("{path}{key:?}={value}"));
            });
        }
        values
    }

    #[test]
    fn values_under_keys_that_matter_are_handed_out() {
        for (text, expected) in [
            (r#"{"model":"m","x":1}"#, vec!["Model=m"]),
            (
                r#" { "model" : "m" , "usage" : { "prompt_tokens" : 12 } } "#,
                vec!["Model=m", "Usage=(container)", "Usage/PromptTokens=12"],
            ),
            (
                r#"{"choices":[{"usage":{"prompt_tokens":1}}],"id":"a\"b\u00e9"}"#,
                vec!["Choices=(container)", "Id=a\"bé"],
            ),
            (r#"{"x":{"model":"inner"},"mod\u0065l":"m","usage":null}"#, vec!["Model=m", "Usage=null"]),
            (r#"[{"model":"a"},{"model":"b"}]"#, vec!["Model=a", "Model=b"]),
            ("{\"model\":\"a\"}\n{\"model\":\"b\"}", vec!["Model=a", "Model=b"]),
            (r#"{"model":"\\","id":"x"}"#, vec!["Model=\\", "Id=x"]),
            (r#"{"x":"\"model\":1 \\","y":["]\"}"],"model":"m"}"#, vec!["Model=m"]),
            (r#"{"usage":{"input_tokens":-1.5e3}}"#, vec!["Usage=(container)", "Usage/InputTokens=-1.5e3"]),
            (r#"{"model":["m"]}"#, vec!["Model=(container)"]),
            ("[DONE]", vec![]),
            ("", vec![]),
            ("{]", vec![]),
            ("\"model\":\"m\"", vec![]),
        ] {
            assert_eq!(values(&[text.as_bytes()]), expected, "{text}");
        }
    }

    #[test]
    fn nesting_costs_no_memory_and_hides_nothing_after_it() {
        let deep = format!(r#"{{"x":{}{},"model":"m"}}"#, "[{\"a\":".repeat(10_000), "}]".repeat(10_000));
        assert_eq!(values(&[deep.as_bytes()]), ["Model=m"]);
        let known = format!("{}{}", r#"{"usage":"#.repeat(10_000), "1".to_owned() + &"}".repeat(10_000));
        assert_eq!(values(&[known.as_bytes()]).len(), MAX_DEPTH);
    }

    #[test]
    fn a_long_text_is_cut_where_it_can_be_read() {
        let text = format!(r#"{{"model":"{}"}}"#, "\\u00e9".repeat(1_000));
        assert_eq!(values(&[text.as_bytes()]), [format!("Model={}", "é".repeat(256))]);
        let text = format!(r#"{{"model":"a{}"}}"#, "\\u00e9".repeat(1_000));
        assert_eq!(values(&[text.as_bytes()]), [format!("Model=a{}", "é".repeat(255))]);
    }

    proptest! {
        #[test]
        fn any_split_of_any_text_hands_out_the_same(
            text in r#"(\{"|"\}|"model":|"usage":\{|"prompt_tokens":|[\[\]{},":\\0-9 ]|"m"|\\u00e9|null|,){0,40}"#,
            at in 0_usize..100,
        ) {
            let (one, other) = text.as_bytes().split_at(text.floor_char_boundary(at.min(text.len())));
            let whole = values(&[text.as_bytes()]);
            prop_assert_eq!(values(&[one, other]), &whole[..]);
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            prop_assert_eq!(values(&bytes), whole);
        }

        #[test]
        fn no_bytes_make_the_scanner_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            values(&[&bytes]);
        }
    }
}
