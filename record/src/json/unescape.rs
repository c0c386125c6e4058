//! Undoes the escapes of JSON strings, also of strings that are cut off or damaged.

/// The text for the raw bytes between quotes. A truncated escape is left out, and bytes that are not UTF-8 become
/// replacement characters; empty when the text is otherwise not well formed.
pub fn unescaped(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('\\') {
        return text.into_owned();
    }
    // A text cut at its limit may end inside an escape, which has at most six bytes.
    let whole = (0..6).filter_map(|cut| text.len().checked_sub(cut).and_then(|end| text.get(..end)));
    let mut texts = whole.map(|whole| whole.as_bytes().to_vec());
    let text = texts.find_map(|mut text| unescape(&mut text).then_some(text));
    String::from_utf8(text.unwrap_or_default()).unwrap_or_default()
}

/// Unescapes the inside of a JSON string; false when it is not well formed. The text never grows, so it needs no copy: an
/// `ai_log` may be megabytes long, and a VM never returns memory. Half of a surrogate pair becomes a replacement character.
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
    fn a_text_that_is_cut_off_loses_the_escape_that_is_cut() {
        for (raw, expected) in [
            (&br"a\"[..], "a"),
            (br"a\u00", "a"),
            (br"a\u00e9", "aé"),
            (br"a\ud83d\ude00", "a😀"),
            (br"a\ud83d\ude0", "a\u{fffd}"),
            (b"a\xffb", "a\u{fffd}b"),
            (b"a\\\\b\xe2\x82", "a\\b\u{fffd}"),
            (br"a\x0123456789", ""),
            (b"", ""),
        ] {
            assert_eq!(unescaped(raw), expected, "{raw:?}");
        }
    }

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
