//! `GET /query/filters/{field}`: the values of a field, for the choices of a filter.

use std::collections::BTreeSet;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Failure, Response};
use gatelog_record::{FIELDS, Field, Kind, fields};
use gatelog_storage::query::distinct::{self, DistinctQuery};
use gatelog_storage::{Executor, Filter, Predicate, Value, service};
use http::StatusCode;
use serde::Serialize;

use crate::params::filters::{add, is_service, read_time, unknown};
use crate::params::options::{once, read_number};
use crate::params::time::Zone;
use crate::params::{InvalidParameter, each};

/// Values in an answer when the request does not say.
pub const DEFAULT_VALUES: u32 = 100;
/// Most values that a request can ask for.
pub const MAX_VALUES: u32 = 1_000;
/// Fields with longer texts, such as bodies, have no values to choose from.
const MAX_CHARS: usize = 1_024;

/// What a parameter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Of records not before a time.
    Start,
    /// Of records not after a time.
    End,
    /// Values that begin with a text.
    Prefix,
    /// Most values.
    Limit,
}

/// Every parameter.
pub const PARAMETERS: &[(&str, Role)] = &[
    ("start_time", Role::Start),
    ("start", Role::Start),
    ("end", Role::End),
    ("end_time", Role::End),
    ("prefix", Role::Prefix),
    ("limit", Role::Limit),
];

#[derive(Serialize)]
struct Values {
    field: &'static str,
    values: Vec<serde_json::Value>,
    /// Whether there are more.
    truncated: bool,
    status: &'static str,
}

/// The fields whose values can be asked for.
pub fn choosable() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| match field.kind {
        Kind::Text(max_chars) => max_chars <= MAX_CHARS,
        Kind::Integer => field.name == "response_code",
        _ => false,
    })
}

/// Reads a query string.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(
    query_string: &str,
    field: &'static Field,
    zone: &Zone,
) -> Result<DistinctQuery, InvalidParameter> {
    let (mut prefix, mut limit) = (None, None);
    let mut times = Vec::new();
    each(query_string, |name, value| {
        let role = PARAMETERS.iter().find_map(|(known, role)| (*known == name).then_some(*role));
        let role = role.ok_or_else(unknown)?;
        if value.is_empty() {
            return Ok(());
        }
        let mut time_is = |test| {
            add(
                &mut times,
                Filter { field: fields::field("start_time").ok_or_else(unknown)?, predicate: test },
            )
        };
        match role {
            Role::Start => time_is(Predicate::NotBefore(read_time(value, zone)?)),
            Role::End => time_is(Predicate::NotAfter(read_time(value, zone)?)),
            Role::Prefix if matches!(field.kind, Kind::Text(_)) => once(&mut prefix, value.to_owned()),
            Role::Prefix => Err("numbers have no prefix".to_owned()),
            Role::Limit => once(&mut limit, read_number(value, 1, MAX_VALUES)?),
        }
    })?;
    let mut values = Vec::new();
    if matches!(field.kind, Kind::Text(_)) {
        values.push(Filter { field, predicate: Predicate::Present });
    }
    let begins = if is_service(field) { Predicate::ServiceStartsWith } else { Predicate::StartsWith };
    values.extend(prefix.map(|prefix| Filter { field, predicate: begins(prefix) }));
    Ok(DistinctQuery { field, values, times, limit: limit.unwrap_or(DEFAULT_VALUES) })
}

/// Answers the values of a field.
///
/// # Errors
///
/// A field that has none, a bad parameter, and the database's.
pub async fn serve(
    name: &str,
    query_string: &str,
    database: &impl Executor,
    zone: &Zone,
) -> Result<Response, Failure> {
    let Some(field) = choosable().find(|field| field.name == name) else {
        let name: String = name.chars().take(64).collect();
        return Err(Failure::NotFound {
            message: format!("there is no field {name:?} with values to choose from"),
        });
    };
    let mut query = parse(query_string, field, zone)?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One value more tells whether there are more. Of services, several values may be one.
    query.limit = query.limit.saturating_mul(if is_service(field) { 2 } else { 1 }).saturating_add(1);
    let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut found = distinct::values(database, &query).await?;
    let is_cut = found.len() >= most;
    if is_service(field) {
        found = names(found);
    }
    let truncated = is_cut || found.len() > limit;
    found.truncate(limit);
    let values = found
        .into_iter()
        .filter_map(|value| match value {
            Value::Text(text) => Some(text.into_owned().into()),
            Value::Integer(number) => Some(number.into()),
            Value::Null | Value::Real(_) => None,
        })
        .collect();
    Ok(response::json(StatusCode::OK, &Values { field: field.name, values, truncated, status: "success" }))
}

/// The names of services, each once. A filter by a name finds its clusters too.
fn names(services: Vec<Value<'static>>) -> Vec<Value<'static>> {
    let names: BTreeSet<String> =
        services.iter().filter_map(Value::as_text).map(|service| service::name(service).to_owned()).collect();
    names.into_iter().map(Value::from).collect()
}
