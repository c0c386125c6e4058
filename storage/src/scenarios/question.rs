//! A question to a scenario, and its answer.

use gatelog_record::Timestamp;

use crate::{Filter, Rows};

/// How a scenario answers, by HiMarket's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One number.
    Card,
    /// One number for each interval that has records.
    Line,
    /// Rows.
    Table,
}

/// What the requests were made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BizType {
    /// MCP servers: paths that begin with `/mcp-servers`.
    McpServer,
    /// AI models: `ai_log` names a model.
    ModelApi,
}

/// Which records a scenario looks at, and how it cuts them up.
#[derive(Clone, Debug, Default)]
pub struct ScenarioQuery {
    /// Conditions that a record has to meet, all of them.
    pub filters: Vec<Filter>,
    /// Only these requests, models when it is `None`, in the scenarios that are [`Scenario::by_biz_type`](super::Scenario::by_biz_type). The others look
    /// at every request whatever it is, as in HiMarket.
    pub biz_type: Option<BizType>,
    /// Length of an interval of a line, in seconds, at least 1.
    pub interval_s: u32,
    /// Most points of a line, or rows of a table.
    pub limit: u32,
}

/// What a scenario found.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// One number.
    Card {
        /// Its name.
        key: &'static str,
        /// The number, whole unless the scenario's unit is not; `None` for the sum of nothing where HiMarket has no number.
        value: Option<f64>,
    },
    /// A line.
    Line {
        /// Name of the numbers.
        key: &'static str,
        /// Names and values that belong to every point.
        dimensions: &'static [(&'static str, &'static str)],
        /// In the order of time.
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
    /// When the interval begins.
    pub time: Timestamp,
    /// The number.
    pub value: f64,
}
