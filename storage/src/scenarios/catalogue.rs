//! Every scenario with its definition. Names, keys and meanings are HiMarket's.

use super::question::Kind;

/// One of HiMarket's statistics.
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// The meaning, in one sentence.
    pub doc: &'static str,
    /// Whether it covers only one kind of request: those to models unless another kind is requested.
    pub by_biz_type: bool,
    pub(super) given: &'static [Given],
    pub(super) shape: Shape,
}

impl Scenario {
    /// The form of its result.
    pub fn kind(&self) -> Kind {
        match self.shape {
            Shape::Card { .. } => Kind::Card,
            Shape::Line { .. } => Kind::Line,
            Shape::Table(_) => Kind::Table,
        }
    }
}

/// A condition for a record to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The column has this text.
    Is(&'static str, &'static str),
    /// The column has a value.
    Has(&'static str),
    /// The member of `ai_log` is one of these texts.
    AiLogIs(&'static str, &'static [&'static str]),
    /// `ai_log` has the member, even if it is `null`.
    AiLogHas(&'static str),
    /// No response was sent, or one with a status of 400 or above.
    Failed,
}

/// How the result is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One amount.
    Card { key: &'static str, amount: Amount, unit: Unit },
    /// One amount for each interval.
    Line {
        key: &'static str,
        amount: Amount,
        unit: Unit,
        dimensions: &'static [(&'static str, &'static str)],
    },
    /// Rows.
    Table(Table),
}

/// The measure over the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// The number of records.
    Records,
    /// The number of distinct values in the column.
    Different(&'static str),
    /// The sum of the column; 0 if there are no values.
    Sum(&'static str),
    /// The sum of the column; no number if there are no values.
    SumIfAny(&'static str),
    /// The sum of the member of `ai_log`.
    AiLogSum(&'static str),
    /// The number of records with a status below 300.
    Succeeded,
    /// The percentile of `duration`, by nearest rank.
    DurationPercentile(u8),
}

/// The conversion of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Unchanged.
    Whole,
    /// Bytes in units of 2^20, to three decimals.
    Mebibytes,
    /// Divided by the interval's seconds.
    PerSecond,
    /// Divided by the interval's seconds, to four decimals, as MySQL divides the sum of whole numbers.
    DecimalPerSecond,
    /// Divided by the records in the interval.
    PerRecord,
}

/// The rows of a table: groups, each a column or a member of `ai_log` with its name in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// The tokens and the number of records of each group, most tokens first.
    Tokens(&'static [(Source, &'static str)]),
    /// The number of records of each group, most first.
    Counts(&'static [(Source, &'static str)], &'static str),
    /// Only the groups, at most 100.
    Values(&'static [(Source, &'static str)]),
}

/// The source of a group's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A column.
    Column(&'static str),
    /// A member of `ai_log`.
    AiLog(&'static str),
}

impl Table {
    pub(super) fn groups(self) -> &'static [(Source, &'static str)] {
        match self {
            Self::Tokens(groups) | Self::Counts(groups, _) | Self::Values(groups) => groups,
        }
    }

    /// Names of the columns of the result.
    pub(super) fn columns(self) -> Vec<&'static str> {
        let mut columns: Vec<_> = self.groups().iter().map(|(_, name)| *name).collect();
        match self {
            Self::Tokens(_) => columns.extend(["input_token", "output_token", "total_token", "request"]),
            Self::Counts(_, count) => columns.push(count),
            Self::Values(_) => {}
        }
        columns
    }
}

/// The spelling of HiMarket's AI guard.
const DENIED: Given = Given::AiLogIs("safecheck_status", &["reqeust deny"]);
const LIMITED: Given = Given::AiLogIs("token_ratelimit_status", &["limited"]);

const fn card(
    name: &'static str,
    doc: &'static str,
    key: &'static str,
    amount: Amount,
    unit: Unit,
) -> Scenario {
    Scenario { name, doc, by_biz_type: false, given: &[], shape: Shape::Card { key, amount, unit } }
}

const fn line(
    name: &'static str,
    doc: &'static str,
    key: &'static str,
    (amount, unit): (Amount, Unit),
    given: &'static [Given],
) -> Scenario {
    Scenario {
        name,
        doc,
        by_biz_type: false,
        given,
        shape: Shape::Line { key, amount, unit, dimensions: &[] },
    }
}

const fn table(name: &'static str, doc: &'static str, given: &'static [Given], table: Table) -> Scenario {
    Scenario { name, doc, by_biz_type: false, given, shape: Shape::Table(table) }
}

const fn options(
    name: &'static str,
    doc: &'static str,
    given: &'static [Given],
    groups: &'static [(Source, &'static str)],
) -> Scenario {
    table(name, doc, given, Table::Values(groups))
}

const fn by_biz_type(scenario: Scenario) -> Scenario {
    Scenario { by_biz_type: true, ..scenario }
}

use Amount::{AiLogSum, Different, DurationPercentile, Records, Succeeded, Sum, SumIfAny};
use Given::{AiLogHas, AiLogIs, Failed, Has};
use Source::{AiLog, Column};
use Table::{Counts, Tokens};
use Unit::{DecimalPerSecond, Mebibytes, PerRecord, PerSecond, Whole};

const SERVICE_DURATION: (Amount, Unit) = (AiLogSum("llm_service_duration"), PerRecord);

/// Every scenario.
pub const SCENARIOS: &[Scenario] = &[
    by_biz_type(card("pv", "Requests.", "pv", Records, Whole)),
    by_biz_type(card(
        "uv",
        "Different callers, by x_forwarded_for.",
        "uv",
        Different("x_forwarded_for"),
        Whole,
    )),
    Scenario {
        given: &[Given::Is("response_code_details", "internal_redirect")],
        ..card("fallback_count", "Requests that fell back to another model.", "cnt", Records, Whole)
    },
    card("bytes_received", "MiB received from clients.", "received", SumIfAny("bytes_received"), Mebibytes),
    card("bytes_sent", "MiB sent to clients.", "sent", SumIfAny("bytes_sent"), Mebibytes),
    card("input_token_total", "Tokens of the prompts.", "input_token", Sum("input_tokens"), Whole),
    card("output_token_total", "Tokens of the responses.", "output_token", Sum("output_tokens"), Whole),
    card("token_total", "Tokens together.", "token", Sum("total_tokens"), Whole),
    line(
        "qps_stream",
        "Streamed AI requests a second.",
        "stream_qps",
        (Records, PerSecond),
        &[AiLogIs("response_type", &["stream"])],
    ),
    line(
        "qps_normal",
        "AI requests per second that were not streamed.",
        "normal_qps",
        (Records, PerSecond),
        &[AiLogIs("response_type", &["normal"])],
    ),
    line(
        "qps_total",
        "AI requests a second.",
        "total_qps",
        (Records, PerSecond),
        &[AiLogIs("response_type", &["normal", "stream"])],
    ),
    line(
        "success_rate",
        "Share of requests with a status from 1 to 299, from 0 to 1.",
        "success_rate",
        (Succeeded, PerRecord),
        &[],
    ),
    line(
        "token_per_sec_input",
        "Tokens of the prompts per second.",
        "input_token",
        (Sum("input_tokens"), DecimalPerSecond),
        &[],
    ),
    line(
        "token_per_sec_output",
        "Tokens of the responses per second.",
        "output_token",
        (Sum("output_tokens"), DecimalPerSecond),
        &[],
    ),
    line(
        "token_per_sec_total",
        "Tokens a second.",
        "total_token",
        (Sum("total_tokens"), DecimalPerSecond),
        &[],
    ),
    line(
        "rt_avg_total",
        "Average milliseconds of AI calls.",
        "total_rt",
        SERVICE_DURATION,
        &[AiLogHas("llm_service_duration")],
    ),
    line(
        "rt_avg_stream",
        "Average milliseconds of streamed AI calls.",
        "stream_rt",
        SERVICE_DURATION,
        &[AiLogHas("llm_service_duration"), AiLogIs("response_type", &["stream"])],
    ),
    line(
        "rt_avg_normal",
        "Average milliseconds of AI calls that were not streamed.",
        "normal_rt",
        SERVICE_DURATION,
        &[AiLogHas("llm_service_duration"), AiLogIs("response_type", &["normal"])],
    ),
    line(
        "rt_first_token",
        "Average milliseconds to the first token.",
        "first_token_rt",
        (AiLogSum("llm_first_token_duration"), PerRecord),
        &[AiLogHas("llm_first_token_duration")],
    ),
    line(
        "cache_hit",
        "AI requests per second that the cache answered.",
        "hit",
        (Records, PerSecond),
        &[AiLogIs("cache_status", &["hit"])],
    ),
    line(
        "cache_miss",
        "AI requests per second that missed the cache.",
        "miss",
        (Records, PerSecond),
        &[AiLogIs("cache_status", &["miss"])],
    ),
    line(
        "cache_skip",
        "AI requests per second that bypassed the cache.",
        "skip",
        (Records, PerSecond),
        &[AiLogIs("cache_status", &["skip"])],
    ),
    line(
        "ratelimited_per_sec",
        "Requests per second that the token rate limit refused.",
        "ratelimited",
        (Records, PerSecond),
        &[LIMITED],
    ),
    Scenario {
        shape: Shape::Line {
            key: "total",
            amount: Records,
            unit: PerSecond,
            dimensions: &[("response_code", "total")],
        },
        ..line("qps_total_simple", "Requests a second.", "total", (Records, PerSecond), &[])
    },
    line(
        "rt_avg",
        "Average duration in milliseconds.",
        "rt_avg",
        (Sum("duration"), PerRecord),
        &[Has("duration")],
    ),
    line(
        "rt_p50",
        "Median duration in milliseconds.",
        "rt_p50",
        (DurationPercentile(50), Whole),
        &[Has("duration")],
    ),
    line(
        "rt_p90",
        "90th percentile of the duration in milliseconds.",
        "rt_p90",
        (DurationPercentile(90), Whole),
        &[Has("duration")],
    ),
    line(
        "rt_p95",
        "95th percentile of the duration in milliseconds.",
        "rt_p95",
        (DurationPercentile(95), Whole),
        &[Has("duration")],
    ),
    line(
        "rt_p99",
        "99th percentile of the duration in milliseconds.",
        "rt_p99",
        (DurationPercentile(99), Whole),
        &[Has("duration")],
    ),
    table("model_token_table", "Tokens by model.", &[Has("model")], Tokens(&[(Column("model"), "model")])),
    table(
        "consumer_token_table",
        "Tokens by consumer.",
        &[Has("consumer")],
        Tokens(&[(Column("consumer"), "consumer")]),
    ),
    table(
        "service_token_table",
        "Tokens by upstream cluster.",
        &[Has("upstream_cluster")],
        Tokens(&[(Column("upstream_cluster"), "upstream_cluster")]),
    ),
    table(
        "error_requests_table",
        "Requests without a response or with a status of 400 or above, by status, details and flags.",
        &[Failed],
        Counts(
            &[
                (Column("response_code"), "response_code"),
                (Column("response_code_details"), "response_code_details"),
                (Column("response_flags"), "response_flags"),
            ],
            "cnt",
        ),
    ),
    table(
        "ratelimited_consumer_table",
        "Requests that the token rate limit refused, by consumer.",
        &[LIMITED, Has("consumer")],
        Counts(&[(Column("consumer"), "consumer")], "ratelimited_count"),
    ),
    table(
        "risk_label_table",
        "Requests that the AI guard denied, by kind of risk.",
        &[DENIED],
        Counts(&[(AiLog("safecheck_riskLabel"), "risklabel")], "cnt"),
    ),
    table(
        "risk_consumer_table",
        "Requests that the AI guard denied, by consumer.",
        &[DENIED, Has("consumer")],
        Counts(&[(Column("consumer"), "consumer")], "cnt"),
    ),
    table(
        "method_distribution",
        "Requests by method.",
        &[Has("method")],
        Counts(&[(Column("method"), "method")], "count"),
    ),
    table(
        "gateway_status_distribution",
        "Requests by status.",
        &[],
        Counts(&[(Column("response_code"), "status")], "count"),
    ),
    by_biz_type(table(
        "backend_status_distribution",
        "Requests by Envoy's details of the response.",
        &[Has("response_code_details")],
        Counts(&[(Column("response_code_details"), "status")], "count"),
    )),
    table(
        "request_distribution",
        "Requests by MCP tool, status, flags and details.",
        &[],
        Counts(
            &[
                (Column("mcp_tool"), "tool_name"),
                (Column("response_code"), "response_code"),
                (Column("response_flags"), "response_flags"),
                (Column("response_code_details"), "response_code_details"),
            ],
            "cnt",
        ),
    ),
    options(
        "filter_service_options",
        "Gateway instances.",
        &[Has("instance_id")],
        &[(Column("instance_id"), "service")],
    ),
    options("filter_api_options", "APIs.", &[Has("api")], &[(Column("api"), "api")]),
    options("filter_model_options", "Models.", &[Has("model")], &[(Column("model"), "model")]),
    by_biz_type(options(
        "filter_route_options",
        "Routes.",
        &[Has("route_name")],
        &[(Column("route_name"), "route_name")],
    )),
    options("filter_consumer_options", "Consumers.", &[Has("consumer")], &[(Column("consumer"), "consumer")]),
    options(
        "filter_upstream_options",
        "Upstream clusters.",
        &[Has("upstream_cluster")],
        &[(Column("upstream_cluster"), "upstream_cluster")],
    ),
    options(
        "filter_mcp_tool_options",
        "MCP tools.",
        &[Has("mcp_tool")],
        &[(Column("mcp_tool"), "mcp_tool_name")],
    ),
    options(
        "filter_mcp_server_options",
        "MCP servers of the requests that used a tool.",
        &[Has("mcp_tool")],
        &[(Column("mcp_server"), "mcp_server")],
    ),
];
