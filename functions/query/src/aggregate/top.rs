//! `GET /query/top`: the groups of records that are the largest, each with its measures.

use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_record::Timestamp;
use gatelog_storage::Executor;
use gatelog_storage::aggregate::{Breakdown, Cell, Grouping, Measure, Order, breakdown, ranking};
use serde::Serialize;
use serde_json::Map;

use super::look::Request;
use super::options::{Endpoint, TOP_MEASURES};
use super::values::{self, named, value};

#[derive(Serialize)]
struct Top {
    by: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: serde_json::Value,
    values: Map<String, serde_json::Value>,
    error_rate: f64,
    last_seen: Option<Timestamp>,
    /// `Some(None)` where the range before cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Option<Map<String, serde_json::Value>>>,
}

/// Answers the groups.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn serve(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Top)?;
    let shown = params.measures_or(TOP_MEASURES);
    let mut counted = shown.clone();
    // Of which the error rate is made.
    let needed = ["count", "errors"].into_iter().filter_map(Measure::find);
    counted.extend(needed.filter(|measure| !shown.contains(measure)));
    let by = params.by.unwrap_or(Grouping::StatusClass);
    let order = params.order.unwrap_or(Order::By(Measure::Count));
    let looked_at = request.look_at(params.scope(request.environment.now())).await?;
    let keys = ranking::run(request.database, &looked_at.scope, by, order, params.limit).await?;
    let series = Some((by, keys.as_slice()));
    let breakdown = Breakdown { scope: &looked_at.scope, interval_s: None, series, measures: &counted };
    let cells = breakdown::run(request.database, &breakdown).await?;
    let before = match params.compares {
        false => None,
        true => match request.previous(&looked_at).await? {
            Some(scope) => {
                let breakdown = Breakdown { scope: &scope, measures: &shown, ..breakdown };
                Some(Some(breakdown::run(request.database, &breakdown).await?))
            }
            None => Some(None),
        },
    };
    let row = |(place, key)| {
        let nothing = Cell::empty(&counted);
        let cell = cells.get(&(0, Some(place))).unwrap_or(&nothing);
        let amount =
            |name| Measure::find(name).and_then(|measure| value(measure, &counted, cell)).unwrap_or(0);
        let (errors, count) = (amount("errors") as f64, amount("count"));
        let previous = before.as_ref().map(|before| {
            let nothing = Cell::empty(&shown);
            let cells = before.as_ref()?;
            Some(named(&shown, &shown, cells.get(&(0, Some(place))).unwrap_or(&nothing)))
        });
        Row {
            key: values::key(key),
            values: named(&shown, &counted, cell),
            error_rate: if count == 0 { 0.0 } else { errors / count as f64 },
            last_seen: cell.last_seen,
            previous,
        }
    };
    let rows = keys.iter().enumerate().map(row).collect();
    Ok(request.answer(&looked_at, Top { by: by.name(), rows }))
}
