//! How a record is written to and read from JSON: an object whose keys are the names of the field table.
//!
//! Written: an absent value is left out, except the keys that Higress's db-log-pusher always writes
//! ([`Origin::Always`]), which are written empty (`""`, `0`, and `null` for JSON).
//!
//! Read: `null` and a missing key mean absent. Unknown keys are skipped, so a newer filter can talk to an older
//! ingest. Keys are known in any case; numbers are taken for texts and texts of numbers for numbers. A count that is no
//! whole number is left out, any other value of the wrong type is an error that names the key.

pub(crate) mod read;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::fields::{AccessRecord, FIELDS, FieldValue, Kind, Origin};

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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
            (r#"{"response_code":"ok"}"#, "response_code"),
            (r#"{"path":false}"#, "path"),
            (r#"{"start_time":"noon"}"#, "start_time"),
            (r#"{"start_time":"2039-01-01T00:00:00Z"}"#, "start_time"),
            (r#"{"duration":[]}"#, "duration"),
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
