//! Normalises a decoded record so that it can be stored: checks it, redacts and truncates its values, and gives it an id and
//! a time.
//!
//! - [`ai_log`]: which AI logs are stored. [`captured_headers`]: which captured headers are stored.

pub mod ai_log;
pub mod captured_headers;

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_redact::Redact;
use uuid::Builder;

/// Longest `record_id`.
const MAX_ID_CHARS: usize = 36;

/// What a record lost when it was normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Values that were over their limit and cut, of the wrong form and left out, or repaired.
    pub values_cut: usize,
    /// Whether `ai_log` was not a JSON object and is left out.
    pub invalid_ai_log: bool,
}

/// Normalises `record`, and returns what it lost.
///
/// With `redact`, secrets are replaced. A missing `record_id` becomes a UUIDv7 of `now`; a missing `start_time` becomes `now`.
///
/// # Errors
///
/// The reason why the record cannot be stored, with the key.
pub fn normalize(
    record: &mut AccessRecord<'_>,
    now: Timestamp,
    redact: Option<&Redact>,
    fill_random: &impl Fn(&mut [u8]),
) -> Result<Losses, String> {
    check_id(&record.record_id)?;
    if !(0..=999).contains(&record.response_code) {
        return Err(format!("response_code: {} is no HTTP status", record.response_code));
    }
    if record.record_id.is_empty() {
        let mut random = [0; 10];
        fill_random(&mut random);
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        let id = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        record.record_id = id.to_string().into();
    }
    record.start_time.get_or_insert(now);
    let mut losses = Losses::default();
    if let Some(json) = record.ai_log.take() {
        match ai_log::object(json) {
            Some((object, mended)) => {
                record.ai_log = Some(object);
                losses.values_cut += mended;
            }
            None => losses.invalid_ai_log = true,
        }
    }
    for headers in [&mut record.request_headers, &mut record.response_headers] {
        if let Some(json) = headers.take() {
            let (kept, lost) = captured_headers::headers(json);
            *headers = kept;
            losses.values_cut += lost;
        }
    }
    // Before anything is cut: a name or a password that is cut may not be recognised.
    if let Some(redact) = redact {
        redact.texts_of(record);
        redact.headers_of(record);
    }
    losses.values_cut += record.fit_to_limits();
    Ok(losses)
}

/// A truncated id could equal another's, and its record would be taken for a duplicate.
fn check_id(id: &str) -> Result<(), String> {
    let fits = id.len() <= MAX_ID_CHARS;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if fits && plain {
        return Ok(());
    }
    let shown: String = id.chars().take(48).collect();
    Err(format!("record_id: {shown:?} is not at most {MAX_ID_CHARS} letters, digits, '-', '_', '.' and ':'"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_record_without_id_and_time_gets_both() {
        let mut record = AccessRecord::default();
        let now = Timestamp::from_micros(1_769_860_800_123_456);
        assert_eq!(normalize(&mut record, now, None, &|bytes| bytes.fill(0xAB)), Ok(Losses::default()));
        assert_eq!(record.record_id, "019c13ec-9e7b-7bab-abab-abababababab");
        assert_eq!(record.start_time, Some(now));
    }

    #[test]
    fn an_ai_log_that_is_not_an_object_is_left_out_and_reported() {
        for (json, kept) in [(r#"{"model":"m"}"#, true), ("7", false), (r#""-""#, false)] {
            let json = RawValue::from_string(json.to_owned()).unwrap();
            let mut record = AccessRecord { ai_log: Some(Cow::Owned(json)), ..AccessRecord::default() };
            let losses = normalize(&mut record, Timestamp::MIN, None, &|_| ()).unwrap();
            assert_eq!(losses, Losses { values_cut: 0, invalid_ai_log: !kept });
        }
    }

    #[test]
    fn what_a_record_lost_is_counted() {
        let raw = |json: &str| Some(Cow::Owned(RawValue::from_string(json.to_owned()).unwrap()));
        let mut record = AccessRecord {
            ai_log: raw(r#"{"model":"m","cost":1e400}"#),
            request_headers: raw(r#"{"accept":"*/*","x-a":1}"#),
            response_headers: raw("[]"),
            total_tokens: Some(i64::MAX),
            ..AccessRecord::default()
        };
        let losses = normalize(&mut record, Timestamp::MIN, None, &|_| ()).unwrap();
        assert_eq!(losses, Losses { values_cut: 4, invalid_ai_log: false });
        assert_eq!(record.ai_log.as_deref().map(RawValue::get), Some(r#"{"model":"m","cost":null}"#));
        assert_eq!(record.request_headers.as_deref().map(RawValue::get), Some(r#"{"accept":"*/*"}"#));
        assert_eq!((record.response_headers.is_none(), record.total_tokens), (true, None));
    }

    #[test]
    fn secrets_are_replaced_before_values_are_cut_and_in_headers_that_were_repaired() {
        let user = "u".repeat(8_190);
        let path = format!("http://{user}:s3cr3t@host/?token=s3cr3t");
        let headers = RawValue::from_string(r#"{"x-api-key":"s3cr3t\ud83d","x-a":7}"#.to_owned()).unwrap();
        let mut record = AccessRecord {
            path: path.into(),
            request_headers: Some(Cow::Owned(headers)),
            ..AccessRecord::default()
        };
        let losses = normalize(&mut record, Timestamp::MIN, Some(&Redact::default()), &|_| ()).unwrap();
        assert_eq!(losses, Losses { values_cut: 2, invalid_ai_log: false });
        assert_eq!(record.path, "http://REDACTED@host/?token=REDACTED");
        let headers = record.request_headers.as_deref().map(RawValue::get);
        assert_eq!(headers, Some(r#"{"x-api-key":"REDACTED"}"#));
    }

    #[test]
    fn an_id_that_would_have_to_be_cut_or_changed_is_refused() {
        for (id, fits) in
            [("a".repeat(36), true), ("a".repeat(37), false), ("a b".into(), false), ("é".into(), false)]
        {
            let mut record = AccessRecord { record_id: id.clone().into(), ..AccessRecord::default() };
            assert_eq!(normalize(&mut record, Timestamp::MIN, None, &|_| ()).is_ok(), fits, "{id}");
        }
    }
}
