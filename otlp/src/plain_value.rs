//! Arrays and lists of OTLP/JSON as plain JSON.
//!
//! The text is read once, however deep it is nested: what is deeper than a record may hold is passed over.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::plain_json::{number, unquoted};
use crate::value::Value;

/// Deepest nesting of a value; what is deeper is `null`.
const MAX_DEPTH: usize = gatelog_record::limits::MAX_JSON_DEPTH;
/// Most bytes of the JSON of one value. No field of the record is as large.
const MAX_JSON_BYTES: usize = 1 << 20;

/// The plain JSON of an `AnyValue`; `None` when it is none, or larger than any field.
pub fn plain_json(any_value: &str) -> Option<String> {
    let mut plain = String::new();
    let mut json = serde_json::Deserializer::from_str(any_value);
    AnyValue { plain: &mut plain, depth: 0 }.deserialize(&mut json).ok()?;
    Some(plain)
}

struct AnyValue<'p> {
    plain: &'p mut String,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.depth < MAX_DEPTH {
            return json.deserialize_any(self);
        }
        self.plain.push_str("null");
        IgnoredAny::deserialize(json).map(|_| ())
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AnyValue")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.plain.push_str("null");
        Ok(())
    }

    /// Of several members, the first is the value.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { plain, depth } = self;
        match members.next_key::<&RawValue>()?.map(|name| unquoted(name.get())) {
            Some("intValue" | "int_value" | "doubleValue" | "double_value") => {
                write_number(plain, members.next_value::<&RawValue>()?.get());
            }
            Some(
                "stringValue" | "string_value" | "boolValue" | "bool_value" | "bytesValue" | "bytes_value",
            ) => {
                plain.push_str(members.next_value::<&RawValue>()?.get());
            }
            Some("arrayValue" | "array_value") => {
                plain.push('[');
                members.next_value_seed(List { plain, depth, is_object: false })?;
                plain.push(']');
            }
            Some("kvlistValue" | "kvlist_value") => {
                plain.push('{');
                members.next_value_seed(List { plain, depth, is_object: true })?;
                plain.push('}');
            }
            Some(_) => {
                members.next_value::<IgnoredAny>()?;
                plain.push_str("null");
            }
            None => plain.push_str("null"),
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        if plain.len() > MAX_JSON_BYTES {
            return Err(A::Error::custom("it is larger than any field"));
        }
        Ok(())
    }
}

fn write_number(plain: &mut String, json: &str) {
    let text = match number(unquoted(json)) {
        Value::Int(number) => Some(number.to_string()),
        Value::Double(number) => serde_json::Number::from_f64(number).map(|number| number.to_string()),
        _ => None,
    };
    plain.push_str(text.as_deref().unwrap_or("null"));
}

/// An `ArrayValue` or a `KeyValueList`: what stands between the brackets.
struct List<'p> {
    plain: &'p mut String,
    depth: usize,
    is_object: bool,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with values")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    /// The list itself, or its only member `values`, which holds the list.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { plain, depth, is_object } = self;
        let mut is_read = false;
        while let Some(name) = members.next_key::<&RawValue>()? {
            if unquoted(name.get()) == "values" && !std::mem::replace(&mut is_read, true) {
                members.next_value_seed(Elements { plain, depth, is_object })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Elements<'p> {
    plain: &'p mut String,
    depth: usize,
    is_object: bool,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { plain, depth, is_object } = self;
        let begin = plain.len();
        loop {
            let end = plain.len();
            if end > begin {
                plain.push(',');
            }
            let depth = depth + 1;
            let element = if is_object {
                elements.next_element_seed(KeyValue { plain, depth })?
            } else {
                elements.next_element_seed(AnyValue { plain, depth })?
            };
            if element.is_none() {
                plain.truncate(end);
                return Ok(());
            }
        }
    }
}

struct KeyValue<'p> {
    plain: &'p mut String,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for KeyValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KeyValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a KeyValue")
    }

    /// The members may stand in either order.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { plain, depth } = self;
        let begin = plain.len();
        let mut key = "\"\"";
        let mut has_value = false;
        while let Some(name) = members.next_key::<&RawValue>()? {
            match unquoted(name.get()) {
                "key" => {
                    key = members.next_value::<&RawValue>()?.get();
                    if !key.starts_with('"') {
                        return Err(A::Error::custom("a key is a text"));
                    }
                }
                "value" if !std::mem::replace(&mut has_value, true) => {
                    members.next_value_seed(AnyValue { plain, depth })?;
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        plain.insert_str(begin, &format!("{key}:"));
        if !has_value {
            plain.push_str("null");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_plain_json() {
        for (any_value, plain) in [
            (
                r#"{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a\n"},{"boolValue":true}]}}"#,
                r#"[1,"a\n",true]"#,
            ),
            (
                r#"{"arrayValue":{"values":[{"doubleValue":"NaN"},{"doubleValue":0.5},{},null,{"new":[1]}]}}"#,
                "[null,0.5,null,null,null]",
            ),
            (r#"{"arrayValue":{}}"#, "[]"),
            (r#"{"arrayValue":null}"#, "[]"),
            (r#"{"kvlistValue":{"values":[]}}"#, "{}"),
            (
                r#"{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}},{"value":{"stringValue":"x"},"key":"b"},{"key":"c"}]}}"#,
                r#"{"a":1,"b":"x","c":null}"#,
            ),
            (
                r#"{"kvlist_value":{"values":[{"value":{"kvlist_value":{"values":[{"value":{"int_value":2},"key":"in"}]}},"key":"out"}]}}"#,
                r#"{"out":{"in":2}}"#,
            ),
        ] {
            assert_eq!(plain_json(any_value).as_deref(), Some(plain), "{any_value}");
        }
        for none in [
            r#"{"arrayValue":1}"#,
            r#"{"arrayValue":{"values":[1]}}"#,
            "7",
            r#"{"kvlistValue":{"values":[{"key":1}]}}"#,
        ] {
            assert_eq!(plain_json(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_nested_deeper_than_a_record_may_be_is_null() {
        let nested = |levels: usize| {
            let open = r#"{"arrayValue":{"values":["#.repeat(levels);
            format!(r#"{open}{{"intValue":1}}{}"#, "]}}".repeat(levels))
        };
        assert_eq!(plain_json(&nested(2)).unwrap(), "[[1]]");
        let deepest = format!("{}null{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(plain_json(&nested(MAX_DEPTH)).unwrap(), deepest);
        assert_eq!(plain_json(&nested(200_000)).unwrap(), deepest);
    }

    #[test]
    fn a_value_larger_than_any_field_is_none() {
        let long = |bytes: usize| {
            format!(r#"{{"arrayValue":{{"values":[{{"stringValue":"{}"}}]}}}}"#, "x".repeat(bytes))
        };
        assert!(plain_json(&long(MAX_JSON_BYTES - 4)).is_some());
        assert_eq!(plain_json(&long(MAX_JSON_BYTES)), None);
    }
}
