//! The parameters of the aggregates that do not filter records but shape the answer.

/// A path that answers an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Measures by time.
    Histogram,
    /// The values of fields.
    Facets,
    /// The largest groups.
    Top,
    /// Measures of all.
    Summary,
    /// Records as they come.
    Tail,
    /// Sessions.
    Sessions,
    /// One session.
    Session,
}

impl Endpoint {
    /// Every endpoint with its path.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Histogram, "/query/histogram"),
        (Self::Facets, "/query/facets"),
        (Self::Top, "/query/top"),
        (Self::Summary, "/query/summary"),
        (Self::Tail, "/query/tail"),
        (Self::Sessions, "/query/sessions"),
        (Self::Session, "/query/sessions/{id}"),
    ];

    /// The endpoint with this name below `/query`.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find_map(|(endpoint, path)| (path.strip_prefix("/query/") == Some(name)).then_some(*endpoint))
    }
}

/// A parameter that says how to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateOption {
    /// Length of the intervals.
    Interval,
    /// What the records are grouped by.
    By,
    /// How many groups are told apart.
    Top,
    /// What is counted.
    Measures,
    /// By what groups are ordered.
    Order,
    /// Whether the range before is counted too.
    Compare,
    /// Whether only AI calls without a cost count.
    Unpriced,
    /// The fields whose values are counted.
    Facets,
    /// The fields of records.
    Fields,
    /// Most groups, values, records or sessions: the default and the largest.
    Limit(u32, u32),
    /// The place behind which records are looked for.
    After,
    /// How long to wait for records.
    Wait,
    /// The form of the answer.
    Form,
    /// Where the page before ended.
    Cursor,
}

/// Groups that a histogram tells apart when the request does not say, and at most.
pub const TOP: (u32, u32) = (5, 20);
/// The longest wait for records, in seconds.
pub const MAX_WAIT_S: u32 = 10;
/// Most fields whose values one request counts.
pub const MAX_FACETS: usize = 20;
/// The fields whose values are counted when the request does not say.
pub const FACETS: [&str; 8] =
    ["status_class", "method", "authority", "route_name", "service", "model", "provider", "consumer"];
/// What `/query/top` counts when the request does not say.
pub const TOP_MEASURES: [&str; 13] = [
    "count",
    "errors",
    "duration_p50",
    "duration_p95",
    "duration_p99",
    "time_to_first_token_p95",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cached_tokens",
    "cost_nano",
    "unpriced",
    "bytes_sent",
];
/// Calls in the answer to one session.
pub const MAX_CALLS: u32 = 1_000;

const ANY_MEASURE: &str = "What is counted, a list of measures.";
const COMPARE: &str = "previous: count the range of the same length before too.";

/// The parameters of each path, with their meaning.
pub const OPTIONS: &[(Endpoint, &str, AggregateOption, &str)] = &[
    (
        Endpoint::Histogram,
        "interval",
        AggregateOption::Interval,
        "Length of the intervals, which are counted from 1970 in UTC: a number of s, m, h or d, or auto for at most 120 of a round length; auto when not given. There may be 1500.",
    ),
    (
        Endpoint::Histogram,
        "by",
        AggregateOption::By,
        "What the records are grouped by: a field, status_class, or downstream_remote_host (the client's address without its port); one group when not given.",
    ),
    (
        Endpoint::Histogram,
        "top",
        AggregateOption::Top,
        "How many groups are told apart, those with most records; the others are one. 5 when not given.",
    ),
    (
        Endpoint::Histogram,
        "measures",
        AggregateOption::Measures,
        "What is counted, a list of measures; count when not given.",
    ),
    (
        Endpoint::Facets,
        "fields",
        AggregateOption::Facets,
        "The fields whose values are counted, at most 20; status_class and downstream_remote_host are among them. When not given: status_class, method, authority, route_name, service, model, provider, consumer.",
    ),
    (
        Endpoint::Facets,
        "limit",
        AggregateOption::Limit(10, 100),
        "Most values of each field; 10 when not given.",
    ),
    (
        Endpoint::Top,
        "by",
        AggregateOption::By,
        "What the records are grouped by: a field, downstream_remote_host (the client's address without its port), or status_class, which is meant when not given.",
    ),
    (
        Endpoint::Top,
        "order",
        AggregateOption::Order,
        "By what the groups are ordered, the largest first; count when not given.",
    ),
    (Endpoint::Top, "limit", AggregateOption::Limit(10, 100), "Most groups; 10 when not given."),
    (Endpoint::Top, "compare", AggregateOption::Compare, COMPARE),
    (Endpoint::Top, "measures", AggregateOption::Measures, ANY_MEASURE),
    (
        Endpoint::Top,
        "unpriced",
        AggregateOption::Unpriced,
        "true: only AI calls with tokens and without a cost.",
    ),
    (Endpoint::Summary, "compare", AggregateOption::Compare, COMPARE),
    (
        Endpoint::Summary,
        "measures",
        AggregateOption::Measures,
        "What is counted, a list of measures; all when not given.",
    ),
    (
        Endpoint::Tail,
        "after",
        AggregateOption::After,
        "The place behind which records are looked for: next of the answer before. When not given, the answer is the place behind those that are stored now.",
    ),
    (
        Endpoint::Tail,
        "wait",
        AggregateOption::Wait,
        "How many seconds to wait for a record if there is none; 0 when not given.",
    ),
    (Endpoint::Tail, "limit", AggregateOption::Limit(500, 1_000), "Most records; 500 when not given."),
    (
        Endpoint::Tail,
        "fields",
        AggregateOption::Fields,
        "The fields of the records, in this order; all when not given.",
    ),
    (
        Endpoint::Tail,
        "format",
        AggregateOption::Form,
        "The form of the answer; by the header Accept when not given, else json.",
    ),
    (Endpoint::Sessions, "limit", AggregateOption::Limit(50, 200), "Most sessions; 50 when not given."),
    (
        Endpoint::Sessions,
        "cursor",
        AggregateOption::Cursor,
        "The sessions after next_cursor of the page before; empty for the first page.",
    ),
    (
        Endpoint::Session,
        "fields",
        AggregateOption::Fields,
        "The fields of the calls, in this order; all when not given.",
    ),
];

/// The parameters of a path.
pub fn of(endpoint: Endpoint) -> impl Iterator<Item = (&'static str, AggregateOption, &'static str)> {
    let is_its = move |(of, ..): &&(Endpoint, _, _, _)| *of == endpoint;
    OPTIONS.iter().filter(is_its).map(|(_, name, option, doc)| (*name, *option, *doc))
}
