//! Tests that HiMarket's scenarios over HTTP give the same results on every database, for each kind of
//! request.
//!
//! The tests of `gatelog-storage` check that their statements give the results of HiMarket's own on MariaDB and
//! MySQL.

use gatelog_databases::{MariaDb, MySql};
use gatelog_storage::scenarios::SCENARIOS;
use serde_json::Value;

use crate::support::Stored;

/// Calls and tools with oddities: missing and wrong members, other letter cases, no time, other times.
const RECORDS: &str = include_str!("scenarios.ndjson");

/// Parameters that HiMarket's pages send.
const PARAMETERS: &[&str] = &[
    "",
    "bizType=MODEL_API",
    "bizType=MCP_SERVER",
    "bizType=MODEL_API&interval=1",
    "bizType=MODEL_API&interval=0&pageSize=1",
    "bizType=MCP_SERVER&mcpToolName=forecast&interval=604800",
    "bizType=MODEL_API&model=gpt,Qwen&startTime=2026-01-31%2012:00:05&endTime=2026-01-31%2012:02:30",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_scenarios_give_the_same_results_on_libsql_mariadb_and_mysql() {
    let libsql = holding_the_records(Stored::in_a_file().await).await;
    let mariadb = holding_the_records(Stored::in_mysql(MariaDb::shared().unwrap()).await).await;
    let mysql = holding_the_records(Stored::in_mysql(MySql::shared().unwrap()).await).await;
    let mut with_values = 0;
    for scenario in SCENARIOS {
        for parameters in PARAMETERS {
            let path = format!("/query/scenarios/{}?{parameters}", scenario.name);
            let expected = libsql.json(&path).await;
            assert_eq!(mariadb.json(&path).await, expected, "MariaDB: {path}");
            assert_eq!(mysql.json(&path).await, expected, "MySQL: {path}");
            with_values += usize::from(has_values(&expected));
        }
    }
    // Most filters select some records, not none.
    assert!(with_values > SCENARIOS.len() * 3, "{with_values}");
}

/// A database with the records of the scenarios.
pub async fn holding_the_records(stored: Stored) -> Stored {
    let records: Value = RECORDS.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let count = u64::try_from(records.as_array().unwrap().len()).unwrap();
    assert_eq!(stored.store(&records).await, (count, 0));
    stored
}

fn has_values(answer: &Value) -> bool {
    let points = &answer["timeSeries"]["dataPoints"];
    [&answer["stats"], &answer["table"], points]
        .iter()
        .any(|values| values.as_array().is_some_and(|values| !values.is_empty()))
}
