//! The AI log of a record: a JSON object, or the text of one, as Envoy's access log and older plugins write it.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

/// The object in a value of `ai_log`: the value itself, or what stands in it when it is a text, with its quotes escaped
/// (the way Higress's plugins keep it) or not. `None` when there is no object that every database takes.
pub fn object(json: Cow<'_, RawValue>) -> Option<Cow<'_, RawValue>> {
    let text = json.get().trim_ascii();
    if text.starts_with('{') {
        return is_sound(text).then_some(json);
    }
    let text: String = serde_json::from_str(text).ok()?;
    let object = if text.trim_ascii_start().starts_with("{\\") {
        // Another layer of the same: put quotes around, and read it as a text.
        serde_json::from_str(&format!("\"{text}\"")).ok()?
    } else {
        text
    };
    let is_object = object.trim_ascii_start().starts_with('{') && is_sound(&object);
    is_object.then(|| RawValue::from_string(object).ok().map(Cow::Owned)).flatten()
}

/// Whether the escapes in valid JSON are those of whole characters: half a surrogate pair is not, and databases that
/// check their JSON refuse it.
fn is_sound(json: &str) -> bool {
    let has_surrogates = json.contains("\\ud") || json.contains("\\uD");
    !has_surrogates || serde_json::from_str::<Value>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_and_the_text_of_one_are_read_and_nothing_else() {
        for (json, object) in [
            (r#"{"model":"m"}"#, Some(r#"{"model":"m"}"#)),
            (r#""{\"model\":\"m\"}""#, Some(r#"{"model":"m"}"#)),
            (r#""{\\\"model\\\":\\\"m\\\"}""#, Some(r#"{"model":"m"}"#)),
            (r#""{}""#, Some("{}")),
            (r#"{"a":"\ud83d\ude00"}"#, Some(r#"{"a":"\ud83d\ude00"}"#)),
            (r#"{"a":"\ud83d"}"#, None),
            (r#""{broken""#, None),
            (r#""-""#, None),
            ("null", None),
            ("7", None),
            ("[1]", None),
        ] {
            let raw = Cow::Owned(RawValue::from_string(json.to_owned()).unwrap());
            assert_eq!(super::object(raw).as_deref().map(RawValue::get), object, "{json}");
        }
    }
}
