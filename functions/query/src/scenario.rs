//! `GET /query/scenarios/{name}`: HiMarket's statistics, with its parameters and in its shapes.

use std::collections::BTreeMap;

use gatelog_function::{Failure, Response, answer};
use gatelog_record::fields;
use gatelog_storage::scenarios::{self, Answer, BizType, Kind, Point, SCENARIOS, Scenario, ScenarioQuery};
use gatelog_storage::{Executor, Filter, Test, Value};
use http::StatusCode;
use serde::Serialize;

use crate::controls::{once, read_number};
use crate::filters::{add, not, read_time, texts};
use crate::params::{InvalidParameter, each, unknown};

/// Length of an interval when the request does not say, in seconds.
pub const DEFAULT_INTERVAL_S: u32 = 60;
/// The longest interval, in seconds.
pub const MAX_INTERVAL_S: u32 = 86_400;
/// Rows of a table when the request does not say.
pub const DEFAULT_ROWS: u32 = 1_000;
/// Most rows or points that a request can ask for.
pub const MAX_ROWS: u32 = 5_000;
/// Points of a line when the request does not say: a day of seconds.
pub const DEFAULT_POINTS: u32 = 86_400;

/// What a parameter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Not before a time.
    Start,
    /// Not after a time.
    End,
    /// One of a list of values of this field.
    OneOf(&'static str),
    /// Length of the intervals.
    Interval,
    /// What the requests were made for.
    BizType,
    /// Most points or rows.
    PageSize,
}

/// Every parameter: HiMarket's names, and those of `/query` for the time.
pub const PARAMETERS: &[(&str, Role)] = &[
    ("startTime", Role::Start),
    ("fromTime", Role::Start),
    ("start_time", Role::Start),
    ("start", Role::Start),
    ("endTime", Role::End),
    ("toTime", Role::End),
    ("end_time", Role::End),
    ("end", Role::End),
    ("cluster_id", Role::OneOf("instance_id")),
    ("clusterId", Role::OneOf("instance_id")),
    ("api", Role::OneOf("api")),
    ("model", Role::OneOf("model")),
    ("consumer", Role::OneOf("consumer")),
    ("route", Role::OneOf("route_name")),
    ("routeName", Role::OneOf("route_name")),
    ("service", Role::OneOf("upstream_cluster")),
    ("upstreamCluster", Role::OneOf("upstream_cluster")),
    ("mcpToolName", Role::OneOf("mcp_tool")),
    ("interval", Role::Interval),
    ("bizType", Role::BizType),
    ("pageSize", Role::PageSize),
    ("page_size", Role::PageSize),
];

/// Reads a query string.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(query_string: &str, kind: Kind) -> Result<ScenarioQuery, InvalidParameter> {
    let (mut interval, mut biz_type, mut limit) = (None, None, None);
    // The values of one parameter join; two parameters for one field both have to hold, as in HiMarket.
    let mut filters: BTreeMap<String, Vec<Filter>> = BTreeMap::new();
    each(query_string, |name, value| {
        let role = PARAMETERS.iter().find_map(|(known, role)| (*known == name).then_some(*role));
        let role = role.ok_or_else(unknown)?;
        if value.is_empty() {
            return Ok(());
        }
        let mut choose = |field: &str, test| {
            let field = fields::field(field).ok_or_else(unknown)?;
            add(filters.entry(name.to_owned()).or_default(), Filter { field, test })
        };
        match role {
            Role::Start => choose("start_time", Test::NotBefore(read_time(value)?)),
            Role::End => choose("start_time", Test::NotAfter(read_time(value)?)),
            Role::OneOf(field) => choose(field, Test::TextIn(texts(value)?)),
            Role::Interval => once(&mut interval, read_number(value, 1, MAX_INTERVAL_S)?),
            Role::PageSize => once(&mut limit, read_number(value, 1, MAX_ROWS)?),
            Role::BizType => once(
                &mut biz_type,
                match value {
                    "MCP_SERVER" => BizType::McpServer,
                    "MODEL_API" => BizType::ModelApi,
                    _ => return Err(not(value, "MCP_SERVER or MODEL_API")),
                },
            ),
        }
    })?;
    Ok(ScenarioQuery {
        filters: filters.into_values().flatten().collect(),
        biz_type,
        interval_s: interval.unwrap_or(DEFAULT_INTERVAL_S),
        limit: limit.unwrap_or(if kind == Kind::Line { DEFAULT_POINTS } else { DEFAULT_ROWS }),
    })
}

/// Answers the list of scenarios.
pub fn list() -> Response {
    let scenarios: Vec<_> = SCENARIOS
        .iter()
        .map(|scenario| Listed {
            name: scenario.name,
            kind: kind_name(scenario.kind()),
            description: scenario.doc,
        })
        .collect();
    answer::json(StatusCode::OK, &ScenarioList { scenarios, status: "success" })
}

/// Answers a scenario.
///
/// # Errors
///
/// A name that there is not, a bad parameter, and the database's.
pub async fn answer(name: &str, query_string: &str, database: &impl Executor) -> Result<Response, Failure> {
    let Some(scenario) = scenarios::find(name) else {
        let name: String = name.chars().take(64).collect();
        let message = format!("there is no scenario {name:?}: /query/scenarios lists them");
        return Err(Failure::NotFound { message });
    };
    let query = parse(query_string, scenario.kind())?;
    let found = scenarios::run(database, scenario, &query).await?;
    Ok(answer::json(StatusCode::OK, &shaped(scenario, &query, found)))
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

fn shaped(scenario: &'static Scenario, query: &ScenarioQuery, found: Answer) -> Shaped {
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
            Shaped { stats: Some(vec![Stat { key, value: value.map(|value| value.to_string()) }]), ..empty }
        }
        Answer::Line { key, dimensions, points, truncated } => {
            let data_points: Vec<_> = points.iter().map(|point| data_point(point, dimensions)).collect();
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

/// The time in UTC as HiMarket writes it, `2026-01-31 12:00:00`.
fn data_point(point: &Point, dimensions: &'static [(&'static str, &'static str)]) -> DataPoint {
    let time = point.time.to_string().replace('T', " ");
    let timestamp = time.split('.').next().unwrap_or_default().to_owned();
    DataPoint { timestamp, value: point.value, dimensions: dimensions.iter().copied().collect() }
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
