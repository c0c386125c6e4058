//! How a record is written to and read from JSON: an object whose keys are the names of the field table.
//!
//! Written: an absent value is left out, except the keys that Higress's db-log-pusher always writes
//! ([`Origin::Always`]), which are written empty (`""`, `0`, and `null` for JSON).
//!
//! Read: `null` and a missing key mean absent. Unknown keys are skipped, so a newer filter can talk to an older
//! ingest. A value of the wrong type is an error that names the key.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::Timestamp;
use crate::fields::{AccessRecord, FIELDS, FieldValue, Kind, Member, Origin};

impl Serialize for AccessRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in FIELDS.iter().zip(self.values()) {
            match value {
                FieldValue::Timestamp(time) => map.serialize_entry(field.name, &time)?,
                FieldValue::Text(text) => map.serialize_entry(field.name, text)?,
                FieldValue::Integer(number) => map.serialize_entry(field.name, &number)?,
                FieldValue::Json(value) => map.serialize_entry(field.name, value)?,
                FieldValue::Absent if field.origin != Origin::Always => {}
                FieldValue::Absent => match field.kind {
                    Kind::Timestamp | Kind::Text(_) => map.serialize_entry(field.name, "")?,
                    Kind::Integer | Kind::Count => map.serialize_entry(field.name, &0)?,
                    Kind::Json(_) => map.serialize_entry(field.name, &())?,
                },
            }
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for AccessRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = AccessRecord<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with the keys of an access record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut record = AccessRecord::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match record.member_mut(&key.0) {
                Some(member) => {
                    read_member(member, &mut map)
                        .map_err(|error| A::Error::custom(format_args!("{}: {error}", key.0)))?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(record)
    }
}

fn read_member<'de, A: MapAccess<'de>>(member: Member<'_, 'de>, map: &mut A) -> Result<(), A::Error> {
    match member {
        Member::Timestamp(time) => {
            *time = match map.next_value::<Option<Text<'de>>>()? {
                Some(text) if !text.0.is_empty() => {
                    Some(text.0.parse::<Timestamp>().map_err(A::Error::custom)?)
                }
                _ => None,
            };
        }
        Member::Text(text) => {
            *text = map.next_value::<Option<Text<'de>>>()?.map(|text| text.0).unwrap_or_default()
        }
        Member::Integer(number) => *number = map.next_value::<Option<i64>>()?.unwrap_or_default(),
        Member::Count(number) => *number = map.next_value()?,
        Member::Json(value) => {
            *value = map.next_value::<Option<&'de RawValue>>()?.map(Cow::Borrowed);
        }
    }
    Ok(())
}

/// A text that borrows from the input when it holds no escape; `Cow` itself never does.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What db-log-pusher sends: its keys, its types, no `record_id`, and four keys that its collector ignores.
    const GO_PAYLOAD: &str = include_str!("../testdata/db_log_pusher.json");

    #[test]
    fn the_payload_of_db_log_pusher_is_read() {
        let record: AccessRecord<'_> = serde_json::from_str(GO_PAYLOAD).unwrap();
        assert_eq!(record.record_id, "");
        assert_eq!(record.start_time.unwrap().to_string(), "2026-03-27T02:15:04.000000Z");
        assert_eq!(record.path, "/v1/chat/completions");
        assert_eq!(record.response_code, 200);
        assert_eq!(record.total_tokens, Some(58));
        assert_eq!(
            record.ai_log.as_deref().unwrap().get(),
            r#"{"api":"-","model":"qwen-max","response_type":"normal"}"#
        );
    }

    #[test]
    fn texts_without_escapes_borrow_from_the_input() {
        let record: AccessRecord<'_> = serde_json::from_str(r#"{"method":"GET","path":"/a\"b"}"#).unwrap();
        assert!(matches!(record.method, Cow::Borrowed("GET")));
        assert!(matches!(record.path, Cow::Owned(_)));
        assert_eq!(record.path, "/a\"b");
    }

    #[test]
    fn a_wrong_type_is_an_error_that_names_the_key() {
        for (input, key) in [
            (r#"{"response_code":"200"}"#, "response_code"),
            (r#"{"path":7}"#, "path"),
            (r#"{"start_time":"noon"}"#, "start_time"),
            (r#"{"total_tokens":1.5}"#, "total_tokens"),
            (r#"{"duration":99999999999999999999}"#, "duration"),
        ] {
            let error = serde_json::from_str::<AccessRecord<'_>>(input).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{key}: ")), "{error}");
        }
    }

    #[test]
    fn null_and_unknown_keys_are_accepted() {
        let record: AccessRecord<'_> =
            serde_json::from_str(r#"{"model":null,"ai_log":null,"duration":null,"of_tomorrow":{"a":[1]}}"#)
                .unwrap();
        assert_eq!(record.model, "");
        assert!(record.ai_log.is_none());
    }

    #[test]
    fn an_empty_record_is_written_with_the_keys_that_the_reference_always_writes() {
        let json = serde_json::to_string(&AccessRecord::default()).unwrap();
        assert_eq!(
            json,
            r#"{"start_time":"","authority":"","method":"","path":"","protocol":"","request_id":"","response_code":0,"bytes_received":0,"bytes_sent":0,"duration":0,"ai_log":null,"instance_id":"","api":"","model":"","consumer":"","route":"","service":"","mcp_server":"","mcp_tool":""}"#
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let first: AccessRecord<'_> = serde_json::from_str(GO_PAYLOAD).unwrap();
        let json = serde_json::to_string(&first).unwrap();
        let second: AccessRecord<'_> = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&second).unwrap(), json);
    }
}
