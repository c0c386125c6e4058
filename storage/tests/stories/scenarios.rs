//! HiMarket's scenarios over a few records, with answers that were worked out by hand.

use gatelog_record::{AccessRecord, Timestamp, batch, fields};
use gatelog_storage::scenarios::{self, Answer, BizType, SCENARIOS, ScenarioQuery};
use gatelog_storage::{Executor, Filter, Predicate, Value, insert, schema};

/// Six AI requests, two to an MCP server, one that was cut off; then one an hour later.
/// What was recorded, a JSON array.
pub const RECORDS: &str = r#"
{"record_id":"1","start_time":"2026-01-31T12:00:00Z","path":"/v1/chat","model":"qwen","consumer":"c1","upstream_cluster":"u1","instance_id":"i1","api":"a1","route_name":"rt1","method":"POST","response_code":200,"response_code_details":"via_upstream","response_flags":"-","bytes_received":1048576,"bytes_sent":2097152,"duration":100,"input_tokens":10,"output_tokens":20,"total_tokens":30,"x_forwarded_for":"1.1.1.1","ai_log":{"model":"qwen","response_type":"stream","llm_service_duration":90,"llm_first_token_duration":30,"cache_status":"miss"}}
{"record_id":"2","start_time":"2026-01-31T12:00:30Z","path":"/v1/chat","model":"qwen","consumer":"c2","upstream_cluster":"u1","instance_id":"i1","api":"a1","route_name":"rt1","method":"POST","response_code":200,"response_code_details":"via_upstream","response_flags":"-","bytes_received":524288,"duration":200,"input_tokens":1,"output_tokens":2,"total_tokens":3,"x_forwarded_for":"2.2.2.2","ai_log":{"model":"qwen","response_type":"normal","llm_service_duration":"210","cache_status":"hit"}}
{"record_id":"3","start_time":"2026-01-31T12:00:59.999999Z","path":"/v1/chat","model":"gpt","consumer":"c1","upstream_cluster":"u2","instance_id":"i2","api":"a2","route_name":"rt2","method":"POST","response_code":429,"response_code_details":"ratelimit","response_flags":"RL","duration":5,"x_forwarded_for":"1.1.1.1","ai_log":{"model":"gpt","token_ratelimit_status":"limited","llm_service_duration":null}}
{"record_id":"4","start_time":"2026-01-31T12:01:00Z","path":"/v1/chat","model":"gpt","consumer":"c1","upstream_cluster":"u2","instance_id":"i2","api":"a2","route_name":"rt2","method":"POST","response_code":200,"response_code_details":"internal_redirect","response_flags":"-","duration":300,"input_tokens":60,"output_tokens":40,"total_tokens":100,"x_forwarded_for":"4.4.4.4","ai_log":{"model":"gpt","response_type":"stream","llm_service_duration":290,"llm_first_token_duration":50,"cache_status":"skip"}}
{"record_id":"5","start_time":"2026-01-31T12:01:10Z","path":"/v1/chat","model":"gpt","consumer":"c3","upstream_cluster":"u2","instance_id":"i2","api":"a2","route_name":"rt2","method":"POST","response_code":403,"response_code_details":"denied","response_flags":"-","duration":8,"x_forwarded_for":"1.1.1.1","ai_log":{"model":"gpt","response_type":"normal","safecheck_status":"reqeust deny","safecheck_riskLabel":"violence"}}
{"record_id":"6","start_time":"2026-01-31T12:01:20Z","path":"/v1/chat","model":"gpt","consumer":"c3","upstream_cluster":"u2","instance_id":"i2","api":"a2","route_name":"rt2","method":"POST","response_code":403,"response_code_details":"denied","response_flags":"-","duration":9,"ai_log":{"model":"gpt","safecheck_status":"reqeust deny"}}
{"record_id":"7","start_time":"2026-01-31T12:00:10Z","path":"/mcp-servers/weather","consumer":"c1","upstream_cluster":"u3","instance_id":"i1","route_name":"mcp-rt","method":"GET","response_code":200,"response_code_details":"via_upstream","response_flags":"-","bytes_received":1024,"duration":20,"x_forwarded_for":"3.3.3.3","mcp_server":"weather","mcp_tool":"forecast"}
{"record_id":"8","start_time":"2026-01-31T12:00:20Z","path":"/mcp-servers/weather","upstream_cluster":"u3","instance_id":"i1","route_name":"mcp-rt","method":"GET","response_code":503,"response_code_details":"upstream_reset","response_flags":"UF","duration":40,"x_forwarded_for":"3.3.3.3","mcp_server":"weather","mcp_tool":"forecast"}
{"record_id":"9","start_time":"2026-01-31T12:02:00Z","path":"/healthz","method":"GET","response_code":0,"response_flags":"DC","duration":1,"ai_log":{"model":""}}
{"record_id":"10","start_time":"2026-01-31T13:00:00Z","path":"/v1/chat","model":"late","consumer":"late","method":"POST","response_code":200,"duration":1000,"total_tokens":1000,"ai_log":{"model":"late"}}
"#;

const MODEL: Option<BizType> = Some(BizType::ModelApi);
const MCP: Option<BizType> = Some(BizType::McpServer);

/// What the scenarios answer for the records up to 12:02:00.
const EXPECTED: &[(&str, Option<BizType>, &str)] = &[
    ("pv", None, "pv 6"),
    ("pv", MODEL, "pv 6"),
    ("pv", MCP, "pv 2"),
    ("uv", None, "uv 3"),
    ("uv", MCP, "uv 1"),
    ("fallback_count", None, "cnt 1"),
    ("bytes_received", None, "received 1.501"),
    ("bytes_sent", None, "sent 2"),
    ("bytes_sent", MCP, "sent 2"),
    ("input_token_total", None, "input_token 71"),
    ("output_token_total", None, "output_token 62"),
    ("token_total", None, "token 133"),
    ("qps_stream", None, "stream_qps 12:00:00 1/60, 12:01:00 1/60"),
    ("qps_normal", None, "normal_qps 12:00:00 1/60, 12:01:00 1/60"),
    ("qps_total", None, "total_qps 12:00:00 2/60, 12:01:00 2/60"),
    ("success_rate", None, "success_rate 12:00:00 36/60, 12:01:00 20/60, 12:02:00 0/60"),
    ("token_per_sec_input", None, "input_token 12:00:00 0.1833, 12:01:00 60/60, 12:02:00 0/60"),
    ("token_per_sec_output", None, "output_token 12:00:00 0.3667, 12:01:00 0.6667, 12:02:00 0/60"),
    ("token_per_sec_total", None, "total_token 12:00:00 33/60, 12:01:00 1.6667, 12:02:00 0/60"),
    ("rt_avg_total", None, "total_rt 12:00:00 6000/60, 12:01:00 17400/60"),
    ("rt_avg_stream", None, "stream_rt 12:00:00 5400/60, 12:01:00 17400/60"),
    ("rt_avg_normal", None, "normal_rt 12:00:00 12600/60"),
    ("rt_first_token", None, "first_token_rt 12:00:00 1800/60, 12:01:00 3000/60"),
    ("cache_hit", None, "hit 12:00:00 1/60"),
    ("cache_miss", None, "miss 12:00:00 1/60"),
    ("cache_skip", None, "skip 12:01:00 1/60"),
    ("ratelimited_per_sec", None, "ratelimited 12:00:00 1/60"),
    ("qps_total_simple", None, "total 12:00:00 5/60, 12:01:00 3/60, 12:02:00 1/60"),
    ("qps_total_simple", MCP, "total 12:00:00 5/60, 12:01:00 3/60, 12:02:00 1/60"),
    ("rt_avg", None, "rt_avg 12:00:00 4380/60, 12:01:00 6340/60, 12:02:00 60/60"),
    ("rt_p50", None, "rt_p50 12:00:00 2400/60, 12:01:00 540/60, 12:02:00 60/60"),
    ("rt_p90", None, "rt_p90 12:00:00 12000/60, 12:01:00 18000/60, 12:02:00 60/60"),
    ("rt_p95", None, "rt_p95 12:00:00 12000/60, 12:01:00 18000/60, 12:02:00 60/60"),
    ("rt_p99", None, "rt_p99 12:00:00 12000/60, 12:01:00 18000/60, 12:02:00 60/60"),
    (
        "model_token_table",
        None,
        "model input_token output_token total_token request: gpt 60 40 100 4, qwen 11 22 33 2",
    ),
    (
        "consumer_token_table",
        None,
        "consumer input_token output_token total_token request: c1 70 60 130 4, c2 1 2 3 1, c3 0 0 0 2",
    ),
    (
        "service_token_table",
        None,
        "upstream_cluster input_token output_token total_token request: u2 60 40 100 4, u1 11 22 33 2, u3 0 0 0 2",
    ),
    (
        "error_requests_table",
        None,
        "response_code response_code_details response_flags cnt: \
         403 denied - 2, 0 NULL DC 1, 429 ratelimit RL 1, 503 upstream_reset UF 1",
    ),
    ("ratelimited_consumer_table", None, "consumer ratelimited_count: c1 1"),
    ("risk_label_table", None, "risklabel cnt: NULL 1, violence 1"),
    ("risk_consumer_table", None, "consumer cnt: c3 2"),
    ("method_distribution", None, "method count: POST 6, GET 3"),
    ("method_distribution", MCP, "method count: POST 6, GET 3"),
    ("gateway_status_distribution", None, "status count: 200 4, 403 2, 0 1, 429 1, 503 1"),
    (
        "backend_status_distribution",
        None,
        "status count: denied 2, via_upstream 2, internal_redirect 1, ratelimit 1",
    ),
    ("backend_status_distribution", MCP, "status count: upstream_reset 1, via_upstream 1"),
    (
        "request_distribution",
        None,
        "tool_name response_code response_flags response_code_details cnt: \
         NULL 200 - via_upstream 2, NULL 403 - denied 2, NULL 0 DC NULL 1, NULL 200 - internal_redirect 1, \
         NULL 429 RL ratelimit 1, forecast 200 - via_upstream 1, forecast 503 UF upstream_reset 1",
    ),
    ("filter_service_options", None, "service: i1, i2"),
    ("filter_api_options", None, "api: a1, a2"),
    ("filter_model_options", None, "model: gpt, qwen"),
    ("filter_route_options", None, "route_name: rt1, rt2"),
    ("filter_route_options", MCP, "route_name: mcp-rt"),
    ("filter_consumer_options", None, "consumer: c1, c2, c3"),
    ("filter_upstream_options", None, "upstream_cluster: u1, u2, u3"),
    ("filter_mcp_tool_options", None, "mcp_tool_name: forecast"),
    ("filter_mcp_server_options", None, "mcp_server: weather"),
];

/// Every scenario answers what HiMarket's definition of it says.
pub async fn every_scenario_answers_what_was_worked_out_by_hand(database: &impl Executor) {
    store(database, RECORDS).await;
    for (name, biz_type, expected) in EXPECTED {
        let query = ScenarioQuery { biz_type: *biz_type, ..until("2026-01-31T12:02:00Z") };
        assert_eq!(shown(&ask(database, name, &query).await), *expected, "{name} {biz_type:?}");
    }
    for scenario in SCENARIOS {
        assert!(EXPECTED.iter().any(|(name, ..)| *name == scenario.name), "{} is not asked", scenario.name);
    }
}

/// Filters, intervals and limits change what a scenario looks at and how it cuts it up.
pub async fn filters_intervals_and_limits_are_kept(database: &impl Executor) {
    store(database, RECORDS).await;
    let mut query = until("2026-01-31T12:02:00Z");
    query.filters.push(one_of("consumer", &["c1", "c2"]));
    assert_eq!(shown(&ask(database, "pv", &query).await), "pv 4");
    query.filters.push(one_of("upstream_cluster", &["u1"]));
    assert_eq!(shown(&ask(database, "pv", &query).await), "pv 2");
    query.filters.push(one_of("route_name", &["none"]));
    assert_eq!(shown(&ask(database, "pv", &query).await), "pv 0");
    assert_eq!(shown(&ask(database, "token_total", &query).await), "token 0");
    assert_eq!(shown(&ask(database, "bytes_sent", &query).await), "sent NULL");
    assert_eq!(shown(&ask(database, "rt_p99", &query).await), "rt_p99 ");

    let everything = ScenarioQuery { interval_s: 86_400, limit: 10, ..ScenarioQuery::default() };
    let answer = ask(database, "token_per_sec_total", &everything).await;
    assert_eq!(shown(&answer), "total_token 00:00:00 0.0131");
    let by_second = ScenarioQuery { interval_s: 1, limit: 2, ..until("2026-01-31T12:02:00Z") };
    let answer = ask(database, "rt_p50", &by_second).await;
    assert_eq!(shown(&answer), "rt_p50 12:00:00 6000/60, 12:00:10 1200/60");
    assert!(matches!(answer, Answer::Line { truncated: true, .. }));
    let one_row = ScenarioQuery { limit: 1, ..everything };
    let answer = ask(database, "method_distribution", &one_row).await;
    assert_eq!(shown(&answer), "method count: POST 7");
    assert!(matches!(answer, Answer::Table { truncated: true, .. }));
    // Of the choices of a filter no page is asked for.
    let answer = ask(database, "filter_model_options", &one_row).await;
    assert_eq!(shown(&answer), "model: gpt, late, qwen");
}

/// Percentiles are nearest ranks: of twenty durations the 10th, 18th, 19th and 20th.
pub async fn percentiles_are_nearest_ranks(database: &impl Executor) {
    let durations = [13, 7, 20, 1, 19, 2, 18, 3, 17, 4, 16, 5, 15, 6, 14, 8, 12, 9, 11, 10];
    let records: String = durations
        .iter()
        .map(|duration| {
            let start = "2026-01-31T12:00:00Z";
            format!(
                "{{\"record_id\":\"{duration}\",\"start_time\":\"{start}\",\"duration\":{}}}\n",
                duration * 10
            )
        })
        .collect();
    store(database, &records).await;
    for (name, expected) in [("rt_p50", 100), ("rt_p90", 180), ("rt_p95", 190), ("rt_p99", 200)] {
        let answer = ask(database, name, &until("2026-01-31T12:02:00Z")).await;
        assert_eq!(shown(&answer), format!("{name} 12:00:00 {}/60", expected * 60));
    }
}

/// Counts as large as a column takes spoil no scenario: a sum is the largest whole number at most.
pub async fn counts_of_any_size_are_summed(database: &impl Executor) {
    let count = i64::MAX;
    let records: String = (0..3)
        .map(|number| {
            format!(
                "{{\"record_id\":\"{number}\",\"start_time\":\"2026-01-31T12:00:00Z\",\"response_code\":200,\
                 \"model\":\"m\",\"consumer\":\"c\",\"upstream_cluster\":\"u\",\"bytes_received\":{count},\
                 \"bytes_sent\":{count},\"duration\":{count},\"input_tokens\":{count},\"output_tokens\":{count},\
                 \"total_tokens\":{count},\"ai_log\":{{\"model\":\"m\",\"llm_service_duration\":1e308,\
                 \"llm_first_token_duration\":\"-1e308\"}}}}\n"
            )
        })
        .collect();
    store(database, &records).await;
    let query = until("2026-01-31T12:02:00Z");
    let largest = i64::MAX as f64;
    for (name, expected) in [
        ("token_total", largest),
        ("bytes_sent", largest / 1_048_576.0),
        ("token_per_sec_total", largest / 60.0),
        ("rt_avg", largest / 3.0),
        ("rt_p99", largest),
        ("rt_avg_total", 9_007_199_254_740_992.0),
        ("rt_first_token", -9_007_199_254_740_992.0),
    ] {
        let found = match ask(database, name, &query).await {
            Answer::Card { value, .. } => value.unwrap(),
            Answer::Line { points, .. } => points.first().unwrap().value,
            Answer::Table { .. } => f64::NAN,
        };
        assert!((found / expected - 1.0).abs() < 1e-12, "{name}: {found}");
    }
    let table = ask(database, "model_token_table", &query).await;
    let expected = format!("model input_token output_token total_token request: m {count} {count} {count} 3");
    assert_eq!(shown(&table), expected);
    for scenario in SCENARIOS {
        ask(database, scenario.name, &query).await;
    }
}

/// A question with a beginning and an end is answered in parts, one without is not.
pub async fn a_question_in_parts_has_the_answer_of_the_whole(database: &impl Executor) {
    store(database, RECORDS).await;
    for (interval_s, limit) in [(1, 1_000), (7, 1_000), (60, 1_000), (60, 2), (3_600, 1_000), (86_400, 1_000)]
    {
        let whole = ScenarioQuery { interval_s, limit, ..ScenarioQuery::default() };
        let filters = until("2026-01-31T13:00:00Z").filters;
        let parts = ScenarioQuery { filters, ..whole.clone() };
        for scenario in SCENARIOS {
            let expected = ask(database, scenario.name, &whole).await;
            let answer = ask(database, scenario.name, &parts).await;
            assert_eq!(answer, expected, "{} by {interval_s} s", scenario.name);
        }
    }
}

/// Stores a JSON array of records.
pub async fn store(database: &impl Executor, records: &str) {
    schema::ensure(database).await.unwrap();
    let read = batch::decode(records.as_bytes(), 100).unwrap();
    let records: Vec<AccessRecord<'_>> = read.records.into_iter().map(|(_, record)| record).collect();
    let inserted = insert::insert(database, &records).await.unwrap();
    assert_eq!((inserted.accepted, read.rejected.len()), (records.len(), 0));
}

async fn ask(database: &impl Executor, name: &str, query: &ScenarioQuery) -> Answer {
    scenarios::run(database, scenarios::find(name).unwrap(), query).await.unwrap()
}

fn until(end: &str) -> ScenarioQuery {
    let filters = vec![
        time_is(Predicate::NotBefore("2026-01-31T12:00:00Z".parse().unwrap())),
        time_is(Predicate::NotAfter(end.parse().unwrap())),
    ];
    ScenarioQuery { filters, interval_s: 60, limit: 1_000, ..ScenarioQuery::default() }
}

fn time_is(test: Predicate) -> Filter {
    Filter { field: fields::field("start_time").unwrap(), predicate: test }
}

fn one_of(name: &str, texts: &[&str]) -> Filter {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    Filter { field: fields::field(name).unwrap(), predicate: Predicate::TextIn(texts) }
}

/// An answer in one line; numbers of a line as sixtieths, where these are whole.
fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Card { key, value } => {
            format!("{key} {}", value.map_or("NULL".to_owned(), |value| value.to_string()))
        }
        Answer::Line { key, points, .. } => {
            let points: Vec<String> = points
                .iter()
                .map(|point| {
                    let sixtieths = point.value * 60.0;
                    let nearest = sixtieths.round();
                    let is_whole = (sixtieths - nearest).abs() < 1e-9;
                    let value = if is_whole { format!("{nearest}/60") } else { point.value.to_string() };
                    format!("{} {value}", time_of_day(point.time))
                })
                .collect();
            format!("{key} {}", points.join(", "))
        }
        Answer::Table { columns, rows, .. } => {
            let rows: Vec<String> =
                rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" ")).collect();
            format!("{}: {}", columns.join(" "), rows.join(", "))
        }
    }
}

fn cell(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}

fn time_of_day(time: Timestamp) -> String {
    time.to_string()[11..19].to_owned()
}
