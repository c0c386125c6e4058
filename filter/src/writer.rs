//! A record's JSON, written straight into the bytes of its batch.
//!
//! The text is the one that `gatelog_record` defines and serde writes; a test compares them. Here the keys need no
//! escaping, and fields that the configuration leaves out are not written.

use gatelog_record::{AccessRecord, FIELDS, FieldValue, Kind, Origin};

use crate::config::settings::Omitted;
use crate::json::write_text;

/// Appends the JSON object of a record.
pub fn write(out: &mut Vec<u8>, record: &AccessRecord<'_>, omitted: Omitted) {
    let start = out.len();
    for (index, (field, value)) in FIELDS.iter().zip(record.values()).enumerate() {
        let absent = matches!(value, FieldValue::Absent) && field.origin != Origin::Always;
        if absent || omitted.has_index(index) {
            continue;
        }
        out.extend_from_slice(field.json_key.as_bytes());
        match value {
            FieldValue::Timestamp(time) => {
                out.push(b'"');
                out.extend_from_slice(&time.to_rfc3339());
                out.push(b'"');
            }
            FieldValue::Integer(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            FieldValue::Text(text) => write_text(out, text),
            FieldValue::Json(json) => out.extend_from_slice(json.get().as_bytes()),
            FieldValue::Absent => out.extend_from_slice(match field.kind {
                Kind::Timestamp | Kind::Text(_) => b"\"\"",
                Kind::Integer | Kind::Count => b"0",
                Kind::Json(_) => b"null",
            }),
        }
    }
    // In the place of the first comma.
    match out.get_mut(start) {
        Some(first) => *first = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use gatelog_record::Timestamp;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn written(record: &AccessRecord<'_>, omitted: Omitted) -> String {
        let mut out = Vec::new();
        write(&mut out, record, omitted);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_empty_record_is_written_as_serde_does() {
        let record = AccessRecord::default();
        assert_eq!(written(&record, Omitted::default()), serde_json::to_string(&record).unwrap());
    }

    #[test]
    fn fields_that_are_left_out_are_not_written_even_when_the_reference_always_has_them() {
        let mut omitted = Omitted::default();
        assert!(omitted.add("user_agent") && omitted.add("request_id"));
        let record = AccessRecord { user_agent: "x".into(), method: "GET".into(), ..AccessRecord::default() };
        let text = written(&record, omitted);
        assert!(!text.contains("user_agent") && !text.contains("request_id") && text.contains("GET"));
    }

    proptest! {
        #[test]
        fn any_record_is_written_as_serde_does(text in any::<String>(), number in any::<i64>(), nanos in any::<u64>()) {
            let json = RawValue::from_string(serde_json::to_string(&text).unwrap()).unwrap();
            let record = AccessRecord {
                start_time: Some(Timestamp::from_nanos(nanos)),
                path: text.as_str().into(),
                duration: number,
                total_tokens: Some(number),
                ai_log: Some(Cow::Borrowed(&json)),
                ..AccessRecord::default()
            };
            prop_assert_eq!(written(&record, Omitted::default()), serde_json::to_string(&record).unwrap());
        }
    }
}
