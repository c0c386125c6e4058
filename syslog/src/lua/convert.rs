//! Converts Lua values to JSON and back, as Kong's encoder does.
//!
//! A table whose keys are all positive whole numbers is a list (holes are `null`); any other table is an object; an
//! empty one is `{}`.

use omnilua::{Lua, LuaString, Table, Value as LuaValue};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::message::json;

/// Deepest nesting of a value.
const MAX_DEPTH: usize = 32;
/// Most values within a value.
const MAX_VALUES: usize = 10_000;
/// A list of any length may have this many holes.
const SPARSE_SAFE: usize = 10;

/// A value that cannot be a member of a log.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// A function, userdata or thread.
    #[error("a value of type {0} cannot be logged")]
    Type(&'static str),
    /// An infinity or NaN.
    #[error("the number {0} cannot be logged: JSON has only finite numbers")]
    NotFinite(f64),
    /// A key that is neither a text nor a number.
    #[error("a table key must be a text or a number")]
    Key,
    /// A list with too many holes.
    #[error("a list has more holes than values")]
    Sparse,
    /// Too deep, perhaps because the value contains itself.
    #[error("the value is nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Too many values or bytes.
    #[error("the value is too large: more than {MAX_VALUES} values, or more text than the memory bound")]
    Size,
    /// From the interpreter.
    #[error("{0}")]
    Lua(#[from] omnilua::Error),
}

/// A Lua value as JSON, with at most `max_bytes` of text; `nil` is `None`.
///
/// # Errors
///
/// When the value has no form in JSON, or is too large or too deep.
pub fn to_json(value: &LuaValue, max_bytes: usize) -> Result<Option<Value>, ConvertError> {
    JsonConverter { values_left: MAX_VALUES, bytes_left: max_bytes }.value(value, MAX_DEPTH)
}

/// A JSON value as a Lua value; `null` is `nil`.
///
/// # Errors
///
/// From the interpreter.
pub fn to_lua(lua: &Lua, value: &Value) -> omnilua::Result<LuaValue> {
    Ok(match value {
        Value::Null => LuaValue::Nil,
        Value::Bool(value) => LuaValue::Boolean(*value),
        Value::Number(number) => LuaValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text_to_lua(lua, text)?,
        Value::Array(values) => {
            let table = lua.create_table()?;
            for (value, index) in values.iter().zip(1_i64..) {
                table.raw_set(index, to_lua(lua, value)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Object(members) => LuaValue::Table(object_to_lua(lua, members)?),
    })
}

/// An object as a table.
///
/// # Errors
///
/// From the interpreter.
pub fn object_to_lua(lua: &Lua, members: &Map<String, Value>) -> omnilua::Result<Table> {
    let table = lua.create_table()?;
    for (name, value) in members {
        table.raw_set(name.as_str(), to_lua(lua, value)?)?;
    }
    Ok(table)
}

/// A text as a Lua value.
///
/// # Errors
///
/// From the interpreter.
pub fn text_to_lua(lua: &Lua, text: &str) -> omnilua::Result<LuaValue> {
    lua.create_string(text).map(LuaValue::String)
}

struct JsonConverter {
    values_left: usize,
    bytes_left: usize,
}

impl JsonConverter {
    fn value(&mut self, value: &LuaValue, depth_left: usize) -> Result<Option<Value>, ConvertError> {
        self.values_left = self.values_left.checked_sub(1).ok_or(ConvertError::Size)?;
        Ok(Some(match value {
            LuaValue::Nil => return Ok(None),
            LuaValue::Boolean(value) => Value::Bool(*value),
            LuaValue::Integer(number) => Value::from(*number),
            LuaValue::Number(number) => json::number(*number).ok_or(ConvertError::NotFinite(*number))?,
            LuaValue::String(text) => Value::String(self.text(text)?),
            LuaValue::Table(table) => self.table(table, depth_left)?,
            LuaValue::Function(_) => return Err(ConvertError::Type("function")),
            LuaValue::Thread(_) => return Err(ConvertError::Type("thread")),
            LuaValue::UserData(_) | LuaValue::LightUserData(_) => return Err(ConvertError::Type("userdata")),
        }))
    }

    fn text(&mut self, text: &LuaString) -> Result<String, ConvertError> {
        let bytes = text.as_bytes()?;
        self.bytes_left = self.bytes_left.checked_sub(bytes.len()).ok_or(ConvertError::Size)?;
        // Lua's texts are bytes; bytes that are not UTF-8 cannot be in JSON.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn table(&mut self, table: &Table, depth_left: usize) -> Result<Value, ConvertError> {
        let depth_left = depth_left.checked_sub(1).ok_or(ConvertError::Depth)?;
        let pairs = table.raw_pairs()?;
        if pairs.len() > self.values_left {
            return Err(ConvertError::Size);
        }
        let longest = pairs
            .iter()
            .map(|(key, _)| list_index(key))
            .try_fold(0, |longest, index| Some(index?.max(longest)));
        match longest {
            Some(length @ 1..) => self.list(pairs, length, depth_left),
            _ => self.object(pairs, depth_left),
        }
    }

    fn list(
        &mut self,
        pairs: Vec<(LuaValue, LuaValue)>,
        length: usize,
        depth_left: usize,
    ) -> Result<Value, ConvertError> {
        if length > SPARSE_SAFE && length / 2 > pairs.len() {
            return Err(ConvertError::Sparse);
        }
        let mut list = vec![Value::Null; length];
        for (key, value) in pairs {
            let place = list_index(&key).and_then(|index| list.get_mut(index - 1));
            if let (Some(place), Some(value)) = (place, self.value(&value, depth_left)?) {
                *place = value;
            }
        }
        Ok(Value::Array(list))
    }

    fn object(&mut self, pairs: Vec<(LuaValue, LuaValue)>, depth_left: usize) -> Result<Value, ConvertError> {
        let mut object = Map::new();
        for (key, value) in pairs {
            let name = match key {
                LuaValue::String(text) => self.text(&text)?,
                LuaValue::Integer(number) => number.to_string(),
                LuaValue::Number(number) => {
                    json::number(number).ok_or(ConvertError::NotFinite(number))?.to_string()
                }
                _ => return Err(ConvertError::Key),
            };
            if let Some(value) = self.value(&value, depth_left)? {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}

/// The list index that a key stands for, from 1.
fn list_index(key: &LuaValue) -> Option<usize> {
    let number = match key {
        LuaValue::Integer(number) => *number,
        LuaValue::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => *number as i64,
        _ => return None,
    };
    usize::try_from(number).ok().filter(|index| *index > 0)
}
