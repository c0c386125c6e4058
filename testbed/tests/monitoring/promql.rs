//! The series that an expression of Prometheus names.

#![expect(
    clippy::string_slice,
    reason = "the expressions are those of the repository, and a wrong one fails the test"
)]

/// Words before a list of labels in parentheses.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words between expressions.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// The selectors of an expression, such as `a{b="c"}`, without ranges.
pub fn selectors(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '[' => rest.find(']').unwrap() + 1,
            '"' => quoted(rest),
            _ if is_word(first) => {
                let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                let next = after.trim_start().chars().next();
                // `sum by (job) (…)`.
                let is_aggregation =
                    ["by (", "without ("].iter().any(|word| after.trim_start().starts_with(word));
                if BEFORE_LABELS.contains(&word) && next == Some('(') {
                    length + after.find(')').unwrap() + 1
                } else if first.is_ascii_digit()
                    || next == Some('(')
                    || is_aggregation
                    || OPERATORS.contains(&word)
                {
                    length
                } else {
                    let matchers = if after.starts_with('{') { braced(after) } else { 0 };
                    found.push(rest[..length + matchers].to_owned());
                    length + matchers
                }
            }
            _ => first.len_utf8(),
        };
        rest = &rest[length..];
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == ':'
}

/// The length of the string that a text begins with.
fn quoted(text: &str) -> usize {
    text[1..].find('"').unwrap() + 2
}

/// The length of the matchers in braces that a text begins with.
fn braced(text: &str) -> usize {
    let mut at = 1;
    while !text[at..].starts_with('}') {
        at += if text[at..].starts_with('"') { quoted(&text[at..]) } else { 1 };
    }
    at + 1
}

#[test]
fn selectors_are_what_is_no_function_operator_or_label() {
    let expression =
        r#"sum by (job, instance) (rate(a_b{c!="}x"}[5m])) > 0 unless on (job) rate(d:e[5m]) + 1e3 > bool f"#;
    assert_eq!(selectors(expression), [r#"a_b{c!="}x"}"#, "d:e", "f"]);
    let quantile = r#"histogram_quantile(0.99, max without (instance, pod) (rate(g_bucket[5m]))) * 60"#;
    assert_eq!(selectors(quantile), ["g_bucket"]);
}
