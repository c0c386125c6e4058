//! What Higress's log-collector answers, parameter by parameter, and what is different on purpose.

use crate::service::{Service, ids};
use gatelog_query::params::filters::FILTERS;
use gatelog_query::params::options;
use serde_json::{Value, json};

/// Three records; record n began n seconds after noon.
const RECORDS: &str = r#"
{"record_id":"1","trace_id":"t1","authority":"a.example","method":"GET","path":"/v1/chat","response_code":200,"duration":30,"bytes_received":3,"bytes_sent":1,"upstream_cluster":"u1","route_name":"rn1","instance_id":"i1","api":"api1","model":"m1","consumer":"c1","route":"r1","service":"s1","mcp_server":"ms1","mcp_tool":"mt1"}
{"record_id":"2","trace_id":"t2","authority":"b.example","method":"POST","path":"/v2/chat","response_code":404,"duration":10,"bytes_received":2,"bytes_sent":3,"upstream_cluster":"u2","route_name":"rn2","instance_id":"i2","api":"api2","model":"m2","consumer":"c2","route":"r2","service":"s2","mcp_server":"ms2","mcp_tool":"mt2"}
{"record_id":"3","trace_id":"t3","authority":"c.example","method":"PUT","path":"/v3/100%","response_code":503,"duration":20,"bytes_received":1,"bytes_sent":2,"upstream_cluster":"u3","route_name":"rn3","instance_id":"i3","api":"api3","model":"m3","consumer":"c3","route":"r3","service":"s3","mcp_server":"ms3","mcp_tool":"mt3"}
"#;

/// Every parameter of the log-collector, with what it makes of the records.
const SAME: &[(&str, &str, &str)] = &[
    ("start_time", "2026-01-31%2012:00:02", "3 2"),
    ("start", "2026-01-31%2012:00:02", "3 2"),
    ("end", "2026-01-31%2012:00:02", "2 1"),
    ("authority", "b.example", "2"),
    ("method", "POST", "2"),
    ("path", "chat", "2 1"),
    ("response_code", "404", "2"),
    ("status", "404", "2"),
    ("trace_id", "t2", "2"),
    ("instance_id", "i2", "2"),
    ("api", "api2", "2"),
    ("model", "m2", "2"),
    ("consumer", "c2", "2"),
    ("route", "r2", "2"),
    ("mcp_server", "ms2", "2"),
    ("mcp_tool", "mt2", "2"),
    ("page", "1", "3 2 1"),
    ("page", "2", ""),
    ("page_size", "2", "3 2"),
    ("page_size", "100", "3 2 1"),
    ("sort_order", "ASC", "1 2 3"),
    ("sort_order", "asc", "1 2 3"),
    ("sort_order", "DESC", "3 2 1"),
    ("sort_by", "start_time", "3 2 1"),
    ("sort_by", "response_code", "3 2 1"),
    ("sort_by", "duration", "1 3 2"),
    ("sort_by", "authority", "3 2 1"),
    ("sort_by", "method", "3 2 1"),
    ("sort_by", "path", "3 2 1"),
    ("sort_by", "bytes_received", "1 2 3"),
    ("sort_by", "bytes_sent", "2 3 1"),
    ("sort_by", "upstream_cluster", "3 2 1"),
    ("sort_by", "route_name", "3 2 1"),
    // It takes `true` and everything else for the same.
    ("path_like", "true", "3 2 1"),
    ("path_like", "false", "3 2 1"),
];

/// What the log-collector answers in another way, and why ours is different.
const DIFFERENT: &[(&str, u16, &str, &str)] = &[
    (
        "service=s2",
        200,
        "2",
        "it looks for a record whose service and authority both are this, and finds none",
    ),
    ("bizType=MCP_SERVER", 200, "", "it reads the parameter and does nothing with it"),
    ("path=100%25", 200, "3", "it takes % and _ for wildcards"),
    ("page=0", 400, "page", "it corrects page 0 to 1"),
    ("page=x", 400, "page", "it takes the first page"),
    ("page_size=0", 400, "page_size", "it takes 10"),
    ("page_size=1001", 400, "page_size", "it takes 100"),
    ("page_size=101", 200, "3 2 1", "it takes 100"),
    ("sort_by=user_agent", 400, "sort_by", "it takes start_time"),
    ("sort_order=up", 400, "sort_order", "it takes DESC"),
    ("status=abc", 400, "status", "MySQL compares with the number 0"),
    ("start_time=yesterday", 400, "start_time", "the database fails or finds nothing"),
    ("modle=m1", 400, "modle", "it answers every record"),
];

#[tokio::test(flavor = "current_thread")]
async fn every_parameter_of_the_log_collector_does_the_same() {
    let query = Service::with(RECORDS).await;
    for (name, value, expected) in SAME {
        let (status, answer) = query.get(&format!("/query?{name}={value}")).await;
        assert_eq!((status, ids(&answer).as_str()), (200, *expected), "{name}={value}");
        // Without a value it is as if it were not there.
        let (status, answer) = query.get(&format!("/query?{name}=")).await;
        assert_eq!((status, ids(&answer).as_str()), (200, "3 2 1"), "{name}=");
    }
    let page = "start_time=2026-01-31T12:00:00Z&end=2026-01-31T12:00:03Z&path=v&page=2&page_size=1&sort_by=duration&sort_order=ASC";
    let (_, answer) = query.get(&format!("/query?{page}")).await;
    assert_eq!((ids(&answer).as_str(), &answer["total"]), ("3", &json!(3)));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_different_from_the_log_collector_is_so_on_purpose() {
    let query = Service::with(RECORDS).await;
    for (parameters, status, expected, theirs) in DIFFERENT {
        let (answered, answer) = query.get(&format!("/query?{parameters}")).await;
        assert_eq!(answered, *status, "{parameters}: {theirs}");
        match status {
            200 => assert_eq!(ids(&answer), *expected, "{parameters}: {theirs}"),
            _ => {
                let error = answer["error"].as_str().unwrap();
                assert!(error.starts_with(&format!("parameter {expected}: ")), "{error}");
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn answers_have_the_members_of_the_log_collector() {
    let query = Service::with(RECORDS).await;
    let (_, answer) = query.get("/query").await;
    assert_eq!((&answer["total"], &answer["status"]), (&json!(3), &json!("success")));
    assert_eq!(answer["logs"].as_array().map(Vec::len), Some(3));
    assert!(answer.get("error").is_none(), "left out when there is none");
    let (_, answer) = query.get("/query?model=none").await;
    assert_eq!(answer, json!({"total": 0, "logs": [], "status": "success"}));
    let (_, answer) = query.get("/query?page=x").await;
    assert_eq!((&answer["total"], &answer["logs"]), (&json!(0), &Value::Null));
    assert_eq!((&answer["status"], answer["error"].is_string()), (&json!("error"), true));
}

#[test]
fn no_parameter_of_the_log_collector_is_missing() {
    for name in SAME.iter().map(|(name, ..)| *name).chain(["service", "bizType"]) {
        let is_filter = FILTERS.iter().any(|filter| filter.name == name);
        assert!(is_filter || options::find(name).is_some(), "{name}");
    }
}
