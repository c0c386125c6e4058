//! HiMarket's scenarios and the values of a filter, as its dashboards ask for them.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

mod service;

use std::rc::Rc;

use gatelog_query::params::time::Zone;
use gatelog_query::{QueryConfig, handle};
use gatelog_storage::scenarios::SCENARIOS;
use http::Request;
use serde_json::{Value, json};
use service::{Clock, Service, config, failures, ids};

/// Record n began n seconds after noon.
const RECORDS: &str = r#"
{"record_id":"1","path":"/v1/chat","method":"POST","instance_id":"i1","api":"a1","model":"qwen","consumer":"c1","route_name":"r1","upstream_cluster":"u1","response_code":200,"duration":10,"total_tokens":6,"ai_log":{"model":"qwen","response_type":"stream"}}
{"record_id":"2","path":"/v1/chat","method":"POST","instance_id":"i2","api":"a2","model":"gpt,4","consumer":"c2","route_name":"r2","upstream_cluster":"u2","response_code":500,"duration":20,"ai_log":{"model":"gpt,4","response_type":"normal"}}
{"record_id":"3","path":"/mcp-servers/m","method":"GET","instance_id":"i1","route_name":"r3","upstream_cluster":"u3","mcp_tool":"t1","mcp_server":"m1","response_code":200,"duration":30}
"#;

#[tokio::test(flavor = "current_thread")]
async fn each_kind_has_the_shape_of_himarket() {
    let query = Service::with(RECORDS).await;
    let (_, card) = query.get("/query/scenarios/pv").await;
    assert_eq!(
        card,
        json!({"scenario": "pv", "type": "CARD", "stats": [{"key": "pv", "value": "2.0"}], "status": "success"})
    );
    let (_, line) = query.get("/query/scenarios/qps_total_simple?interval=2").await;
    assert_eq!(
        line,
        json!({"scenario": "qps_total_simple", "type": "LINE", "timeSeries": {
            "dataPoints": [
                {"timestamp": "2026-01-31 12:00:00", "value": 0.5, "dimensions": {"response_code": "total"}},
                {"timestamp": "2026-01-31 12:00:02", "value": 1.0, "dimensions": {"response_code": "total"}}
            ],
            "metadata": {"xAxisLabel": "Time", "yAxisLabel": "total", "totalCount": 2, "interval": 2}
        }, "status": "success"})
    );
    let (_, table) = query.get("/query/scenarios/model_token_table?pageSize=1").await;
    assert_eq!(
        table,
        json!({"scenario": "model_token_table", "type": "TABLE", "table": [
            {"model": "qwen", "input_token": "0", "output_token": "0", "total_token": "6", "request": "1"}
        ], "truncated": true, "status": "success"})
    );
    let (_, table) = query.get("/query/scenarios/request_distribution?mcpToolName=&consumer=c1").await;
    assert_eq!(
        table["table"],
        json!([{"tool_name": null, "response_code": "200", "response_flags": null, "response_code_details": null, "cnt": "1"}])
    );
}

#[tokio::test(flavor = "current_thread")]
async fn every_scenario_is_listed_and_answers() {
    let query = Service::with(RECORDS).await;
    let (status, list) = query.get("/query/scenarios").await;
    assert_eq!(status, 200);
    let listed = list["scenarios"].as_array().unwrap();
    assert_eq!(listed.len(), SCENARIOS.len());
    for scenario in listed {
        let name = scenario["name"].as_str().unwrap();
        let (status, answer) = query.get(&format!("/query/scenarios/{name}")).await;
        assert_eq!((status, &answer["type"]), (200, &scenario["type"]), "{name}: {answer}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_parameter_chooses_the_right_records() {
    let query = Service::with(RECORDS).await;
    for (parameters, expected) in [
        ("", "3"),
        ("cluster_id=i1", "2"),
        ("clusterId=i1&cluster_id=i1", "2"),
        ("cluster_id=i1,i2", "3"),
        ("cluster_id=i1&cluster_id=i2", "3"),
        ("api=a1", "1"),
        ("model=gpt%5C,4", "1"),
        ("consumer=c1,c2", "2"),
        ("route=r1,r3", "2"),
        ("routeName=r2", "1"),
        ("route=r1&routeName=r2", "0"),
        ("service=u1", "1"),
        ("upstreamCluster=u2,u3", "2"),
        ("mcpToolName=t1", "1"),
        // This scenario's SQL has no place for it in HiMarket.
        ("bizType=MCP_SERVER", "3"),
        ("bizType=MODEL_API", "3"),
        ("bizType=", "3"),
        ("model=qwen,%20gpt%5C,4", "2"),
        ("api=%20", "3"),
        ("model=,", "3"),
        ("consumer=c1&route_name=r1&upstream_cluster=u1", "1"),
        ("mcp_tool_name=t1", "1"),
        ("startTime=2026-01-31T12:00:02Z", "2"),
        ("startTime=2026-01-31%2012:00:02&endTime=2026-01-31%2012:00:02", "1"),
        ("fromTime=1769860802&toTime=1769860802", "1"),
        ("fromTime=0&toTime=1769860801", "1"),
        ("fromTime=2026-01-31T12:00:03Z", "1"),
        // Both of a pair: HiMarket looks at the text alone.
        ("fromTime=1769860803&startTime=2026-01-31%2012:00:01", "3"),
        ("endTime=2026-01-31%2012:00:02&toTime=1", "2"),
        ("start=1769860802000&end=1769860802000", "1"),
        ("start_time=2026-01-31T12:00:03Z", "1"),
        ("end_time=2026-01-31T12:00:01Z", "1"),
    ] {
        let (status, answer) =
            query.get(&format!("/query/scenarios/qps_total_simple?interval=86400&{parameters}")).await;
        assert_eq!(status, 200, "{parameters}: {answer}");
        let found = answer["timeSeries"]["dataPoints"][0]["value"].as_f64().unwrap_or_default() * 86_400.0;
        assert_eq!(found.round().to_string(), expected, "{parameters}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_answered_is_refused_and_the_parameter_named() {
    let query = Service::with(RECORDS).await;
    for (parameters, name) in [
        ("nonsense=1", "nonsense"),
        ("interval=x", "interval"),
        ("interval=1.5", "interval"),
        ("interval=1&interval=2", "interval"),
        ("pageSize=0", "pageSize"),
        ("pageSize=5001", "pageSize"),
        ("page_size=1&pageSize=1", "pageSize"),
        ("startTime=yesterday", "startTime"),
        ("bizType=OTHER", "bizType"),
        ("status=404", "status"),
    ] {
        let (status, answer) = query.get(&format!("/query/scenarios/rt_p99?{parameters}")).await;
        let error = answer["error"].as_str().unwrap();
        assert_eq!(status, 400, "{parameters}");
        assert!(error.starts_with(&format!("parameter {name}: ")), "{parameters}: {error}");
    }
    for path in
        ["/query/scenarios/nonsense", "/query/scenarios/pv/x", "/query/filters", "/query/filters/path"]
    {
        let (status, answer) = query.get(path).await;
        assert_eq!((status, &answer["status"]), (404, &json!("error")), "{path}");
    }
    assert_eq!(query.get("/query/scenarios?x=1").await.0, 400);
}

#[tokio::test(flavor = "current_thread")]
async fn a_filter_has_the_values_of_its_field() {
    let query = Service::with(RECORDS).await;
    for (path, expected, truncated) in [
        ("model", json!(["gpt,4", "qwen"]), false),
        ("instance_id", json!(["i1", "i2"]), false),
        ("mcp_tool", json!(["t1"]), false),
        ("session_id", json!([]), false),
        ("response_code", json!([200, 500]), false),
        ("route_name?limit=2", json!(["r1", "r2"]), true),
        ("route_name?limit=3", json!(["r1", "r2", "r3"]), false),
        ("model?prefix=q", json!(["qwen"]), false),
        ("model?prefix=%25", json!([]), false),
        ("model?start=2026-01-31T12:00:02Z", json!(["gpt,4"]), false),
        ("model?end_time=2026-01-31T12:00:01Z", json!(["qwen"]), false),
        ("method?start_time=2026-01-31T12:00:01Z&end=2026-01-31T12:00:02Z", json!(["POST"]), false),
    ] {
        let (status, answer) = query.get(&format!("/query/filters/{path}")).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert_eq!((&answer["values"], &answer["truncated"]), (&expected, &json!(truncated)), "{path}");
    }
    for (path, name) in [
        ("model?limit=0", "limit"),
        ("model?limit=1001", "limit"),
        ("model?start=x", "start"),
        ("model?prefix=a&prefix=b", "prefix"),
        ("model?page=1", "page"),
        ("response_code?prefix=2", "prefix"),
    ] {
        let (status, answer) = query.get(&format!("/query/filters/{path}")).await;
        assert_eq!(status, 400, "{path}");
        assert!(answer["error"].as_str().unwrap().starts_with(&format!("parameter {name}: ")), "{answer}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_interval_is_bounded_as_himarket_bounds_it() {
    let query = Service::with(RECORDS).await;
    for (interval, expected) in [
        ("0", 60),
        ("-5", 60),
        ("1", 1),
        ("15", 15),
        ("86400", 86_400),
        ("604800", 86_400),
        ("99999999999999999999999", 86_400),
        ("-99999999999999999999999", 60),
    ] {
        let (status, answer) =
            query.get(&format!("/query/scenarios/qps_total_simple?interval={interval}")).await;
        assert_eq!(status, 200, "{interval}: {answer}");
        assert_eq!(answer["timeSeries"]["metadata"]["interval"], expected, "{interval}");
        let sum: f64 = answer["timeSeries"]["dataPoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["value"].as_f64().unwrap() * f64::from(expected))
            .sum();
        assert_eq!(sum.round(), 3.0, "{interval}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_choices_of_a_filter_are_not_cut_by_the_size_of_a_page() {
    let query = Service::with(RECORDS).await;
    let (_, table) = query.get("/query/scenarios/filter_upstream_options?pageSize=1").await;
    assert_eq!(
        table["table"],
        json!([{"upstream_cluster": "u1"}, {"upstream_cluster": "u2"}, {"upstream_cluster": "u3"}])
    );
    assert!(table.get("truncated").is_none(), "{table}");
}

#[tokio::test(flavor = "current_thread")]
async fn times_are_read_and_written_in_the_zone_of_the_configuration() {
    let query = Service::with(RECORDS).await;
    let config = QueryConfig { time_zone: Zone::read("Asia/Shanghai").unwrap(), ..config() };
    let ask = async |uri: &str| {
        let request = Request::get(uri).body(()).unwrap();
        let response =
            handle(request, Rc::clone(&query.database), &config, &failures(), &Clock::default()).await;
        let body = response.into_body().collect().await.unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let line = ask("/query/scenarios/qps_total_simple?startTime=2026-01-31%2020:00:02&endTime=2026-01-31%2020:10:00&interval=1").await;
    let times: Vec<&str> = line["timeSeries"]["dataPoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["timestamp"].as_str().unwrap())
        .collect();
    assert_eq!(times, ["2026-01-31 20:00:02", "2026-01-31 20:00:03"]);
    assert_eq!(ids(&ask("/query?start=2026-01-31%2020:00:03").await), "3");
    assert_eq!(ids(&ask("/query?start=2026-01-31T12:00:03Z").await), "3");
    assert_eq!(ask("/query/filters/model?end=2026-01-31%2020:00:01").await["values"], json!(["qwen"]));
}

/// Failed calls, of which the real ai-statistics logs no model.
const CALLS: &str = r#"
{"record_id":"1","path":"/v1/chat/completions","model":"qwen","x_forwarded_for":"1.1.1.1","route_name":"r","response_code":200,"response_code_details":"via_upstream","ai_log":{"model":"qwen","response_type":"normal"}}
{"record_id":"2","path":"/v1/chat/completions","model":"qwen","x_forwarded_for":"1.1.1.1","route_name":"r","response_code":200,"response_code_details":"via_upstream","ai_log":{"model":"qwen","response_type":"normal"}}
{"record_id":"3","path":"/v1/chat/completions","x_forwarded_for":"1.1.1.2","route_name":"r","response_code":503,"response_code_details":"no_healthy_upstream","ai_log":{"response_type":"normal"}}
{"record_id":"4","path":"/mcp-servers/m","x_forwarded_for":"1.1.1.3","route_name":"m","response_code":429,"response_code_details":"rate_limited"}
"#;

#[tokio::test(flavor = "current_thread")]
async fn failed_calls_without_a_model_count_where_himarket_counts_them() {
    let query = Service::with(CALLS).await;
    for (name, biz_type, expected) in [
        ("success_rate", "MODEL_API", json!([0.5])),
        ("success_rate", "MCP_SERVER", json!([0.5])),
        ("qps_total", "MODEL_API", json!([3.0 / 86_400.0])),
        ("qps_total_simple", "MODEL_API", json!([4.0 / 86_400.0])),
    ] {
        let uri = format!("/query/scenarios/{name}?interval=86400&bizType={biz_type}");
        let (_, line) = query.get(&uri).await;
        let points = line["timeSeries"]["dataPoints"].as_array().unwrap();
        let values: Vec<&Value> = points.iter().map(|point| &point["value"]).collect();
        assert_eq!(json!(values), expected, "{uri}");
    }
    for (name, biz_type, expected) in [
        ("pv", "MODEL_API", "2.0"),
        ("pv", "MCP_SERVER", "1.0"),
        ("uv", "MODEL_API", "1.0"),
        ("fallback_count", "MODEL_API", "0.0"),
    ] {
        let (_, card) = query.get(&format!("/query/scenarios/{name}?bizType={biz_type}")).await;
        assert_eq!(card["stats"][0]["value"], expected, "{name} {biz_type}");
    }
    for (name, biz_type, rows) in [
        ("error_requests_table", "MODEL_API", 2),
        ("gateway_status_distribution", "MCP_SERVER", 3),
        ("backend_status_distribution", "MODEL_API", 1),
        ("backend_status_distribution", "MCP_SERVER", 1),
        ("filter_route_options", "MCP_SERVER", 1),
    ] {
        let (_, table) = query.get(&format!("/query/scenarios/{name}?bizType={biz_type}")).await;
        assert_eq!(table["table"].as_array().unwrap().len(), rows, "{name} {biz_type}: {table}");
    }
}
