//! Sets a custom field in a log: Kong's `set_serialize_value`.
//!
//! A key is split at dots (`request.headers.cookie`); `\.` is a dot within a name. Missing objects along the path
//! are created. `nil` removes the member.

use serde_json::{Map, Value};
use thiserror::Error;

/// A key of `custom_fields_by_lua`, split into names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
    path: Vec<String>,
    last: String,
}

/// When a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Always; the mode of every custom field.
    #[default]
    Set,
    /// Only where there is no value yet.
    Add,
    /// Only where there is a value.
    Replace,
}

/// A key whose path leads through a value without members.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("The key '{key}' could not be used as a serialize value. Subkey '{subkey}' is not a table")]
pub struct NotATable {
    /// The whole key.
    pub key: String,
    /// The part of the path that has no members.
    pub subkey: String,
}

impl Key {
    /// Splits a key into names; `None` when it has none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut path = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            let part = path.last_mut()?;
            match char {
                '\\' if chars.next_if_eq(&'.').is_some() => part.push('.'),
                '.' => path.push(String::new()),
                _ => part.push(char),
            }
        }
        path.retain(|part| !part.is_empty());
        let last = path.pop()?;
        Some(Self { text: text.to_owned(), path, last })
    }

    /// The key as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Writes `value` to the member that `key` names, or removes it when `value` is `None`.
///
/// # Errors
///
/// When a name along the path belongs to something other than an object; the log is then unchanged.
pub fn set(
    log: &mut Map<String, Value>,
    key: &Key,
    value: Option<Value>,
    mode: Mode,
) -> Result<(), NotATable> {
    let Some(members) = descend(log, key, mode != Mode::Replace && value.is_some())? else {
        return Ok(());
    };
    let write = match mode {
        Mode::Set => true,
        Mode::Add => !members.contains_key(&key.last),
        Mode::Replace => members.contains_key(&key.last),
    };
    match value {
        _ if !write => {}
        Some(value) => {
            members.insert(key.last.clone(), value);
        }
        None => {
            members.remove(&key.last);
        }
    }
    Ok(())
}

/// The object that holds the key's last name; `None` when it is missing and must not be created.
fn descend<'l>(
    log: &'l mut Map<String, Value>,
    key: &Key,
    make: bool,
) -> Result<Option<&'l mut Map<String, Value>>, NotATable> {
    let mut members = log;
    for part in &key.path {
        if !members.contains_key(part) {
            if !make {
                return Ok(None);
            }
            members.insert(part.clone(), Value::Object(Map::new()));
        }
        members = match members.get_mut(part) {
            Some(Value::Object(inner)) => inner,
            _ => return Err(NotATable { key: key.text.clone(), subkey: part.clone() }),
        };
    }
    Ok(Some(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(key: &str, value: Option<Value>, mode: Mode) -> Result<Value, NotATable> {
        let Value::Object(mut log) = json!({"a": 1, "o": {"x": 1, "d.e": 2}}) else { panic!() };
        set(&mut log, &Key::parse(key).unwrap(), value, mode).map(|()| Value::Object(log))
    }

    #[test]
    fn a_dotted_key_reaches_into_objects_and_creates_missing_ones() {
        assert_eq!(after("o.x", Some(json!(2)), Mode::Set).unwrap(), json!({"a":1,"o":{"x":2,"d.e":2}}));
        assert_eq!(
            after("n.m.k", Some(json!([1])), Mode::Set).unwrap(),
            json!({"a":1,"o":{"x":1,"d.e":2},"n":{"m":{"k":[1]}}})
        );
    }

    #[test]
    fn an_escaped_dot_belongs_to_the_name() {
        assert_eq!(after(r"o.d\.e", Some(json!(3)), Mode::Set).unwrap(), json!({"a":1,"o":{"x":1,"d.e":3}}));
        assert_eq!(after(r"o.d\.e", None, Mode::Set).unwrap(), json!({"a":1,"o":{"x":1}}));
    }

    #[test]
    fn nil_removes_and_creates_nothing() {
        assert_eq!(after("o", None, Mode::Set).unwrap(), json!({"a":1}));
        assert_eq!(after("n.m", None, Mode::Set).unwrap(), json!({"a":1,"o":{"x":1,"d.e":2}}));
    }

    #[test]
    fn a_key_through_a_number_is_refused_in_kongs_words() {
        assert_eq!(
            after("a.b.c", Some(json!(1)), Mode::Set).unwrap_err().to_string(),
            "The key 'a.b.c' could not be used as a serialize value. Subkey 'a' is not a table"
        );
    }

    #[test]
    fn add_and_replace_depend_on_the_existing_value() {
        assert_eq!(after("a", Some(json!(9)), Mode::Add).unwrap()["a"], json!(1));
        assert_eq!(after("b", Some(json!(9)), Mode::Add).unwrap()["b"], json!(9));
        assert_eq!(after("a", Some(json!(9)), Mode::Replace).unwrap()["a"], json!(9));
        assert_eq!(after("b", Some(json!(9)), Mode::Replace).unwrap().get("b"), None);
        assert_eq!(after("n.b", Some(json!(9)), Mode::Replace).unwrap().get("n"), None);
    }

    #[test]
    fn a_key_without_a_name_is_refused() {
        assert_eq!(Key::parse(""), None);
        assert_eq!(Key::parse(".."), None);
    }
}
