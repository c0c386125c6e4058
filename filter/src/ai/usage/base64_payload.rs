//! The JSON text inside a payload of Bedrock's invoke streams, `{"bytes":"…"}`, encoded in Base64.

use crate::base64;

/// What precedes the text.
const BEFORE: &[u8] = b"\"bytes\"";

/// The text inside a payload; `None` when there is no such member.
pub fn inside(payload: &[u8]) -> Option<Vec<u8>> {
    let at = payload.windows(BEFORE.len()).position(|part| part == BEFORE)?;
    let rest = payload.get(at + BEFORE.len()..)?.trim_ascii_start().strip_prefix(b":")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', rest)?;
    // A JSON writer may escape the slash.
    base64::decode(rest.get(..end)?.iter().copied().filter(|byte| *byte != b'\\'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_extracted_from_the_payload() {
        for (payload, expected) in [
            (&br#"{"bytes":"eyJhIjoxfQ==","p":"abcd"}"#[..], Some(&br#"{"a":1}"#[..])),
            (br#"{"p":"x","bytes" : "Pz8/"}"#, Some(b"???")),
            (br#"{"bytes":"Pz8\/"}"#, Some(b"???")),
            (br#"{"bytes":""}"#, Some(b"")),
            (br#"{"bytes":"a b"}"#, None),
            (br#"{"bytes":"abcd"#, None),
            (br#"{"bytes":7}"#, None),
            (br#"{"message":"no"}"#, None),
        ] {
            assert_eq!(inside(payload).as_deref(), expected, "{}", String::from_utf8_lossy(payload));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_harmless(payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            inside(&[b"{\"bytes\":\"", &payload[..], b"\"}"].concat());
        }
    }
}
