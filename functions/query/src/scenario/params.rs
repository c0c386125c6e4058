//! The query string of a scenario: HiMarket's parameters, as HiMarket reads them.

use std::collections::BTreeMap;

use gatelog_record::fields;
use gatelog_storage::scenarios::{BizType, Kind, Scenario, ScenarioQuery};
use gatelog_storage::{Filter, Predicate};

use crate::params::filters::{add, not, read_time, texts, unknown};
use crate::params::options::{once, read_number};
use crate::params::time::{Zone, seconds};
use crate::params::{InvalidParameter, each};

/// Length of an interval when the request does not say, in seconds.
pub const DEFAULT_INTERVAL_S: u32 = 60;
/// The longest interval, in seconds.
pub const MAX_INTERVAL_S: u32 = 86_400;
/// Rows of a table when the request does not say.
pub const DEFAULT_ROWS: u32 = 1_000;
/// Rows of a table of choices, whatever the request says, as in HiMarket.
pub const MAX_CHOICES: u32 = 100;
/// Most rows or points that a request can ask for.
pub const MAX_ROWS: u32 = 5_000;
/// Points of a line when the request does not say: a day of seconds.
pub const DEFAULT_POINTS: u32 = 86_400;

/// What a parameter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Not before a time.
    Start,
    /// Not before a number of seconds since the Unix epoch; of no effect beside HiMarket's `startTime`.
    StartSeconds,
    /// Not after a time.
    End,
    /// Not after a number of seconds since the Unix epoch; of no effect beside HiMarket's `endTime`.
    EndSeconds,
    /// One of a list of values of this field.
    OneOf(&'static str),
    /// Length of the intervals.
    Interval,
    /// The zone of times that name none, and of the times of a line.
    TimeZone,
    /// What the requests were made for.
    BizType,
    /// Most points or rows.
    PageSize,
}

/// Every parameter: HiMarket's names, and those of `/query` for the time.
pub const PARAMETERS: &[(&str, Role)] = &[
    ("startTime", Role::Start),
    ("fromTime", Role::StartSeconds),
    ("start_time", Role::Start),
    ("start", Role::Start),
    ("endTime", Role::End),
    ("toTime", Role::EndSeconds),
    ("end_time", Role::End),
    ("end", Role::End),
    ("cluster_id", Role::OneOf("instance_id")),
    ("clusterId", Role::OneOf("instance_id")),
    ("api", Role::OneOf("api")),
    ("model", Role::OneOf("model")),
    ("consumer", Role::OneOf("consumer")),
    ("route", Role::OneOf("route_name")),
    ("routeName", Role::OneOf("route_name")),
    ("route_name", Role::OneOf("route_name")),
    ("service", Role::OneOf("upstream_cluster")),
    ("upstreamCluster", Role::OneOf("upstream_cluster")),
    ("upstream_cluster", Role::OneOf("upstream_cluster")),
    ("mcpToolName", Role::OneOf("mcp_tool")),
    ("mcp_tool_name", Role::OneOf("mcp_tool")),
    ("time_zone", Role::TimeZone),
    ("interval", Role::Interval),
    ("bizType", Role::BizType),
    ("pageSize", Role::PageSize),
    ("page_size", Role::PageSize),
];

/// The parameters that hold where the later one is there too, as HiMarket reads them.
const OVERRULED: &[(&str, &str)] = &[("fromTime", "startTime"), ("toTime", "endTime")];

/// The zone that a query string asks for; `default` if it names none.
///
/// # Errors
///
/// When it is none, or is given twice.
pub fn zone(query_string: &str, default: &Zone) -> Result<Zone, InvalidParameter> {
    let mut zone = None;
    each(query_string, |name, value| {
        let is_zone = PARAMETERS.iter().any(|(known, role)| *known == name && *role == Role::TimeZone);
        if !is_zone || value.trim().is_empty() {
            return Ok(());
        }
        // A `+` that is not escaped is a blank.
        let text = value.replacen(' ', "+", usize::from(value.starts_with(' ')));
        let read = Zone::read(text.trim())
            .ok_or_else(|| not(value, "a time zone such as Asia/Shanghai, +08:00 or UTC"));
        once(&mut zone, read?)
    })?;
    Ok(zone.unwrap_or_else(|| default.clone()))
}

/// Reads the query string of a scenario; times that name no zone are in `zone`.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(
    query_string: &str,
    scenario: &Scenario,
    zone: &Zone,
) -> Result<ScenarioQuery, InvalidParameter> {
    let (mut interval, mut biz_type, mut limit) = (None, None, None);
    // The values of one parameter join; two parameters for one field both have to hold, as in HiMarket.
    let mut filters: BTreeMap<String, Vec<Filter>> = BTreeMap::new();
    each(query_string, |name, value| {
        let role = PARAMETERS.iter().find_map(|(known, role)| (*known == name).then_some(*role));
        let role = role.ok_or_else(unknown)?;
        if value.trim().is_empty() {
            return Ok(());
        }
        let mut choose = |field: &str, test| {
            let field = fields::field(field).ok_or_else(unknown)?;
            add(filters.entry(name.to_owned()).or_default(), Filter { field, predicate: test })
        };
        let time = |from_seconds| match from_seconds {
            Some(time) => Ok(time),
            None => read_time(value, zone),
        };
        match role {
            Role::Start | Role::StartSeconds => {
                let time = time(seconds(value).filter(|_| role == Role::StartSeconds))?;
                choose("start_time", Predicate::NotBefore(time))
            }
            Role::End | Role::EndSeconds => {
                let time = time(seconds(value).filter(|_| role == Role::EndSeconds))?;
                choose("start_time", Predicate::NotAfter(time))
            }
            Role::OneOf(field) => match texts(value)? {
                texts if texts.is_empty() => Ok(()),
                services if field == "upstream_cluster" => choose(field, Predicate::ServiceIn(services)),
                texts => choose(field, Predicate::TextIn(texts)),
            },
            Role::Interval => once(&mut interval, read_interval(value)?),
            // It is read before the times.
            Role::TimeZone => Ok(()),
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
    for (overruled, by) in OVERRULED {
        if filters.contains_key(*by) {
            filters.remove(*overruled);
        }
    }
    let limit = match scenario.kind() {
        // The choices of a filter are all of them.
        Kind::Table if is_choice(scenario) => MAX_CHOICES,
        Kind::Line => limit.unwrap_or(DEFAULT_POINTS),
        Kind::Card | Kind::Table => limit.unwrap_or(DEFAULT_ROWS),
    };
    Ok(ScenarioQuery {
        filters: filters.into_values().flatten().collect(),
        // HiMarket's pages send it with every request, and most of its statistics do not look at it.
        biz_type: biz_type.filter(|_| scenario.by_biz_type),
        interval_s: interval.unwrap_or(DEFAULT_INTERVAL_S),
        limit,
    })
}

/// Whether a scenario lists the choices of a filter.
pub fn is_choice(scenario: &Scenario) -> bool {
    scenario.name.starts_with("filter_")
}

/// Reads a number of seconds and bounds it as HiMarket does: what is below 1 means [`DEFAULT_INTERVAL_S`].
fn read_interval(value: &str) -> Result<u32, String> {
    let value = value.trim();
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not(value, "a whole number of seconds"));
    }
    let is_positive = digits.len() == value.len() && digits.bytes().any(|digit| digit != b'0');
    // What is no number of 32 bits is beyond the longest interval.
    let seconds = digits.parse().unwrap_or(u32::MAX).min(MAX_INTERVAL_S);
    Ok(if is_positive { seconds } else { DEFAULT_INTERVAL_S })
}
