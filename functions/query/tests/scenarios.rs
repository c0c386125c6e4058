//! HiMarket's scenarios and the values of a filter, as its dashboards ask for them.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

mod service;

use gatelog_storage::scenarios::SCENARIOS;
use serde_json::json;
use service::Service;

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
        json!({"scenario": "pv", "type": "CARD", "stats": [{"key": "pv", "value": "2"}], "status": "success"})
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
        ("bizType=MCP_SERVER", "3"),
        ("bizType=MODEL_API", "3"),
        ("bizType=", "3"),
        ("startTime=2026-01-31T12:00:02Z", "2"),
        ("startTime=2026-01-31%2012:00:02&endTime=2026-01-31%2012:00:02", "1"),
        ("fromTime=1769860802&toTime=1769860802", "1"),
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
        ("interval=0", "interval"),
        ("interval=86401", "interval"),
        ("interval=1&interval=2", "interval"),
        ("pageSize=0", "pageSize"),
        ("pageSize=5001", "pageSize"),
        ("page_size=1&pageSize=1", "pageSize"),
        ("startTime=yesterday", "startTime"),
        ("bizType=OTHER", "bizType"),
        ("model=,", "model"),
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
