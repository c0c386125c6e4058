//! Writes JSON directly into a buffer: records, texts and small objects.

use crate::fields::{AccessRecord, FIELDS, FieldValue, Kind, Origin};

/// Appends the JSON object of a record, without the fields for which `is_omitted` returns true. `is_omitted`
/// receives the index in [`FIELDS`].
///
/// An absent value is left out, except the keys that Higress's db-log-pusher always writes ([`Origin::Always`]):
/// those are written as empty values (`""`, `0`, and `null` for JSON).
pub fn write_record(out: &mut Vec<u8>, record: &AccessRecord<'_>, is_omitted: impl Fn(usize) -> bool) {
    let start = out.len();
    for (index, (field, value)) in FIELDS.iter().zip(record.values()).enumerate() {
        let absent = matches!(value, FieldValue::Absent) && field.origin != Origin::Always;
        if absent || is_omitted(index) {
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
    // Replaces the first comma.
    match out.get_mut(start) {
        Some(first) => *first = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

/// Writes a small object, member by member.
#[derive(Debug)]
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Begins an object at the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// Adds a text.
    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        write_text(self.out, value);
    }

    /// Adds a list of texts.
    pub fn texts(&mut self, key: &str, values: &[impl AsRef<str>]) {
        self.key(key);
        self.out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_text(self.out, value.as_ref());
        }
        self.out.push(b']');
    }

    /// Adds a number.
    pub fn number(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Ends the object; false when it has no members.
    pub fn finish(self) -> bool {
        self.out.push(b'}');
        !self.is_empty
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        write_text(self.out, key);
        self.out.push(b':');
    }
}

/// Writes a text with its quotes.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, byte, after)) = split_at_special(rest) {
        out.extend_from_slice(plain);
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let digit = |value: u8| char::from_digit(value.into(), 16).map_or(b'0', |digit| digit as u8);
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Splits at the first byte that must be escaped in a JSON string.
fn split_at_special(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let (words, tail) = bytes.as_chunks();
    let in_word = |(index, word): (usize, &[u8; WORD])| match specials(u64::from_le_bytes(*word)) {
        0 => None,
        found => Some(index * WORD + found.trailing_zeros() as usize / 8),
    };
    let in_tail = || {
        let at = tail.iter().position(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))?;
        Some(words.len() * WORD + at)
    };
    let at = words.iter().enumerate().find_map(in_word).or_else(in_tail)?;
    let (plain, rest) = bytes.split_at_checked(at)?;
    let (byte, after) = rest.split_first()?;
    Some((plain, *byte, after))
}

/// Bytes checked at a time.
const WORD: usize = 8;
/// A word in which every byte is 1.
const ONES: u64 = u64::from_le_bytes([1; WORD]);

/// The highest bit of each byte that must be escaped in a JSON string. Only the lowest set bit is reliable,
/// because the borrow of a subtraction may set bits above it.
const fn specials(word: u64) -> u64 {
    const fn below(limit: u8, word: u64) -> u64 {
        word.wrapping_sub(ONES * limit as u64) & !word & (ONES << 7)
    }
    const fn is(byte: u8, word: u64) -> u64 {
        below(1, word ^ (ONES * byte as u64))
    }
    below(b' ', word) | is(b'"', word) | is(b'\\', word)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::Timestamp;

    fn written(record: &AccessRecord<'_>, is_omitted: impl Fn(usize) -> bool) -> String {
        let mut out = Vec::new();
        write_record(&mut out, record, is_omitted);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_empty_record_is_written_with_the_keys_that_the_reference_always_writes() {
        assert_eq!(
            written(&AccessRecord::default(), |_| false),
            r#"{"start_time":"","authority":"","method":"","path":"","protocol":"","request_id":"","response_code":0,"bytes_received":0,"bytes_sent":0,"duration":0,"ai_log":null,"instance_id":"","api":"","model":"","consumer":"","route":"","service":"","mcp_server":"","mcp_tool":""}"#
        );
    }

    #[test]
    fn omitted_fields_are_not_written_even_when_the_reference_always_has_them() {
        let is_omitted = |index: usize| ["user_agent", "request_id"].contains(&FIELDS[index].name);
        let record = AccessRecord { user_agent: "x".into(), method: "GET".into(), ..AccessRecord::default() };
        let text = written(&record, is_omitted);
        assert!(!text.contains("user_agent") && !text.contains("request_id") && text.contains("GET"));
        assert_eq!(written(&record, |_| true), "{}");
    }

    #[test]
    fn an_object_is_written_with_its_members() {
        let mut out = Vec::new();
        assert!(!ObjectWriter::new(&mut out).finish());
        let mut object = ObjectWriter::new(&mut out);
        object.text("a", "x\"y");
        object.number("b", -3);
        object.texts("c", &["1", "2\"", "3"]);
        object.texts("d", &[""; 0]);
        assert!(object.finish());
        assert_eq!(out, br#"{}{"a":"x\"y","b":-3,"c":["1","2\"","3"],"d":[]}"#);
    }

    #[test]
    fn a_written_text_is_read_back_unchanged() {
        for text in ["", "a", "a\"b\\c/d", "\0\u{1}\u{1f}\n\r\t\u{7f}", "é€😀 <b>"] {
            let mut out = Vec::new();
            write_text(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn any_record_is_read_back_unchanged(
            text in any::<String>(),
            number in any::<i64>(),
            count in 0..i64::MAX,
            micros in 0..2_000_000_000_000_000_u64,
        ) {
            let json = RawValue::from_string(serde_json::to_string(&text).unwrap()).unwrap();
            let record = AccessRecord {
                start_time: Some(Timestamp::from_nanos(micros * 1_000)),
                path: text.as_str().into(),
                duration: number,
                total_tokens: Some(count),
                ai_log: Some(Cow::Borrowed(&json)),
                ..AccessRecord::default()
            };
            let json = written(&record, |_| false);
            let read: AccessRecord<'_> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(format!("{read:?}"), format!("{record:?}"));
        }
    }
}
