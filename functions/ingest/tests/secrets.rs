//! Secrets in what is stored: OpenTelemetry's logs lose them, records that are pushed stay as they are.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use bytes::Bytes;
use gatelog_ingest::{Ingest as Function, IngestConfig};
use gatelog_record::{FieldValue, fields};
use gatelog_redact::Redact;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::query::{Direction, Page, Query, Sort, records};
use http::Request;
use serde_json::{Value, json};

use crate::ingest::{TestHost, config};
use crate::logs::{database, export, send};

#[tokio::test(flavor = "current_thread")]
async fn a_secret_in_a_log_record_is_not_stored() {
    let (database, folder) = database().await;
    let line = r#"[2026-11-30T12:00:00.123Z] "GET /line?sig=s3cr3t HTTP/1.1" 200 - 0 5 3 2 "-" "curl" "id" "u:s3cr3t@h" "10.0.0.1:80""#;
    let mut logs = export(&[
        with_secrets(),
        json!({"method": "GET", "url.path": "/b;jsessionid=s3cr3t", "url.query": "to=%2Fx%3Fcode%3Ds3cr3t"}),
        json!({"method": "GET", "url.full": "https://u:s3cr3t@shop/c?key=s3cr3t"}),
    ]);
    let of_line = json!({"timeUnixNano": "1796040000000000009", "body": {"stringValue": line}});
    logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array_mut().unwrap().push(of_line);
    let response = send(&database, &config(), "application/json", logs.to_string()).await;
    assert_eq!((response.status().as_u16(), response.body().as_bytes()), (200, &b"{}"[..]));
    assert_eq!(records::count(&database, &[]).await.unwrap(), 4);
    let mut paths = texts(&database, "path").await;
    paths.sort();
    assert_eq!(
        paths,
        [
            "/b;jsessionid=REDACTED?to=%2Fx%3Fcode%3DREDACTED",
            "/c?key=REDACTED",
            "/line?sig=REDACTED",
            "https://REDACTED@shop/a?api_key=REDACTED&page=2",
        ]
    );
    assert!(!holds_a_secret(&folder));
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_secret_in_log_records_can_be_changed() {
    let (database, folder) = database().await;
    let names = |name: &str| vec![name.to_owned()];
    let redact_otlp = Redact { query: names("pin"), allow: names("code"), ..Redact::default() };
    let config = IngestConfig { redact_otlp, ..config() };
    let logs = export(&[json!({"method": "GET", "path": "/a?code=de&pin=s3cr3t&sig=s3cr3t"})]).to_string();
    send(&database, &config, "application/json", logs).await;
    assert_eq!(texts(&database, "path").await, ["/a?code=de&pin=REDACTED&sig=REDACTED"]);
    assert!(!holds_a_secret(&folder));
    let config = IngestConfig { redact_otlp: Redact { defaults: false, ..Redact::default() }, ..config };
    send(&database, &config, "application/json", export(&[with_secrets()]).to_string()).await;
    assert!(holds_a_secret(&folder));
}

#[tokio::test(flavor = "current_thread")]
async fn records_that_are_pushed_are_stored_as_they_are() {
    let (database, folder) = database().await;
    let body = json!({"record_id": "a", "path": "/a?api_key=s3cr3t"}).to_string();
    let request = Request::post("/ingest").body(Bytes::from(body)).unwrap();
    let response = Function::new(config(), &database, TestHost::default()).handle(request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(texts(&database, "path").await, ["/a?api_key=s3cr3t"]);
    assert!(holds_a_secret(&folder));
}

/// This field of all records, where it is a text.
async fn texts(database: &NativeSqlite, field: &str) -> Vec<String> {
    let page = Page::Offset { offset: 0, limit: 10 };
    let sort = Sort { by: fields::field("start_time").unwrap(), direction: Direction::Ascending };
    let query = Query { filters: vec![], sort, page };
    let records = records::page(database, &query).await.unwrap();
    let fields = records.iter().flat_map(|record| record.fields());
    let texts = fields.filter_map(|(found, value)| match value {
        FieldValue::Text(text) if found.name == field => Some(text.to_owned()),
        _ => None,
    });
    texts.collect()
}

/// A log record with a secret wherever a record has a place for one.
fn with_secrets() -> Value {
    let url = "https://u:s3cr3t@shop/a?api_key=s3cr3t&page=2";
    json!({
        "method": "GET",
        "path": url,
        "upstream_path": "/a?token=s3cr3t",
        "authority": "u:s3cr3t@shop",
        "http.request.header.authorization": "Bearer s3cr3t",
        "http.request.header.referer": url,
        "http.response.header.location": "/cb#access_token=s3cr3t",
        "http.request.body.content": "password=s3cr3t&a=1",
        "http.response.body.content": r#"{"client_secret":"s3cr3t"}"#,
    })
}

/// Whether the database's files hold the secret.
fn holds_a_secret(folder: &tempfile::TempDir) -> bool {
    let files = std::fs::read_dir(folder.path()).unwrap();
    let contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let found = contents.filter(|bytes| bytes.windows(6).any(|bytes| bytes == b"s3cr3t")).count();
    found > 0
}
