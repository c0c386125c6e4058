//! The filters of a query string: one table of their names, made from the field table, and the values in them.

use std::sync::LazyLock;

use gatelog_record::{FIELDS, Field, Kind, fields};
use gatelog_storage::{Filter, Predicate};

use super::time::{self, Zone};
use super::value_syntax;

/// Most conditions in a query, and most values in a list; SQLite's bound on the depth of an expression is 1 000.
pub const MAX_TERMS: usize = 100;

/// A parameter that chooses records.
#[derive(Debug)]
pub struct FilterParameter {
    /// Its name.
    pub name: String,
    /// The field that it looks at.
    pub field: &'static Field,
    /// What it asks for.
    pub operation: Operation,
}

/// What a filter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// At or after a time.
    NotBefore,
    /// At or before a time.
    NotAfter,
    /// One of a list.
    List,
    /// None of a list.
    ListOfOthers,
    /// Contains a text.
    Contains,
    /// Begins with a text.
    Prefix,
    /// At least a number.
    Min,
    /// At most a number.
    Max,
    /// The host of an address is one of a list.
    Hosts,
    /// The host of an address is none of a list.
    OtherHosts,
    /// What the request was made for.
    BizType,
}

/// The filters that take a list of fields instead of values, with what each of these has to be, and their meaning.
pub const FIELD_FILTERS: &[(&str, Predicate, &str)] = &[
    (
        "missing",
        Predicate::Missing,
        "Each of these fields has no value. Together with a list of values of the same field, as in model=a&missing=model, either may hold.",
    ),
    ("present", Predicate::Present, "Each of these fields has a value."),
];

/// The fields that [`FIELD_FILTERS`] take: all that may have no value.
pub fn optional_fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.kind != Kind::Timestamp)
}

/// The names that are not made from a field's name, and the fields whose own name is another operation.
const NAMED: &[(&str, &str, Operation)] = &[
    ("start_time", "start_time", Operation::NotBefore),
    ("start", "start_time", Operation::NotBefore),
    ("end", "start_time", Operation::NotAfter),
    ("end_time", "start_time", Operation::NotAfter),
    ("bizType", "path", Operation::BizType),
    ("path", "path", Operation::Contains),
    ("path_exact", "path", Operation::List),
    ("path_exact!", "path", Operation::ListOfOthers),
    ("downstream_remote_host", "downstream_remote_address", Operation::Hosts),
    ("downstream_remote_host!", "downstream_remote_address", Operation::OtherHosts),
    ("status", "response_code", Operation::List),
    ("status!", "response_code", Operation::ListOfOthers),
];

const TEXT: &[(&str, Operation)] = &[
    ("", Operation::List),
    ("!", Operation::ListOfOthers),
    ("_contains", Operation::Contains),
    ("_prefix", Operation::Prefix),
];
const NUMBER: &[(&str, Operation)] = &[
    ("", Operation::List),
    ("!", Operation::ListOfOthers),
    ("_min", Operation::Min),
    ("_max", Operation::Max),
];
const JSON: &[(&str, Operation)] = &[("_contains", Operation::Contains)];

/// Every filter.
pub static FILTERS: LazyLock<Vec<FilterParameter>> = LazyLock::new(|| {
    let named = NAMED.iter().filter_map(|(name, field, operation)| {
        Some(FilterParameter {
            name: (*name).to_owned(),
            field: fields::field(field)?,
            operation: *operation,
        })
    });
    let by_field = FIELDS.iter().flat_map(|field| {
        let suffixes = match field.kind {
            Kind::Timestamp => &[],
            Kind::Text(_) => TEXT,
            Kind::Integer | Kind::Count => NUMBER,
            Kind::Json(_) => JSON,
        };
        suffixes.iter().map(move |(suffix, operation)| FilterParameter {
            name: format!("{}{suffix}", field.name),
            field,
            operation: *operation,
        })
    });
    // `path` contains its text, so it has no list of its own.
    named.chain(by_field.filter(|filter| !matches!(&*filter.name, "path" | "path!"))).collect()
});

/// Reads the filter with this name, and adds its conditions to those that were read before. One without a value has none.
///
/// # Errors
///
/// When there is no such filter, its value is bad, or there are too many conditions.
pub fn read(filters: &mut Vec<Filter>, name: &str, value: &str, zone: &Zone) -> Result<(), String> {
    if let Some((_, predicate, _)) = FIELD_FILTERS.iter().find(|(known, ..)| *known == name) {
        for name in texts(value)? {
            let field = optional_fields().find(|field| field.name == name);
            let field = field.ok_or_else(|| not(&name, "a field that may have no value"))?;
            add(filters, Filter { field, predicate: predicate.clone() })?;
        }
        return Ok(());
    }
    let known = FILTERS.iter().find(|filter| filter.name == name).ok_or_else(unknown)?;
    let filter = if value.is_empty() { None } else { known.read(value, zone)? };
    filter.map_or(Ok(()), |filter| add(filters, filter))
}

/// The conditions as they are asked for: a list of values of a field, and that the field has none, are alternatives. No
/// record could meet both.
pub fn with_alternatives(mut filters: Vec<Filter>) -> Vec<Filter> {
    let is_missing = |filter: &Filter| filter.predicate == Predicate::Missing;
    let missing: Vec<_> =
        filters.iter().filter(|filter| is_missing(filter)).map(|filter| filter.field).collect();
    for field in missing {
        let list = filters.iter_mut().find(|filter| filter.field == field && is_list(&filter.predicate));
        if let Some(list) = list {
            let values = std::mem::replace(&mut list.predicate, Predicate::Missing);
            list.predicate = Predicate::AnyOf(vec![values, Predicate::Missing]);
            filters.retain(|filter| filter.field != field || !is_missing(filter));
        }
    }
    filters
}

fn is_list(predicate: &Predicate) -> bool {
    matches!(
        predicate,
        Predicate::TextIn(_) | Predicate::ServiceIn(_) | Predicate::HostIn(_) | Predicate::NumberIn(_)
    )
}

impl FilterParameter {
    /// Reads the filter's value; `None` for a list without a value, which is no filter.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn read(&self, value: &str, zone: &Zone) -> Result<Option<Filter>, String> {
        let field = self.field;
        let number = || value.parse().map_err(|_| not(value, "a whole number"));
        let test = match self.operation {
            Operation::NotBefore => Predicate::NotBefore(read_time(value, zone)?),
            Operation::NotAfter => Predicate::NotAfter(read_time(value, zone)?),
            Operation::Contains => Predicate::Contains(value.to_owned()),
            Operation::Prefix => Predicate::StartsWith(value.to_owned()),
            Operation::Min => Predicate::AtLeast(number()?),
            Operation::Max => Predicate::AtMost(number()?),
            Operation::Hosts | Operation::OtherHosts => match texts(value)? {
                hosts if hosts.is_empty() => return Ok(None),
                hosts if self.operation == Operation::Hosts => Predicate::HostIn(hosts),
                hosts => Predicate::HostNotIn(hosts),
            },
            Operation::List | Operation::ListOfOthers if is_text(field) => match texts(value)? {
                texts if texts.is_empty() => return Ok(None),
                texts if self.operation == Operation::List => one_of(field, texts),
                texts => none_of(field, texts),
            },
            Operation::List | Operation::ListOfOthers => match numbers(field, value)? {
                numbers if numbers.is_empty() => return Ok(None),
                numbers if self.operation == Operation::List => Predicate::NumberIn(numbers),
                numbers => Predicate::NumberNotIn(numbers),
            },
            Operation::BizType => return biz_type(value, field).map(Some),
        };
        Ok(Some(Filter { field, predicate: test }))
    }
}

/// Reads a time; one that names no zone is in `zone`.
///
/// # Errors
///
/// When it is none.
pub fn read_time(value: &str, zone: &Zone) -> Result<gatelog_record::Timestamp, String> {
    zone.parse(value).ok_or_else(|| not(value, time::EXPECTED))
}

/// Reads a list of at most [`MAX_TERMS`] texts.
///
/// # Errors
///
/// When there are more.
pub fn texts(value: &str) -> Result<Vec<String>, String> {
    value_syntax::list(value, MAX_TERMS).ok_or_else(too_many_values)
}

/// What a field has to be to be one of these texts. A service is meant in both of its forms.
pub fn one_of(field: &Field, texts: Vec<String>) -> Predicate {
    if is_service(field) { Predicate::ServiceIn(texts) } else { Predicate::TextIn(texts) }
}

fn none_of(field: &Field, texts: Vec<String>) -> Predicate {
    if is_service(field) { Predicate::ServiceNotIn(texts) } else { Predicate::TextNotIn(texts) }
}

/// Whether the field holds services, which gateways write as `qwen.test` or `outbound|80||qwen.test`.
pub fn is_service(field: &Field) -> bool {
    field.name == "service"
}

/// Adds to a list within [`MAX_TERMS`].
///
/// # Errors
///
/// When it would be too long.
pub fn extend<T: Clone>(all: &mut Vec<T>, more: &[T]) -> Result<(), String> {
    if all.len() + more.len() > MAX_TERMS {
        return Err(too_many_values());
    }
    all.extend_from_slice(more);
    Ok(())
}

/// Adds a condition; the lists of a parameter that is given twice join.
///
/// # Errors
///
/// When there are too many.
pub fn add(filters: &mut Vec<Filter>, filter: Filter) -> Result<(), String> {
    let same = filters.iter_mut().find_map(|known| {
        if known.field != filter.field {
            return None;
        }
        match (&mut known.predicate, &filter.predicate) {
            (Predicate::TextIn(all), Predicate::TextIn(more))
            | (Predicate::TextNotIn(all), Predicate::TextNotIn(more))
            | (Predicate::ServiceIn(all), Predicate::ServiceIn(more))
            | (Predicate::ServiceNotIn(all), Predicate::ServiceNotIn(more))
            | (Predicate::HostIn(all), Predicate::HostIn(more))
            | (Predicate::HostNotIn(all), Predicate::HostNotIn(more)) => Some(extend(all, more)),
            (Predicate::NumberIn(all), Predicate::NumberIn(more))
            | (Predicate::NumberNotIn(all), Predicate::NumberNotIn(more)) => Some(extend(all, more)),
            (Predicate::Missing, Predicate::Missing) | (Predicate::Present, Predicate::Present) => {
                Some(Ok(()))
            }
            _ => None,
        }
    });
    match same {
        Some(joined) => joined,
        None if filters.len() >= MAX_TERMS => Err(format!("more than {MAX_TERMS} conditions")),
        None => {
            filters.push(filter);
            Ok(())
        }
    }
}

/// `"value" is not …`, the value cut to what a message can hold.
pub fn not(value: &str, expected: &str) -> String {
    let shown: String = value.chars().take(64).collect();
    format!("{shown:?} is not {expected}")
}

/// The problem of a parameter that there is not.
pub fn unknown() -> String {
    "there is no such parameter".to_owned()
}

fn too_many_values() -> String {
    format!("more than {MAX_TERMS} values")
}

fn is_text(field: &Field) -> bool {
    matches!(field.kind, Kind::Text(_))
}

fn biz_type(value: &str, path: &'static Field) -> Result<Filter, String> {
    match value {
        "MCP_SERVER" => {
            Ok(Filter { field: path, predicate: Predicate::StartsWith("/mcp-servers".to_owned()) })
        }
        "MODEL_API" => fields::field("model")
            .map(|field| Filter { field, predicate: Predicate::Present })
            .ok_or_else(|| "records have no model".to_owned()),
        _ => Err(not(value, "MCP_SERVER or MODEL_API")),
    }
}

fn numbers(field: &Field, value: &str) -> Result<Vec<(i64, i64)>, String> {
    let is_status = field.name == "response_code";
    let expected = if is_status {
        "a status such as 404, 5xx or 400-499"
    } else {
        "a whole number or a range such as 5-10"
    };
    let read = if is_status { value_syntax::status } else { value_syntax::range };
    let mut numbers = Vec::new();
    for item in value.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        extend(&mut numbers, &[read(item).ok_or_else(|| not(item, expected))?])?;
    }
    Ok(numbers)
}
