//! Walks JSON text chunk by chunk and reports the values whose paths are in a table; everything else is skipped.
//!
//! The walk is lenient: text that is not JSON yields nothing, or nonsense, but never fails. Objects and arrays are entered
//! only where the table has paths inside them, at most [`MAX_DEPTH`] deep; skipped values are tracked by counting brackets, so
//! nesting costs no memory. Only the key or short value being read is kept, so a text may be arbitrarily large. The elements
//! of a top-level array are read like separate texts (Gemini streams an array), and texts may follow one another.

use gatelog_record::json::unescape::unescaped;

use super::keys::{LONGEST, Meaning, ROOT, Tree};

/// Deepest nesting of objects and arrays that are entered.
pub const MAX_DEPTH: usize = 16;
/// Longest text value that is kept, in bytes before unescaping: 255 characters, all escaped.
pub const MAX_TEXT: usize = 1_536;
/// Bytes kept of a key: one more than the longest key of a table with all characters escaped.
const LONGEST_WRITTEN: usize = 6 * LONGEST + 1;
/// Longest number or literal that is kept.
const MAX_LITERAL: usize = 48;
/// The end of an event stream in OpenAI's format, instead of a JSON text: `[DONE]`.
const DONE: &[u8] = b"DONE";

/// A value whose path is in the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// The raw text between the quotes, with escapes. A text that is not kept, see [`Meaning::keeps_text`], is reported at
    /// its first byte, and not at all when it is empty.
    Text(&'a [u8]),
    /// A number, `true`, `false` or `null`.
    Literal(&'a [u8]),
    /// The start of an object, or of an array, that may be entered or skipped.
    Container,
}

/// A value with its meaning.
#[derive(Debug)]
pub struct Found<'a> {
    /// The meaning from the table.
    pub meaning: Meaning,
    /// The only provider with this path; empty when several have it.
    pub provider: &'static str,
    /// The value.
    pub value: Scalar<'a>,
}

/// The state between two chunks.
#[derive(Debug)]
pub struct Scanner {
    tree: &'static Tree,
    state: State,
    /// The objects and arrays entered.
    stack: [Level; MAX_DEPTH],
    depth: usize,
    /// The node of the value being read; `None` when it is not on any path.
    node: Option<u16>,
    /// The key or value being read.
    text: Vec<u8>,
}

/// An object or array that was entered.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// For an object, the node whose children are its keys; for an array, the node of each element.
    node: u16,
    is_array: bool,
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
    /// At the first byte of a text whose presence matters, but not its content.
    BeginText,
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
    /// The text is not JSON; the rest of it is not read.
    Broken,
}

/// Receives the values found.
pub type Take<'t> = &'t mut dyn FnMut(Found<'_>);

impl Scanner {
    /// A scanner for the paths of a table.
    pub fn new(tree: &'static Tree) -> Self {
        Self {
            tree,
            state: State::Value,
            stack: [Level::default(); MAX_DEPTH],
            depth: 0,
            node: Some(ROOT),
            text: Vec::new(),
        }
    }

    /// Forgets the text so far: the next byte begins another one.
    pub fn reset(&mut self) {
        self.state = State::Value;
        self.depth = 0;
        self.node = Some(ROOT);
        self.text.clear();
    }

    /// Reads a chunk and reports complete values.
    pub fn read(&mut self, mut bytes: &[u8], take: Take<'_>) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.state {
                State::Broken => return,
                State::InText { keep: false, escaped: false } => match special(bytes) {
                    None => return,
                    Some(end) => {
                        let escaped = bytes.get(end) == Some(&b'\\');
                        self.state =
                            if escaped { State::InText { keep: false, escaped } } else { State::After };
                        after(bytes, end)
                    }
                },
                State::SkipText { open, escaped: false } => match special(bytes) {
                    None => return,
                    Some(end) => {
                        let escaped = bytes.get(end) == Some(&b'\\');
                        self.state =
                            if escaped { State::SkipText { open, escaped } } else { State::Skip { open } };
                        after(bytes, end)
                    }
                },
                State::InKey { escaped: false } => match self.gather(bytes, LONGEST_WRITTEN) {
                    None => return,
                    Some(end) if bytes.get(end) == Some(&b'"') => {
                        self.node = self.node_of_key();
                        self.state = State::Colon;
                        after(bytes, end)
                    }
                    Some(end) => {
                        self.state = State::InKey { escaped: true };
                        after(bytes, end)
                    }
                },
                State::InText { keep: true, escaped: false } => match self.gather(bytes, MAX_TEXT) {
                    None => return,
                    Some(end) if bytes.get(end) == Some(&b'"') => {
                        self.state = State::After;
                        self.hand_out(Scalar::Text(&self.text), take);
                        after(bytes, end)
                    }
                    Some(end) => {
                        self.state = State::InText { keep: true, escaped: true };
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
                    self.step(byte, take);
                    rest
                }
            };
        }
    }

    fn step(&mut self, byte: u8, take: Take<'_>) {
        match self.state {
            State::Value => self.begin_value(byte, take),
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
            State::InKey { .. } => {
                self.keep(&[byte], LONGEST_WRITTEN);
                self.state = State::InKey { escaped: false };
            }
            State::Colon => match byte {
                b':' => self.state = State::Value,
                _ if byte.is_ascii_whitespace() => {}
                _ => self.state = State::Broken,
            },
            State::BeginText => {
                if byte != b'"' {
                    self.hand_out(Scalar::Text(&[]), take);
                }
                self.state = match byte {
                    b'"' => State::After,
                    _ => State::InText { escaped: byte == b'\\', keep: false },
                };
            }
            State::InText { keep, .. } => {
                if keep {
                    self.keep(&[byte], MAX_TEXT);
                }
                self.state = State::InText { escaped: false, keep };
            }
            State::InLiteral => match byte {
                b',' | b'}' | b']' => {
                    self.end_literal(take);
                    self.step(byte, take);
                }
                _ if byte.is_ascii_whitespace() => self.end_literal(take),
                // One byte more than the limit shows that the rest is missing.
                _ if self.text.len() <= MAX_LITERAL => self.text.push(byte),
                _ => {}
            },
            State::After => self.after_value(byte, take),
            State::SkipText { open, .. } => self.state = State::SkipText { open, escaped: false },
            State::Skip { .. } | State::Broken => {}
        }
    }

    /// Keeps a text up to its closing quote, or up to and including the next backslash; returns the position of that byte,
    /// if it is in the chunk.
    fn gather(&mut self, bytes: &[u8], most: usize) -> Option<usize> {
        let end = special(bytes);
        let kept = end.map_or(bytes.len(), |end| end + usize::from(bytes.get(end) == Some(&b'\\')));
        self.keep(bytes.get(..kept).unwrap_or(bytes), most);
        end
    }

    /// Keeps bytes as far as there is room.
    fn keep(&mut self, bytes: &[u8], most: usize) {
        let room = most.saturating_sub(self.text.len());
        self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn after_value(&mut self, byte: u8, take: Take<'_>) {
        match (self.level(), byte) {
            (_, _) if byte.is_ascii_whitespace() => {}
            (None, b',' | b']') => self.state = State::Value,
            (None, _) => self.begin_value(byte, take),
            (Some(level), b',') if level.is_array => {
                self.node = Some(level.node);
                self.state = State::Value;
            }
            (Some(_), b',') => self.state = State::Key,
            (Some(level), b']') if level.is_array => self.leave(),
            (Some(level), b'}') if !level.is_array => self.leave(),
            _ => self.state = State::Broken,
        }
    }

    fn begin_value(&mut self, byte: u8, take: Take<'_>) {
        if byte.is_ascii_whitespace() {
            return;
        }
        let level = self.level();
        if level.is_none() {
            self.node = Some(ROOT);
            if matches!(byte, b'[' | b']' | b',') {
                return;
            }
        }
        let meaning = self.node.and_then(|node| self.tree.meaning(node));
        match byte {
            b'{' | b'[' => {
                if level.is_some() {
                    self.hand_out(Scalar::Container, take);
                } else {
                    take(Found { meaning: Meaning::Document, provider: "", value: Scalar::Container });
                }
                self.enter(byte == b'[');
            }
            b'"' => {
                self.text.clear();
                self.state = match meaning {
                    Some(meaning) if meaning.keeps_text() => State::InText { escaped: false, keep: true },
                    Some(_) => State::BeginText,
                    None => State::InText { escaped: false, keep: false },
                };
            }
            // An array may be empty.
            b']' if level.is_some_and(|level| level.is_array) => self.leave(),
            b',' | b'}' | b']' | b':' => self.state = State::Broken,
            _ => {
                self.text.clear();
                self.text.push(byte);
                self.state = State::InLiteral;
            }
        }
    }

    fn end_literal(&mut self, take: Take<'_>) {
        self.state = State::After;
        if self.depth > 0 {
            self.hand_out(Scalar::Literal(&self.text), take);
        } else if self.text == DONE {
            take(Found { meaning: Meaning::Done, provider: "", value: Scalar::Literal(b"true") });
        }
    }

    /// Reports a value of the current node, if the table lists it.
    fn hand_out(&self, value: Scalar<'_>, take: Take<'_>) {
        let Some(node) = self.node else { return };
        let (meaning, provider) = (self.tree.meaning(node), self.tree.provider(node));
        if meaning.is_some() || !provider.is_empty() {
            take(Found { meaning: meaning.unwrap_or(Meaning::Sign), provider, value });
        }
    }

    /// Enters an object or array where the table has paths inside; skips it otherwise.
    fn enter(&mut self, is_array: bool) {
        let inside =
            self.node.filter(|node| self.tree.has_children(*node)).map(|node| self.tree.inside(node));
        let inside = if is_array { inside.and_then(|node| self.tree.child(node, b"*")) } else { inside };
        let (Some(node), Some(level)) = (inside, self.stack.get_mut(self.depth)) else {
            self.state = State::Skip { open: 1 };
            return;
        };
        *level = Level { node, is_array };
        self.depth += 1;
        self.node = is_array.then_some(node);
        self.state = if is_array { State::Value } else { State::Key };
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.state = State::After;
    }

    /// The innermost object or array that was entered.
    fn level(&self) -> Option<Level> {
        self.depth.checked_sub(1).and_then(|depth| self.stack.get(depth)).copied()
    }

    /// The node of the key that was read.
    fn node_of_key(&self) -> Option<u16> {
        let node = self.level()?.node;
        if self.text.contains(&b'\\') {
            self.tree.child(node, unescaped(&self.text).as_bytes())
        } else {
            self.tree.child(node, &self.text)
        }
    }
}

/// The position of the next quote or backslash. A shared function keeps the module small.
#[inline(never)]
fn special(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'"', b'\\', bytes)
}

fn after(bytes: &[u8], index: usize) -> &[u8] {
    bytes.get(index + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
