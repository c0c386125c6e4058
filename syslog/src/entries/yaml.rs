//! Reads YAML, the format of decK and of Kong's declarative configuration, into JSON values.
//!
//! Unquoted scalars follow YAML 1.2's core schema (<https://yaml.org/spec/1.2.2/#103-core-schema>). Anchors, aliases and merge
//! keys (`<<`) work. [`MAX_NODES`] and [`MAX_DEPTH`] bound the result, because aliases of aliases multiply.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Number, Value};

/// The most scalars, lists and mappings in a document, including those that aliases repeat.
const MAX_NODES: usize = 200_000;
/// The deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;

/// Why a text cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// It is not YAML.
    #[error("{0}")]
    Syntax(#[from] ScanError),
    /// A mapping has a duplicate key, or a key that is a list or a mapping.
    #[error("line {line}: the key {key} {what}")]
    Key {
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// `<<` names something other than mappings.
    #[error("line {0}: << needs a mapping, or a list of mappings")]
    Merge(usize),
    /// The text has more than one document.
    #[error("line {0}: a second document begins; give one")]
    SecondDocument(usize),
    /// It is beyond the bounds on size or depth.
    #[error("line {0}: more than {MAX_NODES} values, or more than {MAX_DEPTH} within each other")]
    TooLarge(usize),
}

/// The value of a text that holds one document.
///
/// # Errors
///
/// When the text is not YAML, has several documents or a duplicate key, or is beyond the bounds.
pub fn read(text: &str) -> Result<Value, YamlError> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next?;
        builder.line = span.start.line();
        builder.event(event)?;
    }
    Ok(builder.document.unwrap_or_default())
}

/// A list or a mapping whose end has not been reached.
enum Open {
    List(Vec<Value>),
    Mapping { members: Map<String, Value>, key: Option<String>, merged: Vec<Value> },
}

#[derive(Default)]
struct Builder {
    /// Each with the number of its anchor, or 0.
    open: Vec<(Open, usize)>,
    anchored: HashMap<usize, (Value, usize)>,
    nodes: usize,
    line: usize,
    documents: usize,
    document: Option<Value>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<(), YamlError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 { Err(YamlError::SecondDocument(self.line)) } else { Ok(()) }
            }
            Event::Alias(anchor) => {
                let (value, nodes) = self.anchored.get(&anchor).cloned().unwrap_or_default();
                self.count(nodes)?;
                self.place(value)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let is_plain = matches!(style, ScalarStyle::Plain);
                let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value = if is_plain && !is_text { plain(&text) } else { Value::from(&*text) };
                self.finish(value, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(Open::List(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => {
                self.begin(Open::Mapping { members: Map::new(), key: None, merged: Vec::new() }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((Open::List(list), anchor)) => self.finish(Value::Array(list), anchor),
                Some((Open::Mapping { members, merged, .. }, anchor)) => {
                    let members = merge(members, merged).ok_or(YamlError::Merge(self.line))?;
                    self.finish(Value::Object(members), anchor)
                }
                None => Ok(()),
            },
        }
    }

    fn begin(&mut self, open: Open, anchor: usize) -> Result<(), YamlError> {
        self.count(1)?;
        if self.open.len() == MAX_DEPTH {
            return Err(YamlError::TooLarge(self.line));
        }
        self.open.push((open, anchor));
        Ok(())
    }

    fn count(&mut self, nodes: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES { Err(YamlError::TooLarge(self.line)) } else { Ok(()) }
    }

    fn finish(&mut self, value: Value, anchor: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            // The copy is kept, so it counts.
            let nodes = nodes_of(&value);
            self.count(nodes)?;
            self.anchored.insert(anchor, (value.clone(), nodes));
        }
        self.place(value)
    }

    fn place(&mut self, value: Value) -> Result<(), YamlError> {
        let line = self.line;
        match self.open.last_mut().map(|(open, _)| open) {
            None => self.document = Some(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Mapping { members, key, merged }) => match key.take() {
                None => *key = Some(key_of(value, line)?),
                Some(name) if name == "<<" => merged.push(value),
                Some(name) if members.contains_key(&name) => {
                    return Err(YamlError::Key { line, key: name, what: "occurs twice in one mapping" });
                }
                Some(name) => _ = members.insert(name, value),
            },
        }
        Ok(())
    }
}

fn key_of(value: Value, line: usize) -> Result<String, YamlError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Ok("null".to_owned()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => {
            Err(YamlError::Key { line, key: value.to_string(), what: "is a list or a mapping" })
        }
    }
}

/// Adds the mappings that `<<` names. Members of the mapping itself and of earlier mappings take precedence.
fn merge(mut members: Map<String, Value>, merged: Vec<Value>) -> Option<Map<String, Value>> {
    for value in merged {
        let list = if let Value::Array(list) = value { list } else { vec![value] };
        for mapping in list {
            let Value::Object(mapping) = mapping else { return None };
            for (key, value) in mapping {
                members.entry(key).or_insert(value);
            }
        }
    }
    Some(members)
}

fn nodes_of(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(nodes_of).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(nodes_of).sum::<usize>(),
        _ => 1,
    }
}

/// An unquoted scalar.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = |prefix, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(number) = digits("0x", 16).or_else(|| digits("0o", 8)) {
        return Some(number.into());
    }
    // Rust also parses words such as `inf` as numbers.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !is_number || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    Number::from_f64(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_read_by_the_core_schema() {
        let text = "[~, null, yes, 'true', true, FALSE, 7, -1, +3, 0x1f, 0o17, 1.5, 1e3, .5, 1.2.3, e, inf, '', \"a\\tb\", !!str 7, 2026-01-31]";
        assert_eq!(
            read(text).unwrap(),
            json!([
                null,
                null,
                "yes",
                "true",
                true,
                false,
                7,
                -1,
                3,
                31,
                15,
                1.5,
                1000.0,
                0.5,
                "1.2.3",
                "e",
                "inf",
                "",
                "a\tb",
                "7",
                "2026-01-31"
            ])
        );
    }

    #[test]
    fn json_is_read_as_json() {
        let text = r#"{"a": [1, {"b": null}], "c\u00e4": "x: y #z", "d": {}}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn anchors_aliases_and_merge_keys_work() {
        let text = "a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\nd:\n  <<: [{x: 5}, *a]\nlua: |\n  return 1\n  -- end\n";
        assert_eq!(
            read(text).unwrap(),
            json!({
                "a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}, "d": {"x": 5, "y": 2},
                "lua": "return 1\n-- end\n"
            })
        );
    }

    #[test]
    fn an_error_names_its_line() {
        for (text, expected) in [
            ("a: 1\nb: 2\na: 3\n", "line 3: the key a occurs twice"),
            ("a: 1\n? [1]\n: 2\n", "line 2: the key [1] is a list"),
            ("a: 1\n---\nb: 2\n", "line 2: a second document"),
            ("<<: 7\n", "<< needs a mapping"),
            ("a: *b\n", "unknown anchor"),
            ("a: [1\nb: 2", "line 2"),
            ("a: \"x", "line 1"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn aliases_of_aliases_stop_at_the_bound() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            text += &format!("a{level}: &a{level} [{list}]\n");
        }
        assert!(matches!(read(&text), Err(YamlError::TooLarge(_))));
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            assert!(read(&deep).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-a0&*<>|!'\"#:,?~%@ \\[\\]{}\n\t\u{e4}\u{feff}]{0,60}") {
            _ = read(&text);
        }

        #[test]
        fn any_json_value_is_read_back(text in proptest::string::string_regex("[ -~\u{a0}-\u{ff}]{0,30}").unwrap(), number: i64) {
            let value = json!({text.clone(): [text, number, null, true]});
            if value.as_object().unwrap().contains_key("<<") { return Ok(()); }
            proptest::prop_assert_eq!(read(&value.to_string()).unwrap(), value);
        }
    }
}
