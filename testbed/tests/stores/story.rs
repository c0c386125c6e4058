//! The life of records over HTTP: stored exactly once, found by every kind of query, counted, exported.

use serde_json::{Value, json};

use crate::support::{Stored, numbered};

/// Runs the story on an empty database.
pub async fn tell(stored: &Stored) {
    assert_eq!(stored.get("/health").await.body(), "ok");
    assert_eq!(stored.json("/health/ready").await, json!({"status": "ready"}));
    assert_eq!(stored.json("/query").await["total"], 0);
    records_are_stored_once(stored).await;
    they_come_back_as_they_were(stored).await;
    filters_find_them(stored).await;
    pages_hold_each_once(stored).await;
    statistics_and_values_are_answered(stored).await;
    exports_hold_all(stored).await;
}

async fn records_are_stored_once(stored: &Stored) {
    let first = numbered(0..10);
    assert_eq!(stored.store(&first).await, (10, 0));
    assert_eq!(stored.store(&first).await, (0, 10), "all of them again");
    assert_eq!(stored.store(&numbered(5..15)).await, (5, 5), "some of them again");
    let twice = json!([numbered(20..21)[0], numbered(20..21)[0], numbered(0..1)[0]]);
    assert_eq!(stored.store(&twice).await, (1, 2), "twice in one batch");
    let answer = stored.post(&json!([numbered(30..31)[0], {"record_id": "bad id"}, 7])).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        (&answer.body()["accepted"], answer.body()["rejected"].as_array().unwrap().len()),
        (&json!(1), 2)
    );
    // More values than a SQLite statement may have.
    let many = numbered(100..5_000);
    assert_eq!(stored.store(&many).await, (4_900, 0));
    assert_eq!(stored.store(&many).await, (0, 4_900));
    assert_eq!(stored.json("/query?page_size=1").await["total"], 4_917);
}

async fn they_come_back_as_they_were(stored: &Stored) {
    let record = json!({
        "record_id": "r1", "start_time": "2026-02-01T08:00:00.123456Z", "method": "POST", "authority": "a.example",
        "path": "/v1/chat?q='; DROP TABLE access_logs; --\u{1F980}語\\", "response_code": 503, "response_flags": "UF",
        "model": "qwen", "consumer": "c1", "duration": 9_007_199_254_740_991_i64, "total_tokens": 30,
        "user_agent": "line\nbreak\ttab \"quoted\" \0nul", "x_forwarded_for": "1.1.1.1",
        "ai_log": {"model": "qwen", "response_type": "stream", "question": "Where is 針 the Needle?"},
        "response_type": "stream", "request_body": "x".repeat(60_000)
    });
    assert_eq!(stored.store(&record).await, (1, 0));
    let log = &stored.json("/query/r1").await["log"];
    for (key, value) in record.as_object().unwrap() {
        // Databases refuse NUL characters, so records lose them.
        let kept = value.as_str().map_or_else(|| value.clone(), |text| text.replace('\0', "").into());
        assert_eq!(log[key], kept, "{key}");
    }
    assert_eq!(stored.get("/query/r2").await.status(), 404);
    let others = json!([
        {"record_id": "r2", "start_time": "2026-02-01T08:00:30Z", "model": "gpt", "consumer": "c2", "response_code": 200,
         "path": "/v1/chat", "total_tokens": 3, "x_forwarded_for": "2.2.2.2", "bytes_sent": 1_048_576,
         "ai_log": {"model": "gpt", "response_type": "normal"}},
        {"record_id": "r3", "start_time": "2026-02-01T08:01:00Z", "response_code": 404, "path": "/50%_off",
         "mcp_server": "weather", "x_forwarded_for": "1.1.1.1", "bytes_sent": 524_288},
        {"record_id": "r4", "start_time": "2026-02-01T08:01:10Z", "model": "it's", "response_code": 599, "path": "/x"}
    ]);
    assert_eq!(stored.store(&others).await, (4 - 1, 0));
}

async fn filters_find_them(stored: &Stored) {
    for (query, expected) in [
        ("", "r4 r3 r2 r1"),
        ("sort_order=ASC", "r1 r2 r3 r4"),
        ("model=qwen,gpt", "r2 r1"),
        ("model=it%27s", "r4"),
        ("model!=gpt", "r4 r3 r1"),
        ("model=%27%20OR%201=1%20--", ""),
        ("response_code=5xx", "r4 r1"),
        ("status=200,404", "r3 r2"),
        ("response_code!=5xx", "r3 r2"),
        ("path_contains=%25_", "r3"),
        ("path_prefix=/v1/chat", "r2 r1"),
        ("path_exact=/v1/chat", "r2"),
        ("ai_log_contains=needle", "r1"),
        ("ai_log_contains=%E9%87%9D", "r1"),
        ("consumer=c1&model=qwen", "r1"),
        ("total_tokens_min=3&total_tokens_max=29", "r2"),
        ("start=2026-02-01T08:00:30Z&end=2026-02-01T08:01:00Z", "r3 r2"),
        ("sort_by=response_code&sort_order=ASC", "r2 r3 r1 r4"),
    ] {
        let query = if query.contains("start=") {
            query.to_owned()
        } else {
            format!("start=2026-02-01T00:00:00Z&{query}")
        };
        assert_eq!(stored.ids(&query).await, expected, "{query}");
    }
    assert_eq!(stored.json("/query?model=qwen,gpt&page_size=1").await["total"], 2);
    assert_eq!(stored.get("/query?start=yesterday").await.status(), 400);
}

async fn pages_hold_each_once(stored: &Stored) {
    let mut ids: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = stored
            .json(&format!(
                "/query?fields=record_id&page_size=1000&total=false&sort_order=ASC&cursor={cursor}"
            ))
            .await;
        let logs = page["logs"].as_array().unwrap();
        ids.extend(logs.iter().map(|log| log["record_id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(ids.len(), 4_921);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4_921);
}

async fn statistics_and_values_are_answered(stored: &Stored) {
    let since = "start=2026-02-01T00:00:00Z&end=2026-02-01T23:59:59Z";
    for (name, value) in [("pv", 2.0), ("uv", 2.0), ("token_total", 33.0), ("bytes_sent", 1.5)] {
        let card = stored.json(&format!("/query/scenarios/{name}?{since}")).await;
        let found: f64 = card["stats"][0]["value"].as_str().unwrap().parse().unwrap();
        assert_eq!(found, value, "{name}: {card}");
    }
    let line = stored
        .json(&format!("/query/scenarios/qps_total_simple?interval=60&{since}&bizType=MODEL_API"))
        .await;
    assert!(line["timeSeries"]["dataPoints"].is_array(), "{line}");
    let list = stored.json("/query/scenarios").await;
    for scenario in list["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        let answer = stored.json(&format!("/query/scenarios/{name}?{since}")).await;
        assert_eq!(answer["type"], scenario["type"], "{name}");
    }
    let table = stored.json(&format!("/query/scenarios/model_token_table?{since}")).await;
    let rows: Vec<(&Value, &Value)> =
        table["table"].as_array().unwrap().iter().map(|row| (&row["model"], &row["total_token"])).collect();
    let expected =
        [("qwen", "30"), ("gpt", "3"), ("it's", "0")].map(|(model, total)| (json!(model), json!(total)));
    assert_eq!(rows, expected.each_ref().map(|(model, total)| (model, total)), "{table}");
    let values = stored.json("/query/filters/model").await;
    assert_eq!(values["values"], json!(["gpt", "it's", "qwen"]));
}

async fn exports_hold_all(stored: &Stored) {
    let lines = stored.get("/query?format=ndjson&fields=record_id,start_time").await;
    assert_eq!(lines.body().lines().count(), 4_921);
    let first: Value = serde_json::from_str(lines.body().lines().next().unwrap()).unwrap();
    assert_eq!(first["record_id"], "r4");
    let rows = stored.get("/query?format=csv&fields=record_id,duration&sort_order=ASC").await;
    assert_eq!(rows.body().lines().count(), 4_922);
    assert_eq!(rows.body().lines().next(), Some("record_id,duration"));
}
