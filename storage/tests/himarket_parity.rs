//! Each scenario answers what HiMarket's own statement of it does on the same rows: on MariaDB and MySQL in the same
//! table, on libSQL in one with the same records.
//!
//! The statements here are written after HiMarket's, which asks the MySQL table with SQL of its own.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fmt::Write as _;

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::fields;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::scenarios::{Answer, BizType, SCENARIOS, ScenarioQuery, find, run};
use gatelog_storage::{Executor, Filter, Predicate, Value};

use crate::stories::scenarios as story;

/// What is seldom and what is wrong: members that are `null` or no text or no number, cases, tools without a server.
const ODD: &str = r#"
{"record_id":"20","start_time":"2026-01-31T12:00:40Z","path":"/v1/chat","method":"POST","model":"Qwen","consumer":"C1","response_code":200,"duration":50,"ai_log":{"model":null,"response_type":"stream","llm_service_duration":"12abc","llm_first_token_duration":null,"safecheck_status":"reqeust deny","safecheck_riskLabel":null}}
{"record_id":"21","start_time":"2026-01-31T12:00:41Z","path":"/v1/chat","method":"post","model":"qwen","consumer":"c1","response_code":500,"response_code_details":"via_upstream","duration":51,"input_tokens":7,"ai_log":{"model":true,"response_type":"Stream","llm_service_duration":"abc","cache_status":"Hit","safecheck_status":"reqeust deny","safecheck_riskLabel":1}}
{"record_id":"22","start_time":"2026-01-31T12:00:42Z","path":"/MCP-servers/x","method":"GET","response_code":200,"response_code_details":"via_upstream","route_name":"r","duration":52,"mcp_tool":"lonely","x_forwarded_for":"9.9.9.9"}
{"record_id":"23","start_time":"2026-01-31T12:00:43.5Z","path":"/v1/chat","method":"POST","response_code":299,"duration":53,"upstream_cluster":"U1","total_tokens":1,"ai_log":[1,2]}
{"record_id":"24","start_time":"2026-01-31T12:00:44Z","path":"/mcp-servers","method":"GET","response_code":300,"response_flags":"UT","mcp_server":"weather","mcp_tool":"Forecast","ai_log":{"model":"gpt","response_type":"normal","llm_service_duration":0.5,"llm_first_token_duration":"7.25","cache_status":"miss"}}
"#;

/// `AI(x)` is a member of `ai_log` as text; VALID that there may be one.
const VALID: &str = "JSON_VALID(ai_log)";

/// How a statement asks.
enum Asked {
    /// One number.
    Card(&'static str),
    /// A number for each interval, of I seconds.
    Line(&'static str),
    /// The duration at this share of each interval's.
    Percentile(&'static str),
    /// Groups by so many first columns.
    Table(&'static str, usize),
}

use Asked::{Card, Line, Percentile, Table};

const PER_SECOND: Asked = Line("CAST(COUNT(1) AS DOUBLE) / I");
const SERVICE_DURATION: Asked = Line("SUM(CAST(AI(llm_service_duration) AS DOUBLE)) / COUNT(1)");
const HAS_DURATION: &str = "VALID AND JSON_EXTRACT(ai_log, '$.llm_service_duration') IS NOT NULL";
const TOKENS: &str = "COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0), COALESCE(SUM(total_tokens), 0), COUNT(1)";
const DENIED: &str = "VALID AND AI(safecheck_status) = 'reqeust deny'";

/// The scenario, how it asks, about which records, and whether it looks at one kind of request.
const STATEMENTS: &[(&str, Asked, &str, bool)] = &[
    ("pv", Card("COUNT(1)"), "TRUE", true),
    ("uv", Card("COUNT(DISTINCT x_forwarded_for)"), "TRUE", true),
    ("fallback_count", Card("COUNT(1)"), "response_code_details = 'internal_redirect'", false),
    ("bytes_received", Card("ROUND(SUM(bytes_received) / 1024.0 / 1024.0, 3)"), "TRUE", false),
    ("bytes_sent", Card("ROUND(SUM(bytes_sent) / 1024.0 / 1024.0, 3)"), "TRUE", false),
    ("input_token_total", Card("COALESCE(SUM(input_tokens), 0)"), "TRUE", false),
    ("output_token_total", Card("COALESCE(SUM(output_tokens), 0)"), "TRUE", false),
    ("token_total", Card("COALESCE(SUM(total_tokens), 0)"), "TRUE", false),
    ("qps_stream", PER_SECOND, "VALID AND AI(response_type) = 'stream'", false),
    ("qps_normal", PER_SECOND, "VALID AND AI(response_type) = 'normal'", false),
    ("qps_total", PER_SECOND, "VALID AND AI(response_type) IN ('normal', 'stream')", false),
    (
        "success_rate",
        Line(
            "CAST(SUM(CASE WHEN response_code < 300 AND response_code > 0 THEN 1 ELSE 0 END) AS DOUBLE) / COUNT(1)",
        ),
        "TRUE",
        false,
    ),
    ("token_per_sec_input", Line("COALESCE(SUM(input_tokens), 0) / I"), "TRUE", false),
    ("token_per_sec_output", Line("COALESCE(SUM(output_tokens), 0) / I"), "TRUE", false),
    ("token_per_sec_total", Line("COALESCE(SUM(total_tokens), 0) / I"), "TRUE", false),
    ("rt_avg_total", SERVICE_DURATION, HAS_DURATION, false),
    (
        "rt_avg_stream",
        SERVICE_DURATION,
        "VALID AND JSON_EXTRACT(ai_log, '$.llm_service_duration') IS NOT NULL AND AI(response_type) = 'stream'",
        false,
    ),
    (
        "rt_avg_normal",
        SERVICE_DURATION,
        "VALID AND JSON_EXTRACT(ai_log, '$.llm_service_duration') IS NOT NULL AND AI(response_type) = 'normal'",
        false,
    ),
    (
        "rt_first_token",
        Line("SUM(CAST(AI(llm_first_token_duration) AS DOUBLE)) / COUNT(1)"),
        "VALID AND JSON_EXTRACT(ai_log, '$.llm_first_token_duration') IS NOT NULL",
        false,
    ),
    ("cache_hit", PER_SECOND, "VALID AND AI(cache_status) = 'hit'", false),
    ("cache_miss", PER_SECOND, "VALID AND AI(cache_status) = 'miss'", false),
    ("cache_skip", PER_SECOND, "VALID AND AI(cache_status) = 'skip'", false),
    ("ratelimited_per_sec", PER_SECOND, "VALID AND AI(token_ratelimit_status) = 'limited'", false),
    ("qps_total_simple", PER_SECOND, "TRUE", false),
    ("rt_avg", Line("SUM(CAST(duration AS DOUBLE)) / COUNT(1)"), "duration IS NOT NULL", false),
    ("rt_p50", Percentile("0.5"), "duration IS NOT NULL", false),
    ("rt_p90", Percentile("0.9"), "duration IS NOT NULL", false),
    ("rt_p95", Percentile("0.95"), "duration IS NOT NULL", false),
    ("rt_p99", Percentile("0.99"), "duration IS NOT NULL", false),
    ("model_token_table", Table("model, TOKENS", 1), "model IS NOT NULL", false),
    ("consumer_token_table", Table("consumer, TOKENS", 1), "consumer IS NOT NULL", false),
    ("service_token_table", Table("upstream_cluster, TOKENS", 1), "upstream_cluster IS NOT NULL", false),
    (
        "error_requests_table",
        Table("response_code, response_code_details, response_flags, COUNT(1)", 3),
        "(response_code = 0 OR response_code >= 400)",
        false,
    ),
    (
        "ratelimited_consumer_table",
        Table("consumer, COUNT(1)", 1),
        "VALID AND AI(token_ratelimit_status) = 'limited' AND consumer IS NOT NULL",
        false,
    ),
    ("risk_label_table", Table("AI(safecheck_riskLabel), COUNT(1)", 1), DENIED, false),
    (
        "risk_consumer_table",
        Table("consumer, COUNT(1)", 1),
        "VALID AND AI(safecheck_status) = 'reqeust deny' AND consumer IS NOT NULL",
        false,
    ),
    ("method_distribution", Table("method, COUNT(1)", 1), "method IS NOT NULL", false),
    ("gateway_status_distribution", Table("response_code, COUNT(1)", 1), "TRUE", false),
    (
        "backend_status_distribution",
        Table("response_code_details, COUNT(1)", 1),
        "response_code_details IS NOT NULL",
        true,
    ),
    (
        "request_distribution",
        Table("mcp_tool, response_code, response_flags, response_code_details, COUNT(1)", 4),
        "TRUE",
        false,
    ),
    ("filter_service_options", Table("instance_id", 1), "instance_id IS NOT NULL", false),
    ("filter_api_options", Table("api", 1), "api IS NOT NULL", false),
    ("filter_model_options", Table("model", 1), "model IS NOT NULL", false),
    ("filter_route_options", Table("route_name", 1), "route_name IS NOT NULL", true),
    ("filter_consumer_options", Table("consumer", 1), "consumer IS NOT NULL", false),
    ("filter_upstream_options", Table("upstream_cluster", 1), "upstream_cluster IS NOT NULL", false),
    ("filter_mcp_tool_options", Table("mcp_tool", 1), "mcp_tool IS NOT NULL", false),
    ("filter_mcp_server_options", Table("mcp_server", 1), "mcp_tool IS NOT NULL", false),
];

#[tokio::test(flavor = "current_thread")]
async fn every_scenario_answers_what_himarkets_statement_does_on_mariadb() {
    on(MariaDb::shared().unwrap()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn every_scenario_answers_what_himarkets_statement_does_on_mysql() {
    on(MySql::shared().unwrap()).await;
}

async fn on(server: &SqlServer) {
    let url = server.database().unwrap();
    let name = url.rsplit('/').next().unwrap();
    let same = NativeMysql::open(&url).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let libsql = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    store(&same).await;
    store(&libsql).await;
    for question in questions() {
        let mut script = format!("USE {name}; SET time_zone = '+00:00';");
        for statement in STATEMENTS {
            let _ = write!(script, "SELECT '# {}'; {};", statement.0, sql(statement, &question));
        }
        let answers = server.sql(&script).unwrap();
        let answers: Vec<&str> = answers.split("# ").skip(1).collect();
        assert_eq!(answers.len(), STATEMENTS.len());
        for ((scenario, ..), answer) in STATEMENTS.iter().zip(answers) {
            let expected = rows(answer.split_once('\n').unwrap().1);
            let query = question.query();
            let context = format!("{scenario} {question:?}");
            assert_eq!(
                shown(&run(&same, find(scenario).unwrap(), &query).await.unwrap()),
                expected,
                "{context}"
            );
            let elsewhere = run(&libsql, find(scenario).unwrap(), &query).await.unwrap();
            assert_eq!(shown(&elsewhere), expected, "{context} on libSQL");
        }
    }
}

#[test]
fn every_scenario_has_its_statement() {
    let names: Vec<&str> = STATEMENTS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>());
}

async fn store(database: &impl Executor) {
    story::store(database, story::RECORDS).await;
    story::store(database, ODD).await;
}

/// What a page of HiMarket asks.
#[derive(Debug)]
struct Question {
    biz_type: Option<BizType>,
    interval_s: u32,
    consumers: &'static [&'static str],
    end: &'static str,
}

impl Question {
    fn query(&self) -> ScenarioQuery {
        let time = |test| Filter { field: fields::field("start_time").unwrap(), predicate: test };
        let mut filters = vec![
            time(Predicate::NotBefore("2026-01-31T12:00:00Z".parse().unwrap())),
            time(Predicate::NotAfter(self.end.parse().unwrap())),
        ];
        if !self.consumers.is_empty() {
            let consumers = self.consumers.iter().map(|name| (*name).to_owned()).collect();
            filters.push(Filter {
                field: fields::field("consumer").unwrap(),
                predicate: Predicate::TextIn(consumers),
            });
        }
        ScenarioQuery { filters, biz_type: self.biz_type, interval_s: self.interval_s, limit: 5_000 }
    }
}

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    for biz_type in [None, Some(BizType::ModelApi), Some(BizType::McpServer)] {
        for (interval_s, consumers, end) in [
            (60, &[][..], "2026-01-31T12:02:00Z"),
            (1, &[][..], "2026-01-31T13:00:00Z"),
            (86_400, &["c1", "C1"][..], "2026-01-31T13:00:00Z"),
            (15, &["nobody"][..], "2026-01-31T13:00:00Z"),
        ] {
            questions.push(Question { biz_type, interval_s, consumers, end });
        }
    }
    questions
}

fn sql((_, asked, condition, by_biz_type): &(&str, Asked, &str, bool), question: &Question) -> String {
    let end = question.end.replace('T', " ").replace('Z', "");
    let mut given = format!("start_time >= '2026-01-31 12:00:00' AND start_time <= '{end}'");
    if !question.consumers.is_empty() {
        let alternatives: Vec<_> =
            question.consumers.iter().map(|name| format!("consumer = '{name}'")).collect();
        let _ = write!(given, " AND ({})", alternatives.join(" OR "));
    }
    if *by_biz_type {
        given.push_str(match question.biz_type {
            Some(BizType::McpServer) => " AND path REGEXP '^/mcp-servers'",
            _ => " AND VALID AND NULLIF(AI(model), '') IS NOT NULL",
        });
    }
    let from = format!("FROM access_logs WHERE {given} AND {condition}");
    let bucket = "FLOOR(UNIX_TIMESTAMP(start_time) / I) * I";
    let sql = match asked {
        Card(columns) => format!("SELECT {columns} {from}"),
        Line(value) => format!("SELECT {bucket} AS bucket, {value} {from} GROUP BY bucket ORDER BY bucket"),
        Percentile(share) => format!(
            "SELECT bucket, MAX(CASE WHEN place = CAST(CEIL({share} * records) AS UNSIGNED) THEN duration END) FROM \
             (SELECT {bucket} AS bucket, duration, ROW_NUMBER() OVER (PARTITION BY {bucket} ORDER BY duration) AS place, \
             COUNT(1) OVER (PARTITION BY {bucket}) AS records {from}) AS ranked GROUP BY bucket ORDER BY bucket"
        ),
        Table(columns, groups) => {
            let groups: Vec<String> = (1..=*groups).map(|place| place.to_string()).collect();
            format!("SELECT {columns} {from} GROUP BY {}", groups.join(", "))
        }
    };
    members(&sql.replace("TOKENS", TOKENS).replace("VALID", VALID))
        .replace(" I)", &format!(" {})", question.interval_s))
        .replace(" I ", &format!(" {} ", question.interval_s))
}

/// `AI(x)` spelled out.
fn members(sql: &str) -> String {
    let mut parts = sql.split("AI(");
    let mut spelled = parts.next().unwrap().to_owned();
    for part in parts {
        let (key, rest) = part.split_once(')').unwrap();
        let _ = write!(spelled, "JSON_UNQUOTE(JSON_EXTRACT(ai_log, '$.{key}')){rest}");
    }
    spelled
}

/// The rows of HiMarket's answer in some order, numbers as numbers.
fn rows(answer: &str) -> Vec<String> {
    let cell = |cell: &str| cell.parse().map_or(cell.to_owned(), |number: f64| number_shown(number));
    sorted(answer.lines().map(|line| line.split('\t').map(cell).collect::<Vec<_>>().join(" ")).collect())
}

fn shown(answer: &Answer) -> Vec<String> {
    sorted(match answer {
        Answer::Card { value, .. } => vec![value.map_or("NULL".to_owned(), number_shown)],
        Answer::Line { points, .. } => points
            .iter()
            .map(|point| {
                let seconds = point.time.as_micros() / 1_000_000;
                format!("{} {}", number_shown(seconds as f64), number_shown(point.value))
            })
            .collect(),
        Answer::Table { rows, .. } => {
            let cell = |value: &Value<'_>| match value {
                Value::Null => "NULL".to_owned(),
                Value::Integer(number) => number_shown(*number as f64),
                Value::Real(number) => number_shown(*number),
                Value::Text(text) => text.parse().map_or(text.to_string(), number_shown),
            };
            rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" ")).collect()
        }
    })
}

/// A number without what the last digits of a floating-point number are.
fn number_shown(number: f64) -> String {
    format!("{number:.9}")
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}
