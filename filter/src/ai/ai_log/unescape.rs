//! Unescapes a JSON string in place, because an `ai_log` may be megabytes long and a VM never returns memory.

/// Unescapes the inside of a JSON string; false when it is not well formed. The text never grows, so no copy is
/// needed. Half of a surrogate pair becomes a replacement character.
pub fn unescape(text: &mut Vec<u8>) -> bool {
    let (mut read, mut written) = (0, 0);
    while let Some(&byte) = text.get(read) {
        read += 1;
        match byte {
            b'"' | 0..0x20 => return false,
            b'\\' => {
                let Some(character) = escape(text, &mut read) else { return false };
                let mut utf8 = [0; 4];
                for byte in character.encode_utf8(&mut utf8).bytes() {
                    put(text, &mut written, byte);
                }
            }
            byte => put(text, &mut written, byte),
        }
    }
    text.truncate(written);
    true
}

fn put(text: &mut [u8], written: &mut usize, byte: u8) {
    if let Some(place) = text.get_mut(*written) {
        *place = byte;
    }
    *written += 1;
}

/// The character of the escape whose backslash precedes `read`.
fn escape(text: &[u8], read: &mut usize) -> Option<char> {
    let kind = *text.get(*read)?;
    *read += 1;
    let simple = match kind {
        b'"' | b'\\' | b'/' => kind,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(text, read),
        _ => return None,
    };
    Some(char::from(simple))
}

fn unicode(text: &[u8], read: &mut usize) -> Option<char> {
    let first = hex(text, *read)?;
    *read += 4;
    if (0xd800..0xdc00).contains(&first)
        && text.get(*read..*read + 2) == Some(b"\\u")
        && let Some(second @ 0xdc00..0xe000) = hex(text, *read + 2)
    {
        *read += 6;
        return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    }
    Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone_and_malformed_text_is_refused() {
        for (text, expected) in [
            (r#"{\"a\":\"\\\"\/\b\f\n\r\t\"}"#, Some("{\"a\":\"\\\"/\u{8}\u{c}\n\r\t\"}")),
            (r"\u00e9\u20ac\ud83d\ude00", Some("é€😀")),
            (r"\ud83dx\ude00", Some("\u{fffd}x\u{fffd}")),
            (r"\ud83d\u0041", Some("\u{fffd}A")),
            ("plain é", Some("plain é")),
            ("", Some("")),
            (r"\", None),
            (r"\u12", None),
            (r"\u12g4", None),
            (r"\x", None),
            ("a\"b", None),
            ("a\nb", None),
        ] {
            let mut bytes = text.as_bytes().to_vec();
            let place = bytes.as_ptr();
            let undone = unescape(&mut bytes).then(|| String::from_utf8(bytes.clone()).unwrap());
            assert_eq!((undone.as_deref(), bytes.as_ptr()), (expected, place), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_escapes_is_undone(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            let mut bytes = quoted.as_bytes()[1..quoted.len() - 1].to_vec();
            prop_assert!(unescape(&mut bytes));
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }

        #[test]
        fn any_bytes_are_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let before = bytes.len();
            let mut bytes = bytes;
            unescape(&mut bytes);
            prop_assert!(bytes.len() <= before);
        }
    }
}
