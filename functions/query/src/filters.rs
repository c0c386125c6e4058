//! The filters of a query string: which field a parameter's name means, which test, and the values in it.

use gatelog_record::{Field, Kind, fields};
use gatelog_storage::{Filter, Test};

use crate::{terms, time};

/// Most conditions in a query, and most values in a list; SQLite's bound on the depth of an expression is 1 000.
pub const MAX_TERMS: usize = 100;

/// Whether a parameter is a filter.
pub fn is_filter(name: &str) -> bool {
    matches!(name, "start" | "start_time" | "end" | "end_time" | "bizType") || operation(name).is_some()
}

/// Reads a parameter that is no other than a filter.
///
/// # Errors
///
/// What is wrong with its name or value.
pub fn filter(name: &str, value: &str) -> Result<Filter, String> {
    let unknown = || "there is no such parameter".to_owned();
    let on = |field: &str, test| fields::field(field).map(|field| Filter { field, test }).ok_or_else(unknown);
    let time = || time::parse(value).ok_or_else(|| not(value, time::EXPECTED));
    match name {
        "start_time" | "start" => return on("start_time", Test::NotBefore(time()?)),
        "end" | "end_time" => return on("start_time", Test::NotAfter(time()?)),
        "bizType" => {
            return match value {
                "MCP_SERVER" => on("path", Test::StartsWith("/mcp-servers".to_owned())),
                "MODEL_API" => on("model", Test::Present),
                _ => Err(not(value, "MCP_SERVER or MODEL_API")),
            };
        }
        _ => {}
    }
    let (field, operation) = operation(name).ok_or_else(unknown)?;
    let number = || value.parse().map_err(|_| not(value, "a whole number"));
    let test = match operation {
        Operation::Contains => Test::Contains(value.to_owned()),
        Operation::Prefix => Test::StartsWith(value.to_owned()),
        Operation::Min => Test::AtLeast(number()?),
        Operation::Max => Test::AtMost(number()?),
        Operation::List if matches!(field.kind, Kind::Text(_)) => Test::TextIn(texts(value)?),
        Operation::ListOfOthers if matches!(field.kind, Kind::Text(_)) => Test::TextNotIn(texts(value)?),
        Operation::List => Test::NumberIn(numbers(field, value)?),
        Operation::ListOfOthers => Test::NumberNotIn(numbers(field, value)?),
    };
    Ok(Filter { field, test })
}

/// Adds to a list within [`MAX_TERMS`].
///
/// # Errors
///
/// When it would be too long.
pub fn extend<T: Clone>(all: &mut Vec<T>, more: &[T]) -> Result<(), String> {
    if all.len() + more.len() > MAX_TERMS {
        return Err(format!("more than {MAX_TERMS} values"));
    }
    all.extend_from_slice(more);
    Ok(())
}

/// `"value" is not …`, the value cut to what a message can hold.
pub fn not(value: &str, expected: &str) -> String {
    let shown: String = value.chars().take(64).collect();
    format!("{shown:?} is not {expected}")
}

/// What the name of a filter asks for.
enum Operation {
    List,
    ListOfOthers,
    Contains,
    Prefix,
    Min,
    Max,
}

/// The field and the operation that a parameter's name means, by the field's kind.
fn operation(name: &str) -> Option<(&'static Field, Operation)> {
    let (base, negated) = match name.strip_suffix('!') {
        Some(base) => (base, true),
        None => (name, false),
    };
    let list = if negated { Operation::ListOfOthers } else { Operation::List };
    match base {
        "status" => return Some((fields::field("response_code")?, list)),
        "path_exact" => return Some((fields::field("path")?, list)),
        "path" if negated => return None,
        "path" => return Some((fields::field("path")?, Operation::Contains)),
        _ => {}
    }
    if let Some(field) = fields::field(base) {
        let listable = matches!(field.kind, Kind::Text(_) | Kind::Integer | Kind::Count);
        return listable.then_some((field, list));
    }
    let (base, suffix) = base.rsplit_once('_').filter(|_| !negated)?;
    let field = fields::field(base)?;
    let operation = match (field.kind, suffix) {
        (Kind::Text(_) | Kind::Json(_), "contains") => Operation::Contains,
        (Kind::Text(_), "prefix") => Operation::Prefix,
        (Kind::Integer | Kind::Count, "min") => Operation::Min,
        (Kind::Integer | Kind::Count, "max") => Operation::Max,
        _ => return None,
    };
    Some((field, operation))
}

fn texts(value: &str) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    extend(&mut texts, &terms::list(value))?;
    if texts.is_empty() { Err(not(value, "a list of values")) } else { Ok(texts) }
}

fn numbers(field: &Field, value: &str) -> Result<Vec<(i64, i64)>, String> {
    let is_status = field.name == "response_code";
    let expected = if is_status {
        "a status such as 404, 5xx or 400-499"
    } else {
        "a whole number or a range such as 5-10"
    };
    let read = if is_status { terms::status } else { terms::range };
    let mut numbers = Vec::new();
    for item in value.split(',').map(str::trim) {
        extend(&mut numbers, &[read(item).ok_or_else(|| not(item, expected))?])?;
    }
    Ok(numbers)
}
