//! Repairs broken characters and numbers of a body in place, so that neither the record nor its batch is lost.

/// The replacement character.
const REPLACEMENT: char = '\u{fffd}';
/// The byte order mark. Some programs write it at the start of UTF-8 files; JSON does not allow it.
pub const BYTE_ORDER_MARK: char = '\u{feff}';
/// Most bytes that a repair may add. A body that needs more is not a damaged text and is left unchanged.
const MAX_GROWTH: usize = 65_536;
/// A number without an exponent may exceed a 64-bit float from this many digits on.
const MANY_DIGITS: usize = 309;

/// The text with U+FFFD in place of each sequence that is not UTF-8, and the number of replacements.
pub fn utf8(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut mended = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(REPLACEMENT);
            mended += 1;
        }
    }
    (text, mended)
}

/// The JSON with everything repaired that JSON readers and databases refuse, and the number of repairs; `None` when
/// there is nothing to repair.
///
/// - Half a surrogate pair becomes U+FFFD.
/// - A control character in a string becomes its escape, and a backslash that begins no escape becomes a backslash.
/// - A number beyond the range of 64-bit floats becomes `null`, and zero with a large exponent becomes zero.
/// - A byte order mark outside strings becomes a space.
pub fn json(json: &str) -> Option<(String, usize)> {
    let mut mender = Mender { json, copied: 0, out: String::new(), mended: 0, grown: 0 };
    let mut at = 0;
    while let Some(byte) = json.as_bytes().get(at) {
        at = match byte {
            b'"' => mender.string(at + 1),
            b'-' | b'0'..=b'9' => mender.number(at),
            0xEF if mender.rest(at).starts_with(BYTE_ORDER_MARK) => {
                mender.replace(at, at + BYTE_ORDER_MARK.len_utf8(), " ")
            }
            _ => at + 1,
        };
    }
    mender.finish()
}

/// Like [`json`], for JSON that a reader has accepted: repairs only the surrogates and numbers that the reader
/// did not check. A quick scan finds none in most JSON.
pub fn valid_json(text: &str) -> Option<(String, usize)> {
    let of_number = |byte: &u8| byte.is_ascii_digit();
    let begins_fault = |pair: &[u8]| matches!(pair, [b'\\', b'u'] | [b'0'..=b'9' | b'.', b'e' | b'E']);
    let bytes = text.as_bytes();
    let is_suspect = bytes.windows(2).any(begins_fault)
        || (bytes.len() >= MANY_DIGITS && bytes.iter().filter(|byte| of_number(byte)).count() >= MANY_DIGITS);
    if is_suspect { json(text) } else { None }
}

struct Mender<'j> {
    json: &'j str,
    /// Start of the part that is not in `out` yet.
    copied: usize,
    out: String,
    mended: usize,
    grown: usize,
}

impl Mender<'_> {
    fn rest(&self, from: usize) -> &str {
        self.json.get(from..).unwrap_or_default()
    }

    /// Replaces the bytes from `from` to `to` with `by`, and returns `to`.
    fn replace(&mut self, from: usize, to: usize, by: &str) -> usize {
        self.grown += by.len().saturating_sub(to - from);
        if self.grown > MAX_GROWTH {
            return to;
        }
        self.out.push_str(self.json.get(self.copied..from).unwrap_or_default());
        self.out.push_str(by);
        self.copied = to;
        self.mended += 1;
        to
    }

    /// Checks the string whose first character is at `at`, and returns its end.
    fn string(&mut self, mut at: usize) -> usize {
        while let Some(byte) = self.json.as_bytes().get(at) {
            at = match byte {
                b'"' => return at + 1,
                b'\\' => self.escape(at),
                control if *control < b' ' => self.replace(at, at + 1, &format!("\\u{control:04x}")),
                _ => at + 1,
            };
        }
        at
    }

    /// Checks the escape whose backslash is at `at`, and returns its end.
    fn escape(&mut self, at: usize) -> usize {
        match self.json.as_bytes().get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 2,
            Some(b'u') => match (self.unit(at), self.unit(at + ESCAPE)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at + 2 * ESCAPE,
                (Some(0xD800..=0xDFFF), _) => self.replace(at, at + ESCAPE, "\\ufffd"),
                (Some(_), _) => at + ESCAPE,
                (None, _) => self.replace(at, at + 1, "\\\\"),
            },
            _ => self.replace(at, at + 1, "\\\\"),
        }
    }

    /// The number in the escape `\u0000` at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.json.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        all_digits.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    /// Checks the number that begins at `at`, and returns its end.
    fn number(&mut self, at: usize) -> usize {
        let of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest(at).bytes().take_while(of_number).count();
        let end = at + length;
        let number = self.json.get(at..end).unwrap_or_default();
        let exponent = number.split_once(['e', 'E']).map(|(_, exponent)| exponent);
        if exponent.is_none() && length < MANY_DIGITS {
            return end;
        }
        match number.parse::<f64>() {
            Ok(number) if number.is_infinite() => self.replace(at, end, "null"),
            // MySQL checks only the exponent.
            Ok(0.0) if exponent.is_some_and(|exponent| exponent.len() > 2 && !exponent.starts_with('-')) => {
                self.replace(at, end, "0")
            }
            _ => end,
        }
    }

    fn finish(mut self) -> Option<(String, usize)> {
        if self.mended == 0 {
            return None;
        }
        let rest = self.json.get(self.copied..).unwrap_or_default();
        self.out.push_str(rest);
        Some((self.out, self.mended))
    }
}

/// Length in bytes of an escape with a number.
const ESCAPE: usize = "\\u0000".len();

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn each_invalid_byte_sequence_becomes_one_character() {
        assert_eq!(utf8(b"a\xffb\xc3(\xe2\x82"), ("a\u{fffd}b\u{fffd}(\u{fffd}".into(), 3));
        assert_eq!(utf8("é".as_bytes()), ("é".into(), 0));
    }

    #[test]
    fn what_readers_and_databases_refuse_is_repaired_in_place() {
        for (broken, mended) in [
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#),
            (r#"{"a":"\ud83d\n"}"#, r#"{"a":"\ufffd\n"}"#),
            (r#"{"a":"\ude00\ud83d\ude00"}"#, r#"{"a":"\ufffd\ud83d\ude00"}"#),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, r#"{"a":"\ufffd\ud83d\ude00"}"#),
            ("{\"a\":\"x\ny\u{1}\"}", r#"{"a":"x\u000ay\u0001"}"#),
            (r#"{"a":"C:\dir\u00"}"#, r#"{"a":"C:\\dir\\u00"}"#),
            (r#"{"a":1e400,"b":-1E+999,"c":1}"#, r#"{"a":null,"b":null,"c":1}"#),
            (r#"{"a":0e999,"b":-0.0E+310}"#, r#"{"a":0,"b":0}"#),
            ("[\u{feff}{\"a\":\"\u{feff}\"}]", "[ {\"a\":\"\u{feff}\"}]"),
        ] {
            let (text, count) = json(broken).unwrap();
            assert_eq!(text, mended);
            assert!(count > 0);
            serde_json::from_str::<Value>(&text).unwrap();
        }
        let digits = format!("[{},{}]", "2".repeat(309), "9".repeat(308));
        assert_eq!(json(&digits).unwrap(), (format!("[null,{}]", "9".repeat(308)), 1));
    }

    #[test]
    fn valid_json_is_left_unchanged() {
        for sound in [
            r#"{"a":"\ud83d\ude00 \u00e9 \\ud83d \"","b":[1.5e308,-2E-400,"1e400"],"c":null}"#,
            "\u{feff}".trim_start_matches(BYTE_ORDER_MARK),
            "",
        ] {
            assert_eq!(json(sound), None, "{sound}");
        }
    }

    #[test]
    fn a_text_grows_by_no_more_than_its_bound() {
        let (mended, _) = json(&format!("\"{}\"", "\u{1}".repeat(1_000_000))).unwrap();
        assert!(mended.len() < 1_000_002 + MAX_GROWTH);
        let (mended, count) = json(&format!("\"{}\"", "\\ud83d".repeat(1_000_000))).unwrap();
        assert_eq!((mended.len(), count), (6_000_002, 1_000_000));
    }

    proptest! {
        #[test]
        fn any_json_stays_as_it_is(text in "\\PC*", number in any::<f64>(), other in any::<i64>()) {
            let value = serde_json::json!({text.clone(): [text, number, other]});
            prop_assert_eq!(json(&value.to_string()), None);
        }

        #[test]
        fn the_quick_scan_of_valid_json_misses_no_fault(
            text in "([a-z0-9e]|\\\\ud83d|\\\\n){0,8}",
            number in "-?(0|[1-9]{1,3}|1{400})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        ) {
            let text = format!(r#"{{"{text}":[{number},"{text}"]}}"#);
            prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
            prop_assert_eq!(valid_json(&text), json(&text));
        }

        #[test]
        fn repaired_json_needs_no_further_repair(text in "[\\[{\"\\\\ud8c0-9e\n,:\u{feff}]{0,30}") {
            if let Some((mended, _)) = json(&text) {
                prop_assert_eq!(json(&mended), None);
            }
        }
    }
}
