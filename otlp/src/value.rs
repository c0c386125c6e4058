//! The value of an attribute, whichever encoding it came in.

use std::borrow::Cow;

use gatelog_record::mend;

/// A value. Texts borrow from the body where they can.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// The JSON of an array or an object.
    Json(Cow<'a, str>),
}

/// Longest JSON of which the texts of a list are taken, in bytes.
const MAX_LIST_BYTES: usize = 65_536;
/// A 64-bit float holds every whole number up to this one.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'a> Value<'a> {
    /// A text from bytes that should be UTF-8; what is not becomes U+FFFD.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self::Text(text(bytes))
    }

    /// Whether it says that there is no value, as access logs do with an empty text or `-`.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => matches!(text.trim(), "" | "-"),
            Self::Bool(_) | Self::Int(_) | Self::Double(_) | Self::Json(_) => false,
        }
    }

    /// As a text. The texts of a list are joined with `, `.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text),
            Self::Bool(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::Double(number) => Some(Cow::Owned(number.to_string())),
            Self::Json(json) => match list(&json) {
                Some(texts) => Some(Cow::Owned(texts.join(", "))),
                None => Some(json),
            },
        }
    }

    /// As a number that may have a fraction.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Absent | Self::Bool(_) | Self::Json(_) => None,
        }
        .filter(|number| number.is_finite())
    }

    /// As a whole number.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Text(text) => match text.trim() {
                "true" => Some(1),
                "false" => Some(0),
                text => text.parse().ok().or_else(|| whole(self.as_number()?)),
            },
            Self::Double(number) => whole(*number),
            Self::Absent | Self::Json(_) => None,
        }
    }
}

/// The whole number that `number` is, if it is one.
pub fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// Bytes as a text; what is not UTF-8 becomes U+FFFD.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(mend::utf8(bytes).0),
    }
}

/// The elements of a JSON array of texts, numbers and truth values.
fn list(json: &str) -> Option<Vec<String>> {
    if json.len() > MAX_LIST_BYTES || !json.trim_start().starts_with('[') {
        return None;
    }
    let elements: Vec<serde_json::Value> = serde_json::from_str(json).ok()?;
    let texts = elements.into_iter().map(|element| match element {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_in_any_way() {
        for (value, integer) in [
            (Value::Text("200".into()), Some(200)),
            (Value::Text(" 200 ".into()), Some(200)),
            (Value::Text("2e2".into()), Some(200)),
            (Value::Text("true".into()), Some(1)),
            (Value::Text("9223372036854775807".into()), Some(i64::MAX)),
            (Value::Text("1.5".into()), None),
            (Value::Text("NaN".into()), None),
            (Value::Text("inf".into()), None),
            (Value::Text("ok".into()), None),
            (Value::Int(-7), Some(-7)),
            (Value::Double(31.0), Some(31)),
            (Value::Double(f64::NAN), None),
            (Value::Double(1e300), None),
            (Value::Bool(true), Some(1)),
            (Value::Json("[1]".into()), None),
            (Value::Absent, None),
        ] {
            assert_eq!(value.as_integer(), integer, "{value:?}");
        }
    }

    #[test]
    fn a_list_of_texts_is_a_text_and_anything_else_stays_json() {
        for (json, text) in [
            (r#"["stop"]"#, "stop"),
            (r#"["a","b",1,true]"#, "a, b, 1, true"),
            ("[]", ""),
            (r#"[{"a":1}]"#, r#"[{"a":1}]"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(Value::Json(json.into()).into_text().as_deref(), Some(text), "{json}");
        }
    }

    #[test]
    fn an_empty_text_and_a_dash_are_no_value() {
        for (value, absent) in [
            (Value::Text("-".into()), true),
            (Value::Text("  ".into()), true),
            (Value::Text("--".into()), false),
            (Value::Int(0), false),
            (Value::Absent, true),
        ] {
            assert_eq!(value.is_absent(), absent, "{value:?}");
        }
    }
}
