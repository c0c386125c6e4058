//! From a request to an answer.
//!
//! - `GET /query`: `{"total":n,"logs":[…],"status":"success"}` as Higress's log-collector answers, and `next_cursor`
//!   while there are further records and the order is that of time; or an export as NDJSON or CSV.
//! - `GET /query/{record_id}`: `{"log":{…},"status":"success"}`. A record whose id is one of the names below is found
//!   by `/query?record_id=` alone.
//! - `GET /query/scenarios`, `/query/scenarios/{name}`: HiMarket's statistics.
//! - `GET /query/filters/{field}`: the values of a field.
//! - `GET /query/histogram`, `facets`, `top`, `summary`, `tail`, `sessions`, `sessions/{id}`: numbers over many records, and
//!   the records that come.
//! - `GET /query/prices`: what AI calls cost. `GET /query/costs/{record_id}`: how one call's cost comes about.
//! - `GET /query/openapi.json`: the description of all this.
//!
//! `HEAD` is answered like `GET`, without the body. Errors are
//! `{"total":0,"logs":null,"status":"error","error":"…"}` everywhere.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use gatelog_functions_shared::http::{method, response};
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::{Body, Environment, Failure, Response};
use gatelog_storage::Executor;
use http::{Request, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::config::QueryConfig;
use crate::params::{InvalidParameter, each};
use crate::{aggregate, cost, list, one, openapi, prices, scenario, values};

/// Name of the function in its log.
pub const FUNCTION: &str = "query";

#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    total: u64,
    logs: Option<()>,
    status: &'static str,
    error: &'a str,
}

/// Serves one request; its body, if there is one, is not read. `failures` is where failures of the database are logged.
pub async fn handle<B, E: Executor + Clone + 'static>(
    request: Request<B>,
    database: E,
    config: &QueryConfig,
    failures: &Rc<FailureLog>,
    environment: &impl Environment,
) -> Response {
    let method = request.method().clone();
    let response = match route(request, database, config, failures, environment).await {
        Ok(response) => response,
        Err(failure) => {
            failures.write(&failure);
            failed(&failure)
        }
    };
    response::for_method(&method, response)
}

/// The answer to a request that failed.
pub fn failed(failure: &Failure) -> Response {
    let error = failure.public_message();
    response::failure_with_body(failure, &ErrorBody { total: 0, logs: None, status: "error", error: &error })
}

async fn route<B, E: Executor + Clone + 'static>(
    request: Request<B>,
    database: E,
    config: &QueryConfig,
    failures: &Rc<FailureLog>,
    environment: &impl Environment,
) -> Result<Response, Failure> {
    let begin = environment.ticks();
    method::require_read(request.method())?;
    config.admit(request.headers())?;
    let path = request.uri().path();
    let below = path.strip_prefix("/query").unwrap_or(path).trim_matches('/');
    // No path has more than two parts.
    let parts: Vec<Cow<'_, str>> =
        below.splitn(3, '/').map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
    let query_string = request.uri().query().unwrap_or_default();
    let zone = &config.time_zone;
    let headers = request.headers();
    let aggregate =
        aggregate::Request { query_string, headers, database: &database, config, environment, begin };
    if let [name] = parts.as_slice()
        && let Some(answer) = aggregate::serve(name, &aggregate).await
    {
        return answer;
    }
    match parts.as_slice() {
        ["sessions", id] if !id.is_empty() => aggregate::sessions::one(id, &aggregate).await,
        [""] => list::serve(query_string, request.headers(), database, config, failures).await,
        ["openapi.json"] => {
            no_parameters(query_string)?;
            let document = Body::Full(Bytes::from_static(openapi::DOCUMENT.as_bytes()));
            Ok(response::with_content_type(StatusCode::OK, "application/json", document))
        }
        ["prices"] => {
            no_parameters(query_string)?;
            prices::serve(&config.prices)
        }
        ["costs", id] if !id.is_empty() => {
            no_parameters(query_string)?;
            cost::serve(id, &database, &config.prices).await
        }
        ["scenarios"] => {
            no_parameters(query_string)?;
            Ok(scenario::catalogue())
        }
        ["scenarios", name] => scenario::serve(name, query_string, &database, zone).await,
        ["filters", field] => values::serve(field, query_string, &database, zone).await,
        [id] if *id != "filters" => one::serve(id, query_string, &database).await,
        _ => Err(Failure::NotFound { message: format!("there is nothing at {path}") }),
    }
}

fn no_parameters(query_string: &str) -> Result<(), InvalidParameter> {
    each(query_string, |_, _| Err("there are no parameters here".to_owned()))
}
