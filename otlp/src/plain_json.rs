//! Plain JSON as values: lines of access logs, and the texts and numbers of requests in JSON.

use gatelog_record::{members, mend};
use serde_json::value::RawValue;

use crate::value::Value;

/// Hands the members of the object that `json` is to `each`; nothing when it is none.
pub fn members_of(json: &str, mut each: impl FnMut(&str, Value<'static>)) {
    let mended;
    let json = match (serde_json::from_str::<&RawValue>(json), mend::json(json)) {
        (Ok(_), None) => json,
        (_, Some((text, _))) if serde_json::from_str::<&RawValue>(&text).is_ok() => {
            mended = text;
            &mended
        }
        _ => return,
    };
    for member in members::members(json).into_iter().flatten() {
        if let Ok(name) = serde_json::from_str::<String>(member.key) {
            each(&name, of_json(member.value));
        }
    }
}

/// The value of plain JSON.
pub fn of_json(json: &str) -> Value<'static> {
    match json.bytes().next() {
        Some(b'"') => match serde_json::from_str::<String>(json) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Absent,
        },
        Some(b'{' | b'[') => Value::Json(json.to_owned().into()),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') | None => Value::Absent,
        Some(_) => number(json),
    }
}

/// A JSON text; it borrows from the body when it has no escapes.
pub fn text(json: &str) -> Option<Value<'_>> {
    match serde_json::from_str::<&str>(json) {
        Ok(text) => Some(Value::Text(text.into())),
        Err(_) => {
            let text = serde_json::from_str::<String>(json).ok();
            let text = text.or_else(|| serde_json::from_str(&mend::json(json)?.0).ok());
            text.map(|text| Value::Text(text.into()))
        }
    }
}

/// A number, whole or not.
pub fn number(json: &str) -> Value<'static> {
    match (json.parse(), json.parse()) {
        (Ok(number), _) => Value::Int(number),
        (_, Ok(number)) => Value::Double(number),
        _ => Value::Absent,
    }
}

/// A JSON text without its quotes. Names and numbers have no escapes.
pub fn unquoted(json: &str) -> &str {
    json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json)
}
