//! Repairs halves of surrogate pairs in JSON. Plugins that cut a text at a length write them; readers and databases
//! refuse them.

/// Length in bytes of an escape with a number: `\u0000`.
const ESCAPE: usize = 6;
/// The replacement for each half.
const REPLACEMENT: &[u8; ESCAPE] = b"\\ufffd";

/// Replaces each unpaired half of a surrogate pair with U+FFFD. The length stays the same, so nothing is copied.
pub fn mend(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        at += match (unit(json, at), unit(json, at + ESCAPE)) {
            // Any other escape; both of its bytes, because a backslash may be the second.
            (None, _) => 2,
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                if let Some(half) = json.get_mut(at..at + ESCAPE) {
                    half.copy_from_slice(REPLACEMENT);
                }
                ESCAPE
            }
            (Some(_), _) => ESCAPE,
        };
    }
}

/// The number in the escape at `at`.
fn unit(json: &[u8], at: usize) -> Option<u32> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(json: &str) -> String {
        let mut bytes = json.as_bytes().to_vec();
        mend(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn unpaired_halves_are_replaced_and_pairs_stay() {
        for (json, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ud83d\ude00 \u00e9""#, r#""\ud83d\ude00 \u00e9""#),
            (r#""\ude00\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\uD83D\n\uDE00""#, r#""\ufffd\n\ufffd""#),
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            (r#""\ud83""#, r#""\ud83""#),
            ("", ""),
        ] {
            assert_eq!(mended(json), expected);
        }
    }

    proptest! {
        #[test]
        fn repaired_text_is_json_and_needs_no_further_repair(text in "(\\\\u(d83d|de00|00e9)|\\\\\\\\|[a-z]){0,12}") {
            let once = mended(&format!("\"{text}\""));
            prop_assert!(serde_json::from_str::<String>(&once).is_ok(), "{}", once);
            prop_assert_eq!(mended(&once), once);
        }
    }
}
