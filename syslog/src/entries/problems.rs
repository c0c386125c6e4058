//! Problems with entries, collected while values are read. serde stops at the first problem, but operators want to
//! see all of them.

use std::fmt;

use serde_json::{Map, Value};

use super::Scope;

/// The problems found so far: one text for each, which begins with its place.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// All problems.
    pub fn into_texts(self) -> Vec<String> {
        self.0
    }

    /// Whether there are no problems.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of problems.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a problem at a place.
    pub fn add(&mut self, place: &str, problem: impl fmt::Display) {
        self.0.push(format!("{place} {problem}"));
    }

    /// Adds to the problems from `first` on which entry they belong to.
    pub fn of_entry(&mut self, first: usize, scope: &Scope) {
        for problem in self.0.iter_mut().skip(first) {
            *problem = format!("{problem} (entry for {scope})");
        }
    }

    /// The value as an object; a problem when it is not one.
    pub fn object<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        if !value.is_object() {
            self.kind(value, place, "an object");
        }
        value.as_object()
    }

    /// The value as a list; a problem when it is not one.
    pub fn list<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v [Value]> {
        if !value.is_array() {
            self.kind(value, place, "a list");
        }
        value.as_array().map(Vec::as_slice)
    }

    /// The value as a text; a problem when it is not one.
    pub fn text<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v str> {
        if !value.is_string() {
            self.kind(value, place, "a text");
        }
        value.as_str()
    }

    /// The value as a list of texts; a problem for each element that is not a text.
    pub fn texts<'v>(&mut self, value: &'v Value, place: &str) -> Vec<&'v str> {
        let list = self.list(value, place).unwrap_or_default();
        let text = |(index, value)| self.text(value, &format!("{place}[{index}]"));
        list.iter().enumerate().filter_map(text).collect()
    }

    /// Adds a problem unless the value is a number.
    pub fn number(&mut self, value: &Value, place: &str) {
        if !value.is_number() {
            self.kind(value, place, "a number");
        }
    }

    /// The value as a name, which is a non-empty text; a problem when it is not one.
    pub fn name<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v str> {
        let name = self.text(value, place)?;
        if name.is_empty() {
            self.add(place, "must not be empty: leave the key out to apply to all");
        }
        Some(name)
    }

    /// Sets `target` to what the value names; a problem when the value is not among `known`.
    pub fn one_of<T: Copy>(&mut self, value: &Value, place: &str, known: &[(T, &str)], target: &mut T) {
        match value.as_str().and_then(|text| known.iter().find(|(_, name)| *name == text)) {
            Some((found, _)) => *target = *found,
            None => self.none_of(value, place, known.iter().map(|(_, name)| *name).collect()),
        }
    }

    fn none_of(&mut self, value: &Value, place: &str, known: Vec<&str>) {
        self.add(place, format_args!("is {value}, which is none of {}", known.join(", ")));
    }

    fn kind(&mut self, value: &Value, place: &str, expected: &str) {
        self.add(place, format_args!("must be {expected}, not {}", kind(value)));
    }
}

/// The type of the value, in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
