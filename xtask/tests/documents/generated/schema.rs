//! Words for the schemas of the OpenAPI description.

use std::fmt::Write as _;

use gatelog_query::params::time::EXPECTED;
use gatelog_record::FIELDS;
use serde_json::Value;

use super::{cell, codes};

/// Values that a cell lists one by one, at most.
const MOST_LISTED: usize = 30;
/// What the description calls a record.
const RECORD: &str = "#/components/schemas/Log";
const A_RECORD: &str = "a record: its [fields](fields.md)";

/// The values that a parameter takes.
pub fn values(document: &Value, schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return match target.rsplit('/').next() {
            Some("Grouping") => "a [field](fields.md#kinds), or `status_class`".to_owned(),
            _ => values(document, resolve(document, target)),
        };
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return listed(&texts(names));
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let bounds = ["minimum", "maximum"].map(|bound| schema.get(bound).and_then(Value::as_i64));
    match (kind, bounds) {
        ("array", _) => {
            let items = schema.get("items").map(|items| values(document, items)).unwrap_or_default();
            let most = schema.get("maxItems").map(|most| format!(", at most {most}")).unwrap_or_default();
            format!("a list{most}: {items}")
        }
        ("integer", [Some(low), Some(high)]) => format!("`{low}` to `{high}`"),
        ("integer", [Some(low), None]) => format!("`{low}` or more"),
        ("integer", _) => "a number".to_owned(),
        ("boolean", _) => "`true`, `false`".to_owned(),
        _ if schema.get("description").is_some_and(|description| description == EXPECTED) => {
            "a [time](query.md#times)".to_owned()
        }
        _ => match schema.get("examples").and_then(Value::as_array) {
            Some(examples) => format!("such as {}", codes(texts(examples))),
            None => "a text".to_owned(),
        },
    }
}

fn listed(names: &[&str]) -> String {
    if names.len() == FIELDS.len() && names.iter().zip(FIELDS).all(|(name, field)| *name == field.name) {
        return "[fields](fields.md)".to_owned();
    }
    if names.len() > MOST_LISTED {
        return format!("one of {} names", names.len());
    }
    codes(names)
}

fn texts(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(Value::as_str).collect()
}

/// What a reference leads to.
pub fn resolve<'d>(document: &'d Value, reference: &str) -> &'d Value {
    document.pointer(reference.trim_start_matches('#')).unwrap()
}

/// A table of the members of an answer; empty for an answer of another form.
pub fn members(document: &Value, schema: &Value) -> String {
    let mut rows = String::new();
    collect(document, schema, "", &mut Vec::new(), &mut rows);
    if rows.is_empty() { rows } else { format!("| member | value |\n|---|---|\n{rows}") }
}

/// `within` names the schemas around this one: a schema that holds itself is not opened again.
fn collect<'d>(
    document: &'d Value,
    schema: &'d Value,
    prefix: &str,
    within: &mut Vec<&'d str>,
    rows: &mut String,
) {
    let target = schema.get("$ref").and_then(Value::as_str);
    if target.is_some_and(|target| target == RECORD || within.contains(&target)) {
        return;
    }
    within.extend(target);
    let schema = target.map_or(schema, |target| resolve(document, target));
    let members = schema.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        let name = format!("{prefix}{name}");
        let _ = writeln!(rows, "| `{name}` | {} |", cell(&meaning(document, schema, &name, member)));
        match member.get("items") {
            Some(items) => collect(document, items, &format!("{name}[]."), within, rows),
            None => collect(document, member, &format!("{name}."), within, rows),
        }
    }
    if target.is_some() {
        within.pop();
    }
}

/// A member's type and meaning.
fn meaning(document: &Value, of: &Value, name: &str, member: &Value) -> String {
    let mut text = kind(document, member);
    let own = name.rsplit(['.', ']']).next().unwrap_or(name);
    let required = of.get("required").and_then(Value::as_array);
    if !required.is_some_and(|names| names.iter().any(|required| required == own)) {
        text += ", not always there";
    }
    if let Some(description) = member.get("description").and_then(Value::as_str) {
        text += ". ";
        text += description;
    }
    text
}

fn kind(document: &Value, schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        if target == RECORD {
            return A_RECORD.to_owned();
        }
        return kind(document, resolve(document, target));
    }
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return listed(&texts(names));
    }
    if schema.get("format").is_some_and(|format| format == "date-time") {
        return or_null(schema, "a time");
    }
    let of_items = |items: &Value| format!("a list, each {}", kind(document, items));
    let types = match schema.get("type") {
        Some(Value::Array(types)) => texts(types),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => vec![],
    };
    let names = types.iter().filter(|name| **name != "null").map(|name| match *name {
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "string" => "a text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => schema.get("items").map(of_items).unwrap_or_default(),
        _ => match schema.get("additionalProperties") {
            Some(inner @ Value::Object(_)) => format!("an object, each member {}", kind(document, inner)),
            _ => "an object".to_owned(),
        },
    });
    or_null(schema, &names.collect::<Vec<_>>().join(" or "))
}

fn or_null(schema: &Value, text: &str) -> String {
    let types = schema.get("type").and_then(Value::as_array);
    let is_nullable = types.is_some_and(|types| types.iter().any(|name| name == "null"));
    if is_nullable { format!("{text} or `null`") } else { text.to_owned() }
}
