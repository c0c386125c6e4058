//! How genai-prices says which models an entry is for, as patterns of names.

use gatelog_prices::pattern::Pattern;
use serde_json::Value;

/// Labels that Bedrock puts before a model's name for a region, but for `global`, which has other prices.
const REGIONS: [&str; 8] = ["us.", "eu.", "apac.", "au.", "jp.", "in.", "ca.", "us-gov."];

/// The patterns of a clause, and what of it is no pattern.
pub fn patterns(clause: &Value) -> (Vec<Pattern>, Vec<String>) {
    let (mut texts, mut left_out) = (Vec::new(), Vec::new());
    collect(clause, &mut texts, &mut left_out);
    let texts: Vec<String> = texts.into_iter().map(|text| any_region(&text)).collect();
    let mut patterns: Vec<Pattern> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        // One that another pattern of the model has within it says nothing more.
        let is_within = texts.iter().enumerate().any(|(other, wider)| {
            let same = wider.eq_ignore_ascii_case(text);
            Pattern::new(wider.as_str()).matches(text) && if same { other < index } else { true }
        });
        if !is_within {
            patterns.push(Pattern::new(text.as_str()));
        }
    }
    (patterns, left_out)
}

fn collect(clause: &Value, texts: &mut Vec<String>, left_out: &mut Vec<String>) {
    for (kind, value) in clause.as_object().into_iter().flatten() {
        match (kind.as_str(), value) {
            ("equals", Value::String(text)) => texts.push(text.clone()),
            ("starts_with", Value::String(text)) => texts.push(format!("{text}*")),
            ("ends_with", Value::String(text)) => texts.push(format!("*{text}")),
            ("contains", Value::String(text)) => texts.push(format!("*{text}*")),
            ("regex", Value::String(text)) => match of_regex(text) {
                Some(found) => texts.extend(found),
                None => left_out.push(text.clone()),
            },
            ("or", Value::Array(clauses)) => {
                clauses.iter().for_each(|clause| collect(clause, texts, left_out))
            }
            // Only used to leave models for speech out, which have entries of their own.
            ("and", Value::Array(clauses)) => {
                let plain = clauses.iter().filter(|clause| clause.get("regex").is_none());
                plain.for_each(|clause| collect(clause, texts, left_out));
            }
            _ => left_out.push(clause.to_string()),
        }
    }
}

/// The patterns of a regular expression that is a name with a date behind it, or with the first digit of a version.
fn of_regex(text: &str) -> Option<Vec<String>> {
    let text = text.strip_prefix('^')?.replace("\\.", ".");
    let (name, end) = ["\\d{8}$", "\\d{4}-\\d{2}-\\d{2}$", "\\d"]
        .into_iter()
        .find_map(|end| Some((text.strip_suffix(end)?, if end == "\\d" { "0*" } else { "2*" })))?;
    let names = match name.split_once("[-@]") {
        Some((name, "")) => vec![format!("{name}-{end}"), format!("{name}@{end}")],
        Some(_) => return None,
        None => vec![format!("{name}{end}")],
    };
    let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@/:*".contains(c));
    names.iter().all(is_plain).then_some(names)
}

/// The pattern for every region when it is for one.
fn any_region(text: &str) -> String {
    let rest = text.strip_prefix('*').unwrap_or(text);
    match REGIONS.iter().find_map(|region| rest.strip_prefix(region)) {
        Some(rest) => format!("*.{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clauses_become_patterns() {
        for (clause, expected) in [
            (json!({ "equals": "o1" }), vec!["o1"]),
            (json!({ "or": [{ "equals": "GLM-5" }, { "equals": "glm-5" }] }), vec!["GLM-5"]),
            (json!({ "or": [{ "starts_with": "a" }, { "equals": "a-1" }] }), vec!["a*"]),
            (json!({ "contains": "b" }), vec!["*b*"]),
            (json!({ "ends_with": "b" }), vec!["*b"]),
            (json!({ "regex": r"^gpt-5\.6-sol-\d{4}-\d{2}-\d{2}$" }), vec!["gpt-5.6-sol-2*"]),
            (json!({ "regex": r"^claude-opus-5[-@]\d{8}$" }), vec!["claude-opus-5-2*", "claude-opus-5@2*"]),
            (json!({ "and": [{ "starts_with": "g" }, { "regex": "^(?!.*tts)" }] }), vec!["g*"]),
            (json!({ "or": [{ "contains": "us.m" }, { "contains": "eu.m" }] }), vec!["*.m*"]),
        ] {
            let (patterns, left_out) = patterns(&clause);
            assert!(left_out.is_empty(), "{clause}");
            assert_eq!(patterns.iter().map(Pattern::as_str).collect::<Vec<_>>(), expected, "{clause}");
        }
        assert_eq!(patterns(&json!({ "regex": "^(a|b)$" })).1, ["^(a|b)$"]);
    }
}
