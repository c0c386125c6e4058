//! JSON as Kong writes it: no spaces, `/` as `\/`, DEL as `\u007f`, and numbers of at most 16 digits.
//!
//! Kong's encoder is lua-cjson, which escapes slashes. Consumers that search the raw text of a log rely on this; to a
//! JSON reader it makes no difference. Kong's order of keys is that of Lua's tables, which is undefined.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// The text of `value`.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    encode_into(value, &mut out);
    out
}

/// Appends the text of `value` to `out`.
pub fn encode_into(value: &impl Serialize, out: &mut Vec<u8>) {
    let before = out.len();
    // Writing JSON values into memory cannot fail; if it did, `{}` would at least be valid JSON.
    if value.serialize(&mut Serializer::with_formatter(&mut *out, Kong)).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"{}");
    }
}

/// The number of bytes that `text` takes between its quotes.
pub fn encoded_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'/' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 | 0x7f => 6,
            _ => 1,
        })
        .sum()
}

/// A Lua number as JSON: whole numbers without a fraction, others rounded to 16 digits, as in Kong. `None` for
/// infinities and NaN, which JSON cannot express.
pub fn number(number: f64) -> Option<Value> {
    /// Above this bound, a double cannot distinguish neighbouring whole numbers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Value::from(number as i64));
    }
    let rounded = format!("{number:.15e}").parse().unwrap_or(number);
    Some(Value::from(rounded))
}

struct Kong;

impl Formatter for Kong {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'/' | 0x7f)) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain)?;
            writer.write_all(if special.starts_with(b"/") { b"\\/" } else { b"\\u007f" })?;
            rest = special.get(1..).unwrap_or_default();
        }
        writer.write_all(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_escaped_as_in_kong() {
        let value = Value::from("a/b\"c\\d\n\u{1}\u{7f}é//");
        let text = String::from_utf8(encode(&value)).unwrap();
        assert_eq!(text, r#""a\/b\"c\\d\n\u0001\u007fé\/\/""#);
    }

    #[test]
    fn lua_numbers_are_written_as_in_kong() {
        for (number, text) in [
            (3.0, "3"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (1.5, "1.5"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e300, "1e+300"),
        ] {
            let value = super::number(number).unwrap();
            assert_eq!(String::from_utf8(encode(&value)).unwrap(), text);
        }
        assert_eq!(super::number(f64::NAN), None);
        assert_eq!(super::number(f64::INFINITY), None);
    }

    proptest! {
        #[test]
        fn written_text_is_read_back_and_has_the_predicted_length(text in ".*") {
            let written = encode(&Value::from(text.as_str()));
            prop_assert_eq!(written.len(), encoded_len(&text) + 2);
            prop_assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), text);
        }
    }
}
