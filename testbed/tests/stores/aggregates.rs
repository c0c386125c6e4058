//! Aggregates over HTTP answer the same on every database: each field as a group, each measure, sessions and the tail.

use gatelog_databases::{MariaDb, MySql, Turso};
use gatelog_storage::aggregate::Grouping;
use gatelog_storage::aggregate::ranking::ORDERS;
use serde_json::Value;

use crate::scenarios::holding_the_records;
use crate::support::Stored;

const RANGE: &str = "start=2026-01-31T11:00:00Z&end=2026-01-31T15:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn the_aggregates_answer_the_same_on_every_database() {
    let (turso, configured) = (Turso::start().unwrap(), Turso::start().unwrap());
    let libsql = holding_the_records(Stored::in_a_file().await).await;
    let others = [
        ("MariaDB", holding_the_records(Stored::in_mysql(MariaDb::shared().unwrap()).await).await),
        ("MySQL", holding_the_records(Stored::in_mysql(MySql::shared().unwrap()).await).await),
        ("Turso", holding_the_records(Stored::in_turso(&turso).await).await),
        (
            "tursodb by runtime config",
            holding_the_records(Stored::by_runtime_config(&configured).await).await,
        ),
    ];
    let fields: Vec<&str> = Grouping::all().map(Grouping::name).collect();
    let mut paths: Vec<String> =
        fields.chunks(20).map(|some| format!("/query/facets?fields={}", some.join(","))).collect();
    paths.extend(fields.iter().map(|field| format!("/query/histogram?by={field}&interval=1h")));
    paths.extend(
        ORDERS.iter().map(|(order, _)| format!("/query/top?by=model&order={order}&compare=previous")),
    );
    let rest = [
        "summary?compare=previous",
        "summary?model=gpt",
        "sessions?limit=3",
        "summary?missing=model",
        "summary?present=model,total_tokens&missing=consumer",
        "summary?model=gpt&missing=model",
        "summary?total_tokens=1-20&missing=total_tokens",
        "facets?fields=model,consumer&missing=model,consumer",
        "top?by=downstream_remote_host&compare=previous",
        "histogram?by=downstream_remote_host&interval=1h&top=2",
        "facets?fields=downstream_remote_host&downstream_remote_host=192.0.2.7",
        "summary?downstream_remote_host=192.0.2.7,2001:db8::7",
        "summary?downstream_remote_host!=192.0.2.7",
        "summary?downstream_remote_host=192.0.2.7&missing=downstream_remote_address",
        "histogram?measures=count,duration_p99",
    ];
    paths.extend(rest.map(|path| format!("/query/{path}")));
    for path in &paths {
        let path = format!("{path}{}{RANGE}", if path.contains('?') { '&' } else { '?' });
        let expected = timeless(libsql.json(&path).await);
        for (name, other) in &others {
            assert_eq!(timeless(other.json(&path).await), expected, "{name}: {path}");
        }
    }
    let tail = "/query/tail?after=1t-0&limit=1000&fields=record_id";
    let expected = libsql.json(tail).await["logs"].clone();
    assert!(expected.as_array().is_some_and(|logs| logs.len() > 10), "{expected}");
    for (name, other) in &others {
        assert_eq!(other.json(tail).await["logs"], expected, "{name}");
    }
}

/// An answer without the time that it took.
fn timeless(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.remove("took_ms");
    }
    answer
}
