//! The AI log of a record: a JSON object, or the text of one, as Envoy's access log and older plugins write it.

use std::borrow::Cow;

use gatelog_record::mend;
use serde_json::value::RawValue;

/// The object in a value of `ai_log`, with the number of repairs: the value itself or, when it is a text, its content,
/// with its quotes escaped (as Higress's plugins store it) or not. `None` when there is no object.
///
/// Halves of surrogate pairs and numbers that databases refuse are repaired, so that the log is not lost.
pub fn object(json: Cow<'_, RawValue>) -> Option<(Cow<'_, RawValue>, usize)> {
    let text = json.get().trim_ascii();
    if text.starts_with('{') {
        return Some(self::mended(json));
    }
    let (text, mended) = inside(text)?;
    if text.trim_ascii_start().starts_with("{\\") {
        // Another layer of escaping: add quotes, and read it as a text.
        let (text, more) = inside(&format!("\"{text}\""))?;
        return of_text(text, mended + more);
    }
    of_text(text, mended)
}

/// The value with everything repaired that databases refuse, and the number of repairs.
pub fn mended(json: Cow<'_, RawValue>) -> (Cow<'_, RawValue>, usize) {
    match mend::json(json.get())
        .and_then(|(mended, count)| Some((RawValue::from_string(mended).ok()?, count)))
    {
        Some((mended, count)) => (Cow::Owned(mended), count),
        None => (json, 0),
    }
}

/// The content of a JSON text.
fn inside(json: &str) -> Option<(String, usize)> {
    if !json.starts_with('"') {
        return None;
    }
    if let Ok(text) = serde_json::from_str(json) {
        return Some((text, 0));
    }
    let (mended, count) = mend::json(json)?;
    Some((serde_json::from_str(&mended).ok()?, count))
}

fn of_text(text: String, mended: usize) -> Option<(Cow<'static, RawValue>, usize)> {
    if !text.trim_ascii_start().starts_with('{') {
        return None;
    }
    let (text, more) = mend::json(&text).unwrap_or((text, 0));
    Some((Cow::Owned(RawValue::from_string(text).ok()?), mended + more))
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
            (r#""{broken""#, None),
            (r#""-""#, None),
            ("null", None),
            ("7", None),
            ("[1]", None),
        ] {
            assert_eq!(read(json), object.map(|object| (object.to_owned(), 0)), "{json}");
        }
    }

    #[test]
    fn what_databases_refuse_is_repaired_and_nothing_else_is_lost() {
        for (json, object) in [
            (r#"{"a":"\ud83d","b":1}"#, r#"{"a":"\ufffd","b":1}"#),
            (r#"{"a":1e400,"b":1}"#, r#"{"a":null,"b":1}"#),
            (r#""{\"a\":\"\\ud83d\",\"b\":1}""#, r#"{"a":"\ufffd","b":1}"#),
            (r#""{\"a\":-1e999,\"b\":1}""#, r#"{"a":null,"b":1}"#),
            (r#""{\"a\":\"\ud83d\",\"b\":1}""#, "{\"a\":\"\u{fffd}\",\"b\":1}"),
            (r#""{\\\"a\\\":\\\"\\\\ud83d\\\",\\\"b\\\":1}""#, r#"{"a":"\ufffd","b":1}"#),
            ("\"{\\\"a\\\":\\\"x\\ny\\\",\\\"b\\\":1}\"", r#"{"a":"x\u000ay","b":1}"#),
        ] {
            assert_eq!(read(json), Some((object.to_owned(), 1)), "{json}");
        }
    }

    fn read(json: &str) -> Option<(String, usize)> {
        let raw = Cow::Owned(RawValue::from_string(json.to_owned()).unwrap());
        object(raw).map(|(object, mended)| (object.get().to_owned(), mended))
    }
}
