//! From a request to an answer.
//!
//! - `GET /query`: `{"total":n,"logs":[…],"status":"success"}` as Higress's log-collector answers, and `next_cursor`
//!   while there are further records and the order is that of time.
//! - `GET /query/{record_id}`: `{"log":{…},"status":"success"}`.
//!
//! Errors have the same keys with `"status":"error"`, no logs, and the reason in `error`.

use std::borrow::Cow;

use gatelog_function::{Failure, Response, answer, failure, log};
use gatelog_record::Kind;
use gatelog_storage::{Executor, StoredRecord, select};
use http::{Request, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::QueryConfig;
use crate::log_entry::LogEntry;
use crate::params::{self, InvalidParameter, Params};

/// Name of the function in its log.
pub const FUNCTION: &str = "query";

#[derive(Debug, Serialize)]
struct Logs<'r> {
    /// `null` when it was not counted.
    total: Option<u64>,
    logs: Option<Vec<LogEntry<'r>>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct OneLog<'r> {
    log: LogEntry<'r>,
    status: &'static str,
}

/// Serves one request; its body, if there is any, is not looked at.
pub async fn handle<B>(request: Request<B>, database: &impl Executor, config: &QueryConfig) -> Response {
    match answer(request, database, config).await {
        Ok(response) => response,
        Err(failure) => {
            log::failure(FUNCTION, &failure);
            failed(&failure)
        }
    }
}

/// The answer to a request that failed.
pub fn failed(failure: &Failure) -> Response {
    failure.response_with(&Logs {
        total: Some(0),
        logs: None,
        status: "error",
        next_cursor: None,
        error: Some(failure.public_message()),
    })
}

async fn answer<B>(
    request: Request<B>,
    database: &impl Executor,
    config: &QueryConfig,
) -> Result<Response, Failure> {
    failure::check_method(request.method(), "GET")?;
    config.token.check(request.headers())?;
    let path = request.uri().path();
    let below = path.strip_prefix("/query").unwrap_or(path).trim_matches('/');
    let query_string = request.uri().query().unwrap_or_default();
    match below {
        "" => page(query_string, database, config).await,
        id if !id.contains('/') => one(id, query_string, database).await,
        _ => Err(Failure::NotFound { message: format!("there is nothing at {path}") }),
    }
}

async fn page(
    query_string: &str,
    database: &impl Executor,
    config: &QueryConfig,
) -> Result<Response, Failure> {
    let Params { query, page_size, count } = params::parse(query_string, config.max_page_size)?;
    let total = match count {
        true => Some(select::count(database, &query.filters).await?),
        false => None,
    };
    let mut records = select::page(database, &query).await?;
    let page_size = usize::try_from(page_size).unwrap_or(usize::MAX);
    let is_last = records.len() <= page_size;
    records.truncate(page_size);
    let by_time = query.sort.by.kind == Kind::Timestamp;
    let next_cursor = records
        .last()
        .filter(|_| by_time && !is_last)
        .and_then(|last| last.cursor(query.sort.direction))
        .map(|cursor| cursor.to_string());
    let logs = Some(records.iter().map(LogEntry).collect());
    Ok(answer::json(StatusCode::OK, &Logs { total, logs, status: "success", next_cursor, error: None }))
}

async fn one(id: &str, query_string: &str, database: &impl Executor) -> Result<Response, Failure> {
    if let Some((name, _)) = form_urlencoded::parse(query_string.as_bytes()).next() {
        let name = name.into_owned();
        return Err(InvalidParameter { name, problem: "one record takes no parameters".to_owned() }.into());
    }
    let id: Cow<'_, str> = percent_decode_str(id).decode_utf8_lossy();
    match select::by_record_id(database, &id).await? {
        Some(record) => Ok(found(&record)),
        None => {
            let id: String = id.chars().take(64).collect();
            Err(Failure::NotFound { message: format!("there is no record {id:?}") })
        }
    }
}

fn found(record: &StoredRecord) -> Response {
    answer::json(StatusCode::OK, &OneLog { log: LogEntry(record), status: "success" })
}

impl From<InvalidParameter> for Failure {
    fn from(error: InvalidParameter) -> Self {
        Self::BadRequest { message: error.to_string() }
    }
}
