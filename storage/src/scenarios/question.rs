//! The query of a scenario, and its result.

use gatelog_record::Timestamp;

use crate::{Filter, Rows};

/// The form of a scenario's result, by HiMarket's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One number.
    Card,
    /// One number for each interval that has records.
    Line,
    /// Rows.
    Table,
}

/// The target of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BizType {
    /// MCP servers: paths that begin with `/mcp-servers`.
    McpServer,
    /// AI models: `ai_log` names a model.
    ModelApi,
}

/// The records of a scenario, and how they are grouped.
#[derive(Clone, Debug, Default)]
pub struct ScenarioQuery {
    /// Conditions, all of which a record must meet.
    pub filters: Vec<Filter>,
    /// Restricts scenarios with [`Scenario::by_biz_type`](super::Scenario::by_biz_type) to these requests; `None` means models. The other scenarios
    /// cover every request, as in HiMarket.
    pub biz_type: Option<BizType>,
    /// Length of an interval of a line, in seconds, at least 1.
    pub interval_s: u32,
    /// Most points of a line, or rows of a table.
    pub limit: u32,
}

/// The result of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// One number.
    Card {
        /// Its name.
        key: &'static str,
        /// The number, which is whole unless the scenario's unit is not; `None` for an empty sum where HiMarket has no
        /// number.
        value: Option<f64>,
    },
    /// A line.
    Line {
        /// Name of the numbers.
        key: &'static str,
        /// Names and values common to all points.
        dimensions: &'static [(&'static str, &'static str)],
        /// In order of time.
        points: Vec<Point>,
        /// Whether there are more.
        truncated: bool,
    },
    /// Rows.
    Table {
        /// Names of the columns.
        columns: Vec<&'static str>,
        /// The values, in the order of the columns.
        rows: Rows,
        /// Whether there are more.
        truncated: bool,
    },
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The start of the interval.
    pub time: Timestamp,
    /// The number.
    pub value: f64,
}
