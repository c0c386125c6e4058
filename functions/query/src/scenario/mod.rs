//! `GET /query/scenarios/{name}`: HiMarket's statistics, with its parameters and in its shapes.

mod params;

use std::collections::BTreeMap;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Failure, Response};
use gatelog_storage::scenarios::{self, Answer, Kind, Point, SCENARIOS, Scenario, ScenarioQuery};
use gatelog_storage::{Executor, Value};
use http::StatusCode;
use serde::Serialize;

pub use self::params::{
    DEFAULT_INTERVAL_S, DEFAULT_POINTS, DEFAULT_ROWS, MAX_CHOICES, MAX_INTERVAL_S, MAX_ROWS, PARAMETERS,
    Role, parse, zone,
};
use crate::java_double;
use crate::params::time::Zone;

/// Answers the list of scenarios.
pub fn catalogue() -> Response {
    let scenarios: Vec<_> = SCENARIOS
        .iter()
        .map(|scenario| Listed {
            name: scenario.name,
            kind: kind_name(scenario.kind()),
            description: scenario.doc,
        })
        .collect();
    response::json(StatusCode::OK, &ScenarioList { scenarios, status: "success" })
}

/// Answers a scenario.
///
/// # Errors
///
/// A name that there is not, a bad parameter, and the database's.
pub async fn serve(
    name: &str,
    query_string: &str,
    database: &impl Executor,
    zone: &Zone,
) -> Result<Response, Failure> {
    let Some(scenario) = scenarios::find(name) else {
        let name: String = name.chars().take(64).collect();
        let message = format!("there is no scenario {name:?}: /query/scenarios lists them");
        return Err(Failure::NotFound { message });
    };
    let zone = &params::zone(query_string, zone)?;
    let query = parse(query_string, scenario, zone)?;
    let found = scenarios::run(database, scenario, &query).await?;
    Ok(response::json(StatusCode::OK, &shaped(scenario, &query, found, zone)))
}

/// HiMarket's name of a kind.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Card => "CARD",
        Kind::Line => "LINE",
        Kind::Table => "TABLE",
    }
}

#[derive(Serialize)]
struct ScenarioList {
    scenarios: Vec<Listed>,
    status: &'static str,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
}

/// HiMarket's answer to a scenario; of the three parts there is the one that belongs to the type.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shaped {
    scenario: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Vec<Stat>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_series: Option<TimeSeries>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<Vec<BTreeMap<&'static str, Option<String>>>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    status: &'static str,
}

#[derive(Serialize)]
struct Stat {
    key: &'static str,
    /// `null` for the sum of nothing.
    value: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimeSeries {
    data_points: Vec<DataPoint>,
    metadata: Metadata,
}

#[derive(Serialize)]
struct DataPoint {
    timestamp: String,
    value: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(rename = "xAxisLabel")]
    x_axis_label: &'static str,
    #[serde(rename = "yAxisLabel")]
    y_axis_label: &'static str,
    #[serde(rename = "totalCount")]
    total_count: usize,
    interval: u32,
}

fn shaped(scenario: &'static Scenario, query: &ScenarioQuery, found: Answer, zone: &Zone) -> Shaped {
    let kind = kind_name(scenario.kind());
    let empty = Shaped {
        scenario: scenario.name,
        kind,
        stats: None,
        time_series: None,
        table: None,
        truncated: false,
        status: "success",
    };
    match found {
        Answer::Card { key, value } => {
            Shaped { stats: Some(vec![Stat { key, value: value.map(java_double::format) }]), ..empty }
        }
        Answer::Line { key, dimensions, points, truncated } => {
            let data_points: Vec<_> =
                points.iter().map(|point| data_point(point, dimensions, zone)).collect();
            let metadata = Metadata {
                x_axis_label: "Time",
                y_axis_label: key,
                total_count: data_points.len(),
                interval: query.interval_s,
            };
            Shaped { time_series: Some(TimeSeries { data_points, metadata }), truncated, ..empty }
        }
        Answer::Table { columns, rows, truncated } => {
            let row = |row: Vec<Value<'_>>| columns.iter().copied().zip(row.into_iter().map(cell)).collect();
            Shaped { table: Some(rows.into_iter().map(row).collect()), truncated, ..empty }
        }
    }
}

fn data_point(point: &Point, dimensions: &'static [(&'static str, &'static str)], zone: &Zone) -> DataPoint {
    DataPoint {
        timestamp: zone.local(point.time),
        value: point.value,
        dimensions: dimensions.iter().copied().collect(),
    }
}

/// A cell as HiMarket writes it: every value is a text.
fn cell(value: Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.into_owned()),
    }
}
