//! Tests of the query function over HTTP, as a component: streaming exports, scenarios, its description.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn an_export_streams_every_record_in_both_forms() {
    let stored = Stored::with(1_700, 100).await;
    let lines = stored.text("/query?format=ndjson&sort_order=ASC").await;
    let ids: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["record_id"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (1..=1_700).map(|number| number.to_string()).collect();
    assert_eq!(ids, expected);

    let request = Request::get(stored.url("/query?fields=record_id,duration,request_body&sort_order=ASC"))
        .header("accept", "text/csv")
        .body("")
        .unwrap();
    let answer = Client::default().send(request).await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"access_logs.csv\"");
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    let mut rows = text.lines();
    assert_eq!(rows.next(), Some("record_id,duration,request_body"));
    for (number, row) in (1..=1_700).zip(rows) {
        assert_eq!(row, format!("{number},{number},{}", "0".repeat(100)));
    }
    assert_eq!(text.lines().count(), 1_701);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_page_is_complete() {
    let stored = Stored::with(300, 100_000).await;
    let page = stored.json("/query?page_size=290").await;
    assert_eq!(page["logs"].as_array().unwrap().len(), 290);
    assert_eq!((&page["total"], &page["logs"][0]["record_id"]), (&json!(300), &json!("300")));
    let rest = stored.json(&format!("/query?cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!(rest["logs"].as_array().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_cannot_continue_resets_the_connection() {
    // Far more than the buffers between the component and a client that does not read.
    let stored = Stored::with(2_000, 60_000).await;
    let mut connection = TcpStream::connect(stored.functions.address()).await.unwrap();
    connection.write_all(b"GET /query?format=ndjson HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 1_000];
    connection.read_exact(&mut answer).await.unwrap();
    stored.execute("DROP TABLE access_logs").await;
    let _ = connection.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("transfer-encoding: chunked"));
    // A complete chunked body ends with an empty chunk.
    assert!(!text.ends_with("0\r\n\r\n"), "it looks whole");
    assert!(answer.len() > 1_000_000 && answer.len() < 110_000_000, "{}", answer.len());
    assert!(stored.functions.log().contains("level=error function=query"), "{}", stored.functions.log());
    // The function keeps working, and a failure before the response begins has a status. An instance that has met the
    // failure recreates the table.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let request = Request::get(stored.url("/query")).body("").unwrap();
        let answer = Client::default().send(request).await.unwrap();
        if answer.status() == StatusCode::OK {
            break;
        }
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(Instant::now() < deadline, "the table was not made");
    }
    assert_eq!(stored.json("/query").await["total"], 0);
    assert_eq!(stored.json("/query/openapi.json").await["openapi"], "3.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_ends_its_export_and_nothing_else() {
    let stored = Stored::with(2_000, 60_000).await;
    for _ in 0..5 {
        let mut connection = TcpStream::connect(stored.functions.address()).await.unwrap();
        connection.write_all(b"GET /query?format=csv HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 1_000];
        connection.read_exact(&mut answer).await.unwrap();
    }
    assert_eq!(stored.json("/query?page_size=1").await["total"], 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_values_and_the_description_are_served() {
    let stored = Stored::with(10, 10).await;
    let line = stored.json("/query/scenarios/rt_p90?interval=86400").await;
    assert_eq!(line["timeSeries"]["dataPoints"][0]["value"], 9.0);
    let card = stored.json("/query/scenarios/bytes_sent").await;
    assert_eq!(card["stats"], json!([{"key": "sent", "value": "10.0"}]));
    let table = stored.json("/query/scenarios/model_token_table?model=m1").await;
    assert_eq!(table["table"][0]["request"], "5");
    let list = stored.json("/query/scenarios").await;
    for scenario in list["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        assert_eq!(
            stored.json(&format!("/query/scenarios/{name}")).await["type"],
            scenario["type"],
            "{name}"
        );
    }
    assert_eq!(stored.json("/query/filters/model").await["values"], json!(["m0", "m1"]));
    let page = stored.json("/query?model=m0,m1&fields=record_id&page_size=3").await;
    assert_eq!(page["logs"], json!([{"record_id": "10"}, {"record_id": "9"}, {"record_id": "8"}]));
    assert_eq!(stored.json("/query/openapi.json").await["openapi"], "3.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_component_admits_nobody_unless_it_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("gatelog.db");
    for (variables, status) in [
        ([("query_open", "false"), ("query_token", "")], StatusCode::FORBIDDEN),
        ([("query_open", "true"), ("query_token", "")], StatusCode::OK),
        ([("query_open", "true"), ("query_token", "secret")], StatusCode::UNAUTHORIZED),
    ] {
        let functions =
            Functions::start(&Options::storing_in(&database).variables(&variables)).await.unwrap();
        for path in ["/query", "/query/filters/model", "/query/openapi.json"] {
            let url = format!("http://{}{path}", functions.address());
            let answer = Client::default().send(Request::get(url).body("").unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{variables:?} {path}");
        }
        let url = format!("http://{}/health/metrics", functions.address());
        let answer = Client::default().send(Request::get(url).body("").unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "the health of the functions is open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_returns_the_length_of_the_body_of_get() {
    let stored = Stored::with(3, 10).await;
    for path in ["/query", "/query?format=csv", "/query/1", "/query/scenarios", "/health", "/health/ready"] {
        let get = Client::default().send(Request::get(stored.url(path)).body("").unwrap()).await.unwrap();
        let head = Client::default().send(Request::head(stored.url(path)).body("").unwrap()).await.unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        let length = get.body().len().to_string();
        assert_eq!(head.headers()["content-length"], length.as_str(), "{path}");
        assert!(head.body().is_empty(), "{path}");
    }
}

/// The functions over records whose ids and durations are numbers, one record per second, each with a body of
/// `body_bytes` zeros.
struct Stored {
    functions: Functions,
    database: PathBuf,
    _directory: tempfile::TempDir,
}

impl Stored {
    async fn with(records: u32, body_bytes: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("gatelog.db");
        let functions = Functions::start(&Options::storing_in(&database)).await.unwrap();
        let stored = Self { functions, database, _directory: directory };
        // Creates the table.
        assert_eq!(stored.json("/query").await["total"], 0);
        stored
            .execute(&format!(
                "INSERT INTO access_logs (record_id, start_time, duration, bytes_sent, model, request_body) \
                 WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < {records}) \
                 SELECT n, strftime('%Y-%m-%dT%H:%M:%S', 1769860800 + n, 'unixepoch') || '.000000Z', n, 1048576, \
                 'm' || (n % 2), printf('%0{body_bytes}d', 0) FROM numbers"
            ))
            .await;
        stored
    }

    async fn execute(&self, sql: &str) {
        let database = libsql::Builder::new_local(&self.database).build().await.unwrap();
        let connection = database.connect().unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection.execute(sql, ()).await.unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.functions.address())
    }

    async fn json(&self, path: &str) -> Value {
        Client::default().get_json(&self.url(path)).await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let answer = Client::default().send(Request::get(self.url(path)).body("").unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        String::from_utf8(answer.body().to_vec()).unwrap()
    }
}
