//! The JSON text inside a payload of Bedrock's invoke streams, `{"bytes":"…"}`, where it is written in Base64.

/// What stands before the text.
const BEFORE: &[u8] = b"\"bytes\"";

/// The text inside a payload; none when it holds no such member.
pub fn inside(payload: &[u8]) -> Option<Vec<u8>> {
    let at = payload.windows(BEFORE.len()).position(|part| part == BEFORE)?;
    let rest = payload.get(at + BEFORE.len()..)?.trim_ascii_start().strip_prefix(b":")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', rest)?;
    rest.get(..end).and_then(decoded)
}

/// The bytes that a text in Base64 stands for, to its padding; none when it is no Base64.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut waiting) = (0_u32, 0);
    // A JSON writer may escape the slash.
    for byte in text.iter().filter(|byte| **byte != b'\\') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        waiting += 6;
        if waiting >= 8 {
            waiting -= 8;
            bytes.push((bits >> waiting) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_taken_out_of_the_payload() {
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
        fn any_bytes_are_survived(payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            inside(&[b"{\"bytes\":\"", &payload[..], b"\"}"].concat());
        }
    }
}
