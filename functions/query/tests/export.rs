//! Exports and large pages: whole, in order, in constant memory, and visibly broken where they cannot go on.

use std::cell::Cell;

use crate::service::{Service, ids};
use gatelog_functions_shared::Body;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};
use serde_json::Value;

#[tokio::test(flavor = "current_thread")]
async fn an_export_holds_every_record_once_in_the_order_of_time() {
    let query = Service::with_numbered(1_234).await;
    for (order, first, last) in [("DESC", "1234", "1"), ("ASC", "1", "1234")] {
        let uri = format!("/query?format=ndjson&sort_order={order}");
        let (headers, text) = query.text(&uri, "").await.unwrap();
        assert_eq!(headers["content-type"], "application/x-ndjson");
        assert_eq!(headers["content-disposition"], "attachment; filename=\"access_logs.ndjson\"");
        let ids: Vec<String> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["record_id"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!((ids.len(), ids[0].as_str(), ids[1_233].as_str()), (1_234, first, last));
        let mut different = ids.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), 1_234);

        let uri = format!("/query?format=csv&fields=record_id&sort_order={order}");
        let (_, text) = query.text(&uri, "").await.unwrap();
        let expected: String = ids.iter().map(|id| format!("{id}\r\n")).collect();
        assert_eq!(text, format!("record_id\r\n{expected}"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_export_takes_filters_pages_and_cursors() {
    let query = Service::with_numbered(30).await;
    for (parameters, expected) in [
        ("duration=5-7", "7 6 5"),
        ("duration=5-7&page_size=2", "7 6"),
        ("page_size=3&page=2", "27 26 25"),
        ("sort_by=duration&sort_order=ASC&page_size=2", "1 2"),
        ("duration=99", ""),
    ] {
        let uri = format!("/query?format=csv&fields=record_id&{parameters}");
        let (_, text) = query.text(&uri, "").await.unwrap();
        let ids: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(ids.join(" "), expected, "{parameters}");
    }
    let (_, page) = query.get("/query?page_size=25").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, text) =
        query.text(&format!("/query?format=csv&fields=record_id&cursor={cursor}"), "").await.unwrap();
    assert_eq!(text, "record_id\r\n5\r\n4\r\n3\r\n2\r\n1\r\n");
}

#[tokio::test(flavor = "current_thread")]
async fn the_header_accept_chooses_the_form_and_the_parameter_overrides_it() {
    let query = Service::with_numbered(1).await;
    for (uri, accept, expected) in [
        ("/query", "*/*", "application/json"),
        ("/query", "text/csv", "text/csv; charset=utf-8; header=present"),
        ("/query", "application/x-ndjson", "application/x-ndjson"),
        ("/query", "application/json;q=0.1, text/csv", "text/csv; charset=utf-8; header=present"),
        ("/query", "application/json;q=0, */*", "application/x-ndjson"),
        ("/query?format=json", "*/*;q=0", "application/json"),
        ("/query?format=json", "text/csv", "application/json"),
        ("/query?format=csv", "application/json", "text/csv; charset=utf-8; header=present"),
    ] {
        let (headers, _) = query.text(uri, accept).await.unwrap();
        assert_eq!(headers["content-type"], expected, "{uri} {accept}");
        assert_eq!(headers["vary"], "accept");
    }
    let refused = query.answer("/query", "application/json;q=0").await;
    assert_eq!(refused.status(), 406);
    let error = String::from_utf8(refused.body().as_bytes().to_vec()).unwrap();
    assert!(error.contains("application/x-ndjson"), "{error}");
}

#[tokio::test(flavor = "current_thread")]
async fn an_ascending_export_ends_with_the_records_that_were_there_when_it_began() {
    let query = Service::with_numbered(1_000).await;
    for end in ["", "&end=2037-01-01"] {
        let response = query.answer(&format!("/query?format=ndjson&sort_order=ASC{end}"), "").await;
        let Body::Stream(mut chunks) = response.into_body() else { unreachable!("it is long") };
        let mut text = Vec::new();
        let mut number = 0;
        // For each part that is read, more records come than it has.
        while let Some(chunk) = chunks.next().await {
            text.extend_from_slice(&chunk.unwrap());
            number += 1;
            assert!(number < 100, "it follows the newest records{end}");
            query.insert(&later(number, 200)).await;
        }
        let ids: Vec<String> = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                serde_json::from_slice::<Value>(line).unwrap()["record_id"].as_str().unwrap().to_owned()
            })
            .collect();
        let (first, later): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| !id.contains('-'));
        assert_eq!((first.len(), first[0].as_str(), first[999].as_str()), (1_000, "1", "1000"));
        assert_eq!(later.is_empty(), end.is_empty(), "the second one has those that the first one left out");
    }
    let empty = Service::with("").await;
    let (_, text) = empty.text("/query?format=csv&fields=record_id&sort_order=ASC", "").await.unwrap();
    assert_eq!(text, "record_id\r\n");
}

/// Records that begin an hour after the others.
fn later(number: usize, count: usize) -> String {
    let (hour, minute) = (13 + number / 60, number % 60);
    let record = |place| {
        let time = format!("2026-01-31T{hour}:{minute:02}:00Z");
        format!("{{\"record_id\":\"{number}-{place}\",\"start_time\":\"{time}\"}}\n")
    };
    (0..count).map(record).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn a_lone_dash_of_csv_stays_as_it_is() {
    let record = r#"{"record_id":"c1","response_flags":"-","route_name":"-","path":"=1+1","model":"\u00a0=1","consumer":"＝1"}"#;
    let query = Service::with(record).await;
    let uri = "/query?format=csv&fields=response_flags,route_name,path,model,consumer";
    let (_, text) = query.text(uri, "").await.unwrap();
    let expected = "response_flags,route_name,path,model,consumer\r\n-,-,'=1+1,'\u{a0}=1,'＝1\r\n";
    assert_eq!(text, expected);
}

#[tokio::test(flavor = "current_thread")]
async fn csv_is_quoted_and_harmless_in_a_spreadsheet() {
    let record = r#"{"record_id":"1","path":"=HYPERLINK(\"http://x\")","user_agent":"+1","model":"-1","api":"@a","consumer":"\tx","route":"\rx","service":"a,\"b\"\nc","duration":-5,"ai_log":{"a":"=1"}}"#;
    let query = Service::with(record).await;
    let uri =
        "/query?format=csv&fields=path,user_agent,model,api,consumer,route,service,duration,ai_log,mcp_tool";
    let (_, text) = query.text(uri, "").await.unwrap();
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let cells: Vec<&str> = rows[1].iter().collect();
    assert_eq!(
        cells,
        [
            "'=HYPERLINK(\"http://x\")",
            "'+1",
            "'-1",
            "'@a",
            "'\tx",
            "'\rx",
            "a,\"b\"\nc",
            "-5",
            "{\"a\":\"=1\"}",
            ""
        ]
    );
}

#[tokio::test(flavor = "current_thread")]
async fn json_that_was_stored_in_lines_stays_on_one_line_of_ndjson() {
    let query = Service::with("[{\"record_id\":\"1\",\"ai_log\":{\"a\":\n\"x\\ny\"\r\n}}]").await;
    let (_, text) = query.text("/query?format=ndjson", "").await.unwrap();
    assert_eq!(text.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["ai_log"]["a"], "x\ny");
}

#[tokio::test(flavor = "current_thread")]
async fn a_large_page_is_whole_and_never_in_memory_at_once() {
    // 150 records of 400 kB: 60 MB.
    let body = "x".repeat(65_536);
    let headers = format!("{{\"a\":\"{}\"}}", "y".repeat(250_000));
    let records: String = (1..=150)
        .map(|number| {
            format!("{{\"record_id\":\"{number}\",\"request_body\":\"{body}\",\"response_body\":\"{body}\",\"request_headers\":{headers}}}\n")
        })
        .collect();
    let query = Service::with(&records).await;
    let response = query.answer("/query?page_size=140", "").await;
    let Body::Stream(mut chunks) = response.into_body() else { unreachable!("it is large") };
    let (mut whole, mut largest) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.unwrap();
        largest = largest.max(chunk.len());
        whole.extend_from_slice(&chunk);
    }
    assert!(largest < 1_000_000, "{largest}");
    let answer: Value = serde_json::from_slice(&whole).unwrap();
    let expected: Vec<String> = (11..=150).rev().map(|number| number.to_string()).collect();
    assert_eq!(ids(&answer), expected.join(" "));
    assert_eq!((&answer["total"], &answer["status"]), (&150.into(), &"success".into()));
    let (_, rest) = query
        .get(&format!(
            "/query?fields=record_id&page_size=20&cursor={}",
            answer["next_cursor"].as_str().unwrap()
        ))
        .await;
    assert_eq!(ids(&rest), "10 9 8 7 6 5 4 3 2 1");
}

/// A database that notes how much its largest answer holds.
#[derive(Debug)]
struct Measured {
    database: NativeSqlite,
    largest: Cell<usize>,
}

impl Executor for Measured {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let rows = self.database.run(statement).await?;
        let bytes = rows.iter().flatten().filter_map(|value| value.as_text()).map(str::len).sum();
        self.largest.set(self.largest.get().max(bytes));
        Ok(rows)
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_page_and_no_export_of_large_logs_is_read_beyond_its_bound() {
    let log = "x".repeat(250_000);
    let records: String = (1..=60)
        .map(|number| format!("{{\"record_id\":\"{number}\",\"ai_log\":{{\"answer\":\"{log}\"}}}}\n"))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let query = Service::over(Measured { database, largest: Cell::new(0) }, folder, &records).await;
    for uri in ["/query?page_size=1000", "/query?format=ndjson", "/query?format=csv&fields=ai_log"] {
        query.database.largest.set(0);
        let (_, text) = query.text(uri, "").await.unwrap();
        assert!(text.len() > 60 * 250_000, "{uri}");
        let largest = query.database.largest.get();
        assert!((1_000_000..5_000_000).contains(&largest), "{uri}: {largest}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_failure_in_the_middle_breaks_the_body_off_and_one_before_it_has_a_status() {
    for format in ["json&page_size=1000", "ndjson", "csv"] {
        let query = Service::with_numbered(1_100).await;
        let response = query.answer(&format!("/query?format={format}"), "").await;
        let Body::Stream(mut chunks) = response.into_body() else { unreachable!("it is long") };
        assert!(chunks.next().await.unwrap().is_ok());
        let other = libsql::Builder::new_local(query.folder.path().join("gatelog.db")).build().await.unwrap();
        other.connect().unwrap().execute("DROP TABLE access_logs", ()).await.unwrap();
        let mut last = None;
        while let Some(chunk) = chunks.next().await {
            last = Some(chunk);
        }
        assert!(last.unwrap().is_err(), "{format}");
        let (status, answer) = query.get(&format!("/query?format={format}")).await;
        assert_eq!((status, &answer["status"]), (500, &"error".into()), "{format}");
    }
}
