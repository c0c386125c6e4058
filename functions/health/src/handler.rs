//! Turns a request into a response.
//!
//! - `GET /health`: `ok`, like Higress's log-collector. It does not query the database, because a restart would not fix
//!   a database that is down.
//! - `GET /health/ready`: 200 `{"status":"ready"}` when the database answers and has its tables and ingest's variables are
//!   right, otherwise 503 with the kind of failure in `reason`.
//! - `GET /health/metrics`: Prometheus' text, over all instances. While the database is down it says that and nothing else.
//!
//! `HEAD` is answered like `GET`, without the body; some load balancers use it.

use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::http::{method, response};
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::{Body, Failure, Response};
use gatelog_record::Timestamp;
use gatelog_storage::{Executor, schema};
use http::{Request, StatusCode};
use serde_json::json;

use crate::metrics;

/// Name of the function in its log.
pub const FUNCTION: &str = "health";

/// What the function reports on.
#[derive(Clone, Debug)]
pub struct Service<'s, D> {
    /// The database.
    pub database: &'s D,
    /// The kind of the database.
    pub store: &'s str,
    /// Whether ingest can work with its variables.
    pub variables: Result<(), VariablesError>,
}

/// Serves one request. Failures are logged to `failures`.
pub async fn handle<B>(
    request: Request<B>,
    service: &Service<'_, impl Executor>,
    failures: &FailureLog,
    now: Timestamp,
) -> Response {
    if let Err(failure) = method::require_read(request.method()) {
        return response::failure(&failure);
    }
    response::for_method(request.method(), answer(request.uri().path(), service, failures, now).await)
}

async fn answer(
    path: &str,
    service: &Service<'_, impl Executor>,
    failures: &FailureLog,
    now: Timestamp,
) -> Response {
    match path.strip_prefix("/health").unwrap_or(path).trim_matches('/') {
        "" => response::text(StatusCode::OK, "ok"),
        "ready" => ready(service, failures).await,
        "metrics" => metrics(service, failures, now).await,
        _ => response::failure(&Failure::NotFound { message: format!("there is nothing at {path}") }),
    }
}

async fn ready(service: &Service<'_, impl Executor>, failures: &FailureLog) -> Response {
    match check(service).await {
        Ok(()) => response::json(StatusCode::OK, &json!({"status": "ready"})),
        Err(failure) => {
            failures.write(&failure);
            response::failure_with_body(
                &failure,
                &json!({
                    "status": "error",
                    "reason": failure.class(),
                    "error": failure.public_message(),
                }),
            )
        }
    }
}

async fn check(service: &Service<'_, impl Executor>) -> Result<(), Failure> {
    service.variables.clone()?;
    schema::version(service.database).await?;
    Ok(())
}

async fn metrics(service: &Service<'_, impl Executor>, failures: &FailureLog, now: Timestamp) -> Response {
    let Service { database, store, variables } = service;
    if let Err(error) = variables {
        failures.write(&Failure::from(error.clone()));
    }
    let text = metrics::text(*database, store, variables.is_ok(), now).await.unwrap_or_else(|error| {
        failures.write(&Failure::from(error));
        metrics::text_without_database(store)
    });
    response::with_content_type(StatusCode::OK, metrics::CONTENT_TYPE, Body::Full(text.into()))
}
