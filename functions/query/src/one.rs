//! `GET /query/{record_id}`: one record.

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Failure, Response};
use gatelog_record::Field;
use gatelog_storage::query::records;
use gatelog_storage::{Executor, Selection};
use http::StatusCode;
use serde::Serialize;

use crate::log_entry::LogEntry;
use crate::params::each;
use crate::params::options::read_fields;

#[derive(Debug, Serialize)]
struct OneLog<'r> {
    log: LogEntry<'r>,
    status: &'static str,
}

/// Answers the record with this id.
///
/// # Errors
///
/// A parameter other than `fields`, an id that no record has, and the database's.
pub async fn serve(id: &str, query_string: &str, database: &impl Executor) -> Result<Response, Failure> {
    let mut fields: Vec<&'static Field> = Vec::new();
    each(query_string, |name, value| match name {
        "fields" => read_fields(&mut fields, value),
        _ => Err("one record takes no parameter but fields".to_owned()),
    })?;
    let is_selected = !fields.is_empty();
    let selection = if is_selected { Selection::from_fields(fields) } else { Selection::all() };
    match records::one(database, id, &selection).await? {
        Some(record) => {
            let log = LogEntry { record: &record, is_selected };
            Ok(response::json(StatusCode::OK, &OneLog { log, status: "success" }))
        }
        None => Err(no_record(id)),
    }
}

/// The failure of an id that no record has.
pub fn no_record(id: &str) -> Failure {
    let id: String = id.chars().take(64).collect();
    Failure::NotFound { message: format!("there is no record {id:?}") }
}
