//! `GET /query/summary`: the measures of all records.

use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_record::Timestamp;
use gatelog_storage::aggregate::{Breakdown, Cell, MEASURES, Measure, Scope, breakdown};
use gatelog_storage::{Executor, StorageError};
use serde::Serialize;
use serde_json::Map;

use super::look::Request;
use super::options::Endpoint;
use super::values::named;

#[derive(Serialize)]
struct Summary {
    values: Map<String, serde_json::Value>,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    /// `Some(None)` where the range before cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Option<Map<String, serde_json::Value>>>,
}

/// Answers the measures.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn serve(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Summary)?;
    let measures = params.measures_or(MEASURES.iter().map(|(name, ..)| *name));
    let looked_at = request.look_at(params.scope(request.environment.now())).await?;
    let all = whole(request.database, &looked_at.scope, &measures).await?;
    let previous = match params.compares {
        false => None,
        true => Some(match request.previous(&looked_at).await? {
            Some(scope) => {
                Some(named(&measures, &measures, &whole(request.database, &scope, &measures).await?))
            }
            None => None,
        }),
    };
    let summary = Summary {
        values: named(&measures, &measures, &all),
        first_seen: all.first_seen,
        last_seen: all.last_seen,
        previous,
    };
    Ok(request.answer(&looked_at, summary))
}

async fn whole(database: &impl Executor, scope: &Scope, measures: &[Measure]) -> Result<Cell, StorageError> {
    let breakdown = Breakdown { scope, interval_s: None, series: None, measures };
    let cells = breakdown::run(database, &breakdown).await?;
    Ok(cells.into_values().next().unwrap_or_else(|| Cell::empty(measures)))
}
