//! Model names with wildcards: `gpt-4o*` matches every name that begins with `gpt-4o`. Case is ignored.

/// A name in which each `*` stands for any characters, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// A pattern. Several `*` in a row are one.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of characters other than wildcards: the more, the more specific the pattern.
    pub fn literals(&self) -> usize {
        self.text.chars().filter(|character| *character != '*').count()
    }

    /// Whether it contains no wildcard.
    pub fn is_exact(&self) -> bool {
        !self.text.contains('*')
    }

    /// The byte that every matching name begins with, in lower case; `None` when it may be any.
    pub fn first(&self) -> Option<u8> {
        first(&self.text).filter(|byte| *byte != b'*')
    }

    /// Whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut name) = (self.text.as_bytes(), name.as_bytes());
        // Where to go on when what follows the last wildcard does not fit: the wildcard takes one character more.
        let mut retry: Option<(&[u8], &[u8])> = None;
        loop {
            match (pattern.split_first(), name.split_first()) {
                (Some((b'*', rest)), _) => {
                    retry = Some((rest, name));
                    pattern = rest;
                }
                (Some((expected, expected_rest)), Some((found, found_rest)))
                    if expected.eq_ignore_ascii_case(found) =>
                {
                    (pattern, name) = (expected_rest, found_rest);
                }
                (None, None) => return true,
                _ => {
                    let Some((after, from)) = retry else { return false };
                    let Some((_, from)) = from.split_first() else { return false };
                    retry = Some((after, from));
                    (pattern, name) = (after, from);
                }
            }
        }
    }
}

/// The first byte of a name, in lower case: see [`Pattern::first`].
pub fn first(name: &str) -> Option<u8> {
    name.bytes().next().map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wildcard_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "GPT-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o*", "gpt-4o", true),
            ("gpt-4o*", "gpt-4o-mini", true),
            ("gpt-4o*", "my-gpt-4o", false),
            ("*-latest", "qwen-max-latest", true),
            ("*-latest", "qwen-latest-max", false),
            ("*claude*-v1*", "us.anthropic.claude-v2-v1:0", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "abcb", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("**", "通义", true),
            ("通*", "通义", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_knows_how_much_it_says() {
        let of = |text| {
            let pattern = Pattern::new(text);
            (pattern.literals(), pattern.is_exact(), pattern.first())
        };
        assert_eq!(of("GPT-4o"), (6, true, Some(b'g')));
        assert_eq!(of("*-latest*"), (7, false, None));
    }

    /// The same in the plainest way.
    fn matches_plainly(pattern: &str, name: &str) -> bool {
        match (pattern.split_at_checked(1), name.split_at_checked(1)) {
            (None, _) => name.is_empty(),
            (Some(("*", rest)), Some((_, shorter))) => {
                matches_plainly(rest, name) || matches_plainly(pattern, shorter)
            }
            (Some(("*", rest)), None) => matches_plainly(rest, name),
            (Some((a, pattern)), Some((b, name))) => a == b && matches_plainly(pattern, name),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_they_do_by_definition(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
            prop_assert_eq!(Pattern::new(pattern.as_str()).matches(&name), matches_plainly(&pattern, &name));
        }
    }
}
