//! The members of a JSON object as slices of its text, read and removed without building a value.
//!
//! The functions here expect valid JSON. On other input their results are meaningless, but they terminate and do not
//! panic.

/// A member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectMember<'j> {
    /// The whole member: `"key": value`.
    pub text: &'j str,
    /// The key, with its quotes.
    pub key: &'j str,
    /// The value.
    pub value: &'j str,
}

/// The members of an object in their order; `None` when the JSON is not an object.
pub fn members(json: &str) -> Option<impl Iterator<Item = ObjectMember<'_>>> {
    let mut rest = json.trim_ascii().strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
    Some(std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (text, behind) = split_at_comma(rest);
        rest = behind.trim_ascii_start();
        Some(member(text.trim_ascii()))
    }))
}

/// The object `json` with only the members for which `keep` returns true; `keep` receives each member with its
/// index. `None` when the JSON is not an object.
pub fn retain(json: &str, mut keep: impl FnMut(usize, ObjectMember<'_>) -> bool) -> Option<String> {
    let mut kept = String::from("{");
    for (index, member) in members(json)?.enumerate() {
        if keep(index, member) {
            if kept.len() > 1 {
                kept.push(',');
            }
            kept.push_str(member.text);
        }
    }
    kept.push('}');
    Some(kept)
}

/// The deepest nesting of arrays and objects in a JSON text: 0 for a scalar, 1 for `{}`.
pub fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    each_byte(json, |_, byte, in_string| {
        match byte {
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        true
    });
    deepest
}

/// Length of the longest key in a JSON text, in bytes, with its escapes but without its quotes.
pub fn longest_key(json: &str) -> usize {
    let (mut begin, mut bytes, mut longest, mut was_in_string) = (0, 0, 0, false);
    each_byte(json, |at, byte, in_string| {
        match (was_in_string, in_string) {
            (false, true) => begin = at + 1,
            (true, false) => bytes = at.saturating_sub(begin),
            (false, false) if byte == b':' => longest = longest.max(bytes),
            _ => {}
        }
        was_in_string = in_string;
        true
    });
    longest
}

/// The text up to the first comma outside any value, and the rest after the comma.
fn split_at_comma(text: &str) -> (&str, &str) {
    let (mut depth, mut end) = (0_usize, text.len());
    each_byte(text, |at, byte, in_string| {
        match byte {
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                end = at;
                return false;
            }
            _ => {}
        }
        true
    });
    (text.get(..end).unwrap_or(text), text.get(end + 1..).unwrap_or_default())
}

fn member(text: &str) -> ObjectMember<'_> {
    let mut colon = text.len();
    each_byte(text, |at, byte, in_string| {
        let found = byte == b':' && !in_string;
        if found {
            colon = at;
        }
        !found
    });
    let (key, value) = (text.get(..colon).unwrap_or(text), text.get(colon + 1..).unwrap_or_default());
    ObjectMember { text, key: key.trim_ascii(), value: value.trim_ascii() }
}

/// Calls `visit` with the position of each byte, the byte, and whether it is inside a string, until `visit` returns
/// false. The opening quote of a string counts as inside, the closing one does not.
fn each_byte(json: &str, mut visit: impl FnMut(usize, u8, bool) -> bool) {
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
        if !visit(at, byte, in_string) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_found_with_their_keys_and_values() {
        let json = r#" { "a" : 1 ,"b,}\"":{"c":[1,2]}, "d:":"x:\\"} "#;
        let found: Vec<_> = members(json).unwrap().map(|member| (member.key, member.value)).collect();
        assert_eq!(found, [(r#""a""#, "1"), (r#""b,}\"""#, r#"{"c":[1,2]}"#), (r#""d:""#, r#""x:\\""#)]);
        assert_eq!(members("{ }").unwrap().count(), 0);
        assert!(members("[1]").is_none() && members("7").is_none());
    }

    #[test]
    fn members_are_left_out_and_the_rest_stays_an_object() {
        let json = r#"{"a":1, "b" : "x", "c":[]}"#;
        assert_eq!(retain(json, |index, _| index != 0).unwrap(), r#"{"b" : "x","c":[]}"#);
        assert_eq!(retain(json, |_, member| member.value == "1").unwrap(), r#"{"a":1}"#);
        assert_eq!(retain(json, |_, _| false).unwrap(), "{}");
    }

    #[test]
    fn brackets_inside_strings_do_not_count_as_depth() {
        assert_eq!(depth(r#"{"a":"[[[\"[["}"#), 1);
        assert_eq!(depth("7"), 0);
        assert_eq!(depth("[[{}]]"), 3);
    }

    #[test]
    fn the_longest_key_is_found_at_any_depth_and_texts_do_not_count() {
        assert_eq!(longest_key(r#"{"a":"a long text","b":[{"four":":"}]}"#), 4);
        assert_eq!(longest_key(r#"["no key"]"#), 0);
    }

    proptest! {
        #[test]
        fn any_object_is_put_together_again(
            object in proptest::collection::vec(("\\PC{0,6}", "\\PC{0,6}", any::<i8>()), 0..6),
        ) {
            let member = |(key, text, number): (String, String, i8)| {
                (format!("{key}{number}"), serde_json::json!([text, {text.clone(): number}]))
            };
            let object: serde_json::Map<_, _> = object.into_iter().map(member).collect();
            let json = serde_json::to_string(&object).unwrap();
            prop_assert_eq!(members(&json).unwrap().count(), object.len());
            prop_assert_eq!(retain(&json, |_, _| true).unwrap(), json);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[{}\\[\\]\":,a\\\\]{0,20}") {
            let _ = members(&format!("{{{text}}}")).map(Iterator::count);
            let _ = (depth(&text), longest_key(&text));
        }
    }
}
