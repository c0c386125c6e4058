//! Every statement of the dashboard on MySQL, with Grafana's macros filled in, on real servers with the real tables.

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_testbed::functions::{Functions, Options};
use serde_json::{Value, json};

use crate::rules;
use crate::sites::push;

/// The middle of the records' times, 2026-01-31T12:00:00Z, in seconds since 1970.
const NOON: u64 = 1_769_860_800;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_the_dashboard_shows_records_of_mysql() {
    try_on(MySql::shared().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_the_dashboard_shows_records_of_mariadb() {
    try_on(MariaDb::shared().unwrap()).await;
}

async fn try_on(server: &SqlServer) {
    let url = server.database().unwrap();
    let host = format!("127.0.0.1:{}", server.port());
    let folder = tempfile::tempdir().unwrap();
    let variables = [("store", "mysql"), ("mysql_url", &*url), ("mysql_host", &*host)];
    let options = Options::storing_in(&folder.path().join("unused")).variables(&variables);
    let functions = Functions::start(&options).await.unwrap();
    assert_eq!(push(&functions, &records()).await, 200, "{}", functions.log());

    let database = url.rsplit('/').next().unwrap();
    for (title, statement) in statements() {
        // Whatever zone Grafana's session has, times are the same.
        let [utc, shanghai] = ["+00:00", "+08:00"].map(|zone| {
            let script = format!("USE {database}; SET SESSION time_zone = '{zone}'; {statement}");
            server.sql(&script).unwrap_or_else(|error| panic!("{title}: {statement}\n{error}"))
        });
        assert!(!utc.trim().is_empty() && utc.trim() != "NULL", "{title} shows nothing: {statement}");
        if statement.contains("AS \"time\"") {
            assert_eq!(utc, shanghai, "{title}");
            let first: u64 = utc.split(['\t', '\n']).next().unwrap().parse().unwrap();
            assert_eq!(first % 60, 0, "{title}: {first} begins no minute");
            assert!(NOON.abs_diff(first) <= 600, "{title}: {first} is not the records' time");
        }
    }
}

/// Records that each panel shows some of.
fn records() -> Value {
    let call = json!({ "model": "gpt-4o-mini", "consumer": "shop", "route_name": "llm", "input_tokens": 100, "output_tokens": 20,
        "total_tokens": 120, "cached_tokens": 10, "reasoning_tokens": 5, "time_to_first_token": 80, "response_code": 200, "duration": 400 });
    let tool = json!({ "mcp_server": "files", "mcp_tool": "read", "route_name": "mcp", "response_code": 200, "duration": 9 });
    let failed = json!({ "path": "/a", "route_name": "web", "response_code": 503, "duration": 2, "bytes_sent": 100, "bytes_received": 50 });
    let mut records = vec![call.clone(), call, tool, failed];
    for (number, record) in records.iter_mut().enumerate() {
        record["record_id"] = format!("record-{number}").into();
        record["start_time"] = format!("2026-01-31T12:0{number}:30Z").into();
        record["instance_id"] = "gateway".into();
    }
    records.into()
}

/// The statements of all panels with their titles.
fn statements() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&rules::text("deploy/grafana/gatelog-mysql.json")).unwrap();
    let mut statements = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let statement = filled(target["rawSql"].as_str().unwrap());
            statements.push((panel["title"].as_str().unwrap().to_owned(), statement));
        }
    }
    assert!(statements.len() > 10);
    statements
}

/// Fills in Grafana's macros for an hour around the records, and intervals of a minute.
fn filled(statement: &str) -> String {
    let (from, to) = (NOON - 1_800, NOON + 1_800);
    let filter = |column: &str| format!("{column} BETWEEN FROM_UNIXTIME({from}) AND FROM_UNIXTIME({to})");
    let group = |column: &str| format!("UNIX_TIMESTAMP({column}) DIV 60 * 60");
    let mut filled = statement.to_owned();
    for (name, value) in [
        ("$__timeFilter(start_time)", filter("start_time")),
        ("$__timeGroupAlias(start_time, $__interval)", format!("{} AS \"time\"", group("start_time"))),
        ("$__timeGroup(start_time, $__interval)", group("start_time")),
        ("${instance:sqlstring}", "'%'".to_owned()),
        ("${route:sqlstring}", "'%'".to_owned()),
    ] {
        filled = filled.replace(name, &value);
    }
    assert!(!filled.contains('$'), "an unknown macro: {filled}");
    filled
}
