//! Captured headers of a record: a JSON object whose values are texts, or lists of texts for repeated headers, as the filter
//! writes it.

use std::borrow::Cow;

use gatelog_record::members;
use serde_json::value::RawValue;

use super::ai_log::mended;

/// The valid headers in a value of `request_headers` or `response_headers`, and the number of values left out or
/// repaired. Members whose value is neither a text nor a list of texts are left out, and so is a whole value that is not an object.
pub fn headers(json: Cow<'_, RawValue>) -> (Option<Cow<'_, RawValue>>, usize) {
    let (json, mended) = mended(json);
    let Some(all) = members::members(json.get()) else { return (None, mended + 1) };
    let wrong = all.filter(|member| !is_header(member.value)).count();
    if wrong == 0 {
        return (Some(json), mended);
    }
    let kept = members::retain(json.get(), |_, member| is_header(member.value));
    let kept = kept.and_then(|kept| RawValue::from_string(kept).ok());
    (kept.map(Cow::Owned), mended + wrong)
}

fn is_header(value: &str) -> bool {
    value.starts_with('"') || serde_json::from_str::<Vec<Cow<'_, str>>>(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_and_lists_of_texts_by_name_are_headers() {
        for (json, kept, lost) in [
            (r#"{"accept":"*/*","x-a":"1, 2"}"#, Some(r#"{"accept":"*/*","x-a":"1, 2"}"#), 0),
            ("{}", Some("{}"), 0),
            (r#"{"via":["a","b, \"c\""],"x":[]}"#, Some(r#"{"via":["a","b, \"c\""],"x":[]}"#), 0),
            (
                r#"{"accept":"*/*","x-a":[1],"x-b":7,"x-c":null,"x-d":{"a":"b"},"x-e":["a",1]}"#,
                Some(r#"{"accept":"*/*"}"#),
                5,
            ),
            (r#"{"accept":"\ud83d"}"#, Some(r#"{"accept":"\ufffd"}"#), 1),
            (r#"["accept"]"#, None, 1),
            (r#""accept: */*""#, None, 1),
            ("7", None, 1),
        ] {
            let raw = Cow::Owned(RawValue::from_string(json.to_owned()).unwrap());
            let (headers, count) = headers(raw);
            assert_eq!((headers.as_deref().map(RawValue::get), count), (kept, lost), "{json}");
        }
    }
}
