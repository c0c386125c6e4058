//! Base64, as it stands in headers and in payloads of providers.

/// The bytes that a text stands for, in either alphabet of RFC 4648, with padding or without; none when it is no Base64.
pub fn decode(text: impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.size_hint().0 / 4 * 3 + 3);
    let (mut bits, mut waiting, mut is_over) = (0_u32, 0, false);
    for byte in text {
        let value = match byte {
            b'=' => {
                is_over = true;
                continue;
            }
            _ if is_over => return None,
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        waiting += 6;
        if waiting >= 8 {
            waiting -= 8;
            bytes.push((bits >> waiting & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_with_padding_and_without() {
        for (text, expected) in [
            ("eyJhIjoxfQ==", Some(&br#"{"a":1}"#[..])),
            ("eyJhIjoxfQ", Some(br#"{"a":1}"#)),
            ("Pz8/", Some(b"???")),
            ("Pz8_", Some(b"???")),
            ("++--", Some(b"\xfb\xef\xbe")),
            ("", Some(b"")),
            ("a b", None),
            ("YQ==YQ==", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(decode(text.bytes()).as_deref(), expected, "{text}");
        }
    }
}
