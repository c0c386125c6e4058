//! A record as JSON: an object whose keys are the names of the field table. Only this crate reads and writes it.
//!
//! [`mod@write`] writes it, and [`unescape`] reads strings that may be cut. On reading, `null` and a missing key both mean absent. Unknown keys are skipped, so a newer
//! filter can talk to an older ingest. Keys match in any case; a number is accepted where a text is expected, and a
//! numeric text where a number is expected. A count that is not a whole number is left out; any other value of the
//! wrong type is an error that names the key.

pub(crate) mod read;
pub mod unescape;
pub mod write;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::AccessRecord;

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
    fn what_is_written_is_read_back() {
        let written = |record: &AccessRecord<'_>| {
            let mut json = Vec::new();
            write::write_record(&mut json, record, |_| false);
            String::from_utf8(json).unwrap()
        };
        let json = written(&serde_json::from_str(GO_PAYLOAD).unwrap());
        assert_eq!(written(&serde_json::from_str(&json).unwrap()), json);
    }
}
