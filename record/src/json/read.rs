//! Reads a record: what clients may write for each kind of field, and which values cannot be kept.
//!
//! The reader accepts more than the writer produces, and at least what db-log-pusher's collector accepts: keys in any
//! case, numbers as texts and texts as numbers. A number that is not a count is left out and counted; any other value
//! of the wrong type is an error that names the key. Errors never quote a value that is longer than a line.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::fields::{AccessRecord, Member};
use crate::timestamp::Timestamp;
use crate::timestamp::forms;

/// Longest key that is compared with those of the table.
const MAX_KEY_BYTES: usize = 64;
/// A 64-bit float holds every whole number up to this one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A record, and what the reader noticed.
pub(crate) struct Read<'a> {
    pub(crate) record: AccessRecord<'a>,
    /// Values left out because they are not counts.
    pub(crate) values_lost: usize,
    /// True when at least one key is in the table.
    pub(crate) has_known_key: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for AccessRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read::deserialize(deserializer).map(|read| read.record)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Read<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with the keys of an access record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut read = Read { record: AccessRecord::default(), values_lost: 0, has_known_key: false };
        while let Some(Key(key)) = map.next_key()? {
            let folded;
            let key = if key.len() <= MAX_KEY_BYTES && key.bytes().any(|byte| byte.is_ascii_uppercase()) {
                folded = key.to_ascii_lowercase();
                &*folded
            } else {
                &*key
            };
            match read.record.member_mut(key) {
                Some(member) => {
                    read.has_known_key = true;
                    let is_kept = read_member(member, &mut map)
                        .map_err(|error| A::Error::custom(format_args!("{key}: {error}")))?;
                    read.values_lost += usize::from(!is_kept);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(read)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::invalid_type(Unexpected::Other("string"), &self))
    }
}

/// Reads the value of a member and returns whether it is kept. `null` leaves the member unchanged.
fn read_member<'de, A: MapAccess<'de>>(member: Member<'_, 'de>, map: &mut A) -> Result<bool, A::Error> {
    match member {
        Member::Timestamp(time) => {
            if let Time(Some(read)) = map.next_value()? {
                *time = Some(read);
            }
        }
        Member::Text(text) => {
            if let Text(Some(read)) = map.next_value()? {
                *text = read;
            }
        }
        Member::Integer(number) => match map.next_value()? {
            Number::Absent => {}
            Number::Whole(read) => *number = read,
            Number::Fraction => return Ok(false),
            Number::None => return Err(A::Error::custom("it is not a whole number")),
        },
        Member::Count(number) => match map.next_value()? {
            Number::Absent => {}
            Number::Whole(read) => *number = Some(read),
            Number::Fraction | Number::None => return Ok(false),
        },
        Member::Json(value) => {
            if let Some(read) = map.next_value::<Option<&'de RawValue>>()? {
                *value = Some(Cow::Borrowed(read));
            }
        }
    }
    Ok(true)
}

/// A key; it borrows from the input when it has no escapes. Empty when it is too long to be in the table.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(if key.len() <= MAX_KEY_BYTES { Cow::Owned(key.to_owned()) } else { Cow::Borrowed("") }))
    }
}

/// A text; it borrows from the input when it has no escapes, which serde's `Cow` never does. `None` for
/// `null`.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }
}

/// A time; `None` for `null` and an empty text.
struct Time(Option<Timestamp>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-01-31T12:00:00.000Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        if text.is_empty() {
            return Ok(Time(None));
        }
        forms::read(text).map(|time| Time(Some(time))).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Time, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Time, E> {
        forms::from_epoch(number).map(|time| Time(Some(time))).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Time, E> {
        forms::from_fractional_epoch(number).map(|time| Time(Some(time))).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<Time, E> {
        Ok(Time(None))
    }
}

/// A value read where a number is expected. Bounds are not checked here.
#[derive(Debug, PartialEq)]
enum Number {
    /// `null`, an empty text, or `-`, as access logs write it.
    Absent,
    Whole(i64),
    /// A number that is not whole or cannot be represented exactly.
    Fraction,
    /// Something else.
    None,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number::Whole(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number::Whole(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
        Ok(if is_whole { Number::Whole(number as i64) } else { Number::Fraction })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        match text.trim() {
            "" | "-" => Ok(Number::Absent),
            text => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(number), _) => Ok(Number::Whole(number)),
                (_, Ok(number)) if number.is_finite() => self.visit_f64(number),
                _ => Ok(Number::None),
            },
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Number, E> {
        Ok(Number::Absent)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Number, E> {
        Ok(Number::None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number::None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_for_texts_and_texts_for_numbers() {
        let json = r#"{"upstream_service_time":12,"trace_id":-7,"api":1.5,"response_code":"200","duration":" 31 ",
            "bytes_sent":12.0,"bytes_received":"1e3","input_tokens":"7","output_tokens":2e1,"total_tokens":"27.0"}"#;
        let record: AccessRecord<'_> = serde_json::from_str(json).unwrap();
        assert_eq!((&*record.upstream_service_time, &*record.trace_id, &*record.api), ("12", "-7", "1.5"));
        let numbers = (record.response_code, record.duration, record.bytes_sent, record.bytes_received);
        assert_eq!(numbers, (200, 31, 12, 1_000));
        let tokens = (record.input_tokens, record.output_tokens, record.total_tokens);
        assert_eq!(tokens, (Some(7), Some(20), Some(27)));
    }

    #[test]
    fn keys_are_known_in_any_case() {
        let record: AccessRecord<'_> =
            serde_json::from_str(r#"{"Path":"/a","START_TIME":"2026-01-31 12:00:00","p\u0061th":"/b"}"#)
                .unwrap();
        assert_eq!(record.path, "/b");
        assert_eq!(record.start_time.unwrap().to_string(), "2026-01-31T12:00:00.000000Z");
    }

    #[test]
    fn a_value_that_is_not_a_count_is_left_out_and_counted_but_an_absent_one_is_not() {
        for (value, lost, expected) in [
            ("1.5", 1, None),
            ("9007199254740993.5", 1, None),
            (r#""many""#, 1, None),
            (r#""1e400""#, 1, None),
            ("true", 1, None),
            (r#"[1,{"a":[]}]"#, 1, None),
            (r#"{"a":[1]}"#, 1, None),
            ("null", 0, None),
            (r#""""#, 0, None),
            (r#""-""#, 0, None),
            ("7", 0, Some(7)),
        ] {
            let json = format!(r#"{{"total_tokens":{value},"path":"/a"}}"#);
            let read: Read<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!((read.values_lost, read.record.total_tokens), (lost, expected), "{value}");
            assert_eq!(read.record.path, "/a");
        }
    }

    #[test]
    fn a_number_beyond_what_an_integer_holds_is_read_as_one_out_of_bounds() {
        let json = r#"{"bytes_sent":18446744073709551615,"input_tokens":9223372036854775808}"#;
        let mut record: AccessRecord<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(record.fit_to_limits(), 2);
        assert_eq!((record.bytes_sent, record.input_tokens), (0, None));
        let read: Read<'_> = serde_json::from_str(r#"{"duration":99999999999999999999,"api":"a"}"#).unwrap();
        assert_eq!((read.values_lost, read.record.duration), (1, 0));
    }

    #[test]
    fn an_error_names_the_key_and_quotes_no_long_value() {
        let long = "x".repeat(100_000);
        for (json, error) in [
            (format!(r#"{{"duration":"{long}"}}"#), "duration: it is not a whole number"),
            (format!(r#"{{"start_time":"{long}"}}"#), "start_time: \"xxx"),
            (format!(r#"{{"path":["{long}"]}}"#), "path: invalid type: sequence, expected a string"),
            (r#"{"duration":true}"#.to_owned(), "duration: it is not a whole number"),
            (format!("\"{long}\""), "invalid type: string, expected a JSON object"),
        ] {
            let text = serde_json::from_str::<AccessRecord<'_>>(&json).unwrap_err().to_string();
            assert!(
                text.starts_with(error) && text.len() < 300,
                "{}",
                text.chars().take(300).collect::<String>()
            );
        }
    }

    #[test]
    fn null_changes_nothing_and_unknown_keys_do_not_count_as_known() {
        let read: Read<'_> = serde_json::from_str(r#"{"path":"/a","path":null}"#).unwrap();
        assert_eq!((&*read.record.path, read.has_known_key), ("/a", true));
        let read: Read<'_> = serde_json::from_str(r#"{"req_headers":{},"":1}"#).unwrap();
        assert!(!read.has_known_key);
        let json = format!(r#"{{"{}\n":1}}"#, "k".repeat(1_000));
        let read: Read<'_> = serde_json::from_str(&json).unwrap();
        assert!(!read.has_known_key);
    }
}
