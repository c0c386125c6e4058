//! `GET /query/histogram`: measures in each interval of time, for all records or for each of the largest groups.

use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_record::Timestamp;
use gatelog_storage::aggregate::breakdown::{self, Place};
use gatelog_storage::aggregate::{Breakdown, Cell, Measure, Order, ranking};
use gatelog_storage::{Executor, Value};
use serde::Serialize;
use serde_json::Map;

use super::interval::{Intervals, MAX_INTERVALS};
use super::look::Request;
use super::options::{Endpoint, TOP};
use super::values::{self, value};
use crate::params::InvalidParameter;

#[derive(Serialize)]
struct Histogram {
    interval_ms: u64,
    by: Option<&'static str>,
    measures: Vec<&'static str>,
    series: Vec<Series>,
    times: Vec<Timestamp>,
}

#[derive(Serialize)]
struct Series {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    other: bool,
    values: Map<String, serde_json::Value>,
}

/// Answers the histogram. An interval without records has a 0 for counts and `null` for the rest; one that was not looked
/// at has `null` for all.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn serve(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Histogram)?;
    let measures = params.measures_or(["count"]);
    let asked = params.scope(request.environment.now());
    let intervals = match params.interval_s.flatten() {
        Some(seconds) => Intervals::of(seconds, asked.start, asked.end),
        None => Intervals::round(asked.start, asked.end),
    };
    if intervals.count > MAX_INTERVALS {
        let problem = format!("the range has {} intervals of it, more than {MAX_INTERVALS}", intervals.count);
        return Err(InvalidParameter { name: "interval".to_owned(), problem }.into());
    }
    let looked_at = request.look_at(asked).await?;
    let keys = match params.by {
        Some(by) => {
            let (order, top) = (Order::By(Measure::Count), params.top.unwrap_or(TOP.0));
            Some(ranking::run(request.database, &looked_at.scope, by, order, top).await?)
        }
        None => None,
    };
    let breakdown = Breakdown {
        scope: &looked_at.scope,
        interval_s: Some(intervals.seconds),
        series: params.by.zip(keys.as_deref()),
        measures: &measures,
    };
    let cells = breakdown::run(request.database, &breakdown).await?;
    let first_looked_at = Intervals::of(intervals.seconds, looked_at.scope.start, looked_at.scope.end).first;
    let line = |place: Option<usize>, key: Option<serde_json::Value>| {
        let cell = |bucket: i64| -> Option<Cell> {
            let at: Place = (bucket, place);
            let is_looked_at = bucket >= first_looked_at;
            cells.get(&at).cloned().or_else(|| is_looked_at.then(|| Cell::empty(&measures)))
        };
        let line: Vec<Option<Cell>> =
            (0..intervals.count).map(|index| cell(intervals.first + index)).collect();
        let of = |measure: Measure| -> serde_json::Value {
            let values =
                line.iter().map(|cell| cell.as_ref().and_then(|cell| value(measure, &measures, cell)));
            values.map(serde_json::Value::from).collect()
        };
        let values = measures.iter().map(|measure| (measure.name().to_owned(), of(*measure))).collect();
        Series { other: place.is_none(), key, values }
    };
    let mut series: Vec<Series> = match &keys {
        None => vec![line(Some(0), Some("".into()))],
        Some(keys) => {
            let line = |(place, key): (usize, &Value<'_>)| line(Some(place), Some(values::key(key)));
            keys.iter().enumerate().map(line).collect()
        }
    };
    if cells.keys().any(|(_, place)| place.is_none()) {
        series.push(line(None, None));
    }
    let histogram = Histogram {
        interval_ms: u64::from(intervals.seconds) * 1_000,
        by: params.by.map(|by| by.name()),
        measures: measures.iter().map(|measure| measure.name()).collect(),
        series,
        times: intervals.times().collect(),
    };
    Ok(request.answer(&looked_at, histogram))
}
