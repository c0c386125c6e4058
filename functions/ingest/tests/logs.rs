//! What senders of OpenTelemetry's logs see at `/v1/logs`, on a real database.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use bytes::Bytes;
use gatelog_functions_shared::Response;
use gatelog_ingest::{Ingest as Function, IngestConfig};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::query::records;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};
use http::Request;
use serde_json::{Value, json};

use crate::ingest::{TestHost, config};

#[tokio::test(flavor = "current_thread")]
async fn logs_are_stored_once_and_those_that_are_no_requests_are_a_partial_success() {
    let (database, _folder) = database().await;
    let logs = export(&[
        json!({"method": "GET", "path": "/a"}),
        json!({"level": "info"}),
        json!({"http.status_code": "404"}),
    ]);
    for _ in 0..2 {
        let response = send(&database, &config(), "application/json", logs.to_string()).await;
        let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        assert_eq!(
            (response.status().as_u16(), &answer["partialSuccess"]["rejectedLogRecords"]),
            (200, &json!("1"))
        );
        let message = answer["partialSuccess"]["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("log record 1: it is no access record"), "{message}");
    }
    assert_eq!(records::count(&database, &[]).await.unwrap(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_of_which_all_is_stored_gets_an_empty_message_in_its_encoding() {
    let (database, _folder) = database().await;
    for (content_type, body, answer) in
        [("application/json", "{}", &b"{}"[..]), ("application/x-protobuf", "", b"")]
    {
        let response = send(&database, &config(), content_type, body.to_owned()).await;
        assert_eq!((response.status().as_u16(), response.body().as_bytes()), (200, answer));
        assert_eq!(response.headers()["content-type"], content_type);
    }
    // What Envoy 1.40 sends.
    let envoy = include_bytes!("../../../otlp/testdata/envoy_1_40.pb");
    let request = Request::post("/v1/logs").header("content-type", "application/x-protobuf");
    let request = request.body(Bytes::from_static(envoy)).unwrap();
    let response = Function::new(config(), &database, TestHost::default()).handle(request).await;
    assert_eq!((response.status().as_u16(), response.body().as_bytes()), (200, &b""[..]));
    assert_eq!(records::count(&database, &[]).await.unwrap(), 4);
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_refused_says_why_in_the_form_of_otlp() {
    let (database, _folder) = database().await;
    let config = IngestConfig { max_batch_records: 1, ..config() };
    let two = export(&[json!({"method": "GET"}), json!({"method": "PUT"})]).to_string();
    for (content_type, body, status, code, words) in [
        ("application/json", "[", 400, 3, "not an ExportLogsServiceRequest in JSON"),
        ("application/json", &two, 413, 8, "more than 1 log records"),
        ("text/plain", "{}", 415, 3, "send application/x-protobuf or application/json"),
    ] {
        let response = send(&database, &config, content_type, body.to_owned()).await;
        let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        assert_eq!((response.status().as_u16(), answer["code"].as_u64()), (status, Some(code)));
        assert!(answer["message"].as_str().unwrap().contains(words), "{answer}");
        let length = response.body().as_bytes().len().to_string();
        assert_eq!(response.headers()["content-length"], *length);
    }
    let request = Request::get("/v1/logs").body(Bytes::new()).unwrap();
    let response = Function::new(config, &database, TestHost::default()).handle(request).await;
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_database_that_fails_in_any_way_is_answered_503_with_a_time_to_retry() {
    struct Fails(fn() -> StorageError);
    impl Executor for Fails {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
            Err(self.0())
        }
    }
    let unavailable = || StorageError::Unavailable { reason: "/secret".into() };
    let unexpected = || StorageError::UnexpectedAnswer { statement: "a statement", reason: "/secret".into() };
    for failure in [unavailable as fn() -> StorageError, unexpected] {
        let body = export(&[json!({"method": "GET"})]).to_string();
        let request = Request::post("/v1/logs").header("content-type", "application/json");
        let function = Function::new(config(), Fails(failure), TestHost::default());
        let response = function.handle(request.body(Bytes::from(body)).unwrap()).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &"2".parse().unwrap())
        );
        let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        assert_eq!(answer["code"], 14);
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
}

pub async fn database() -> (NativeSqlite, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap(), folder)
}

pub async fn send(
    database: &NativeSqlite,
    config: &IngestConfig,
    content_type: &str,
    body: String,
) -> Response {
    let request =
        Request::post("/v1/logs").header("content-type", content_type).body(Bytes::from(body)).unwrap();
    Function::new(config.clone(), database, TestHost::default()).handle(request).await
}

/// An export request whose log records have these texts as attributes, and times of their own.
pub fn export(log_records: &[Value]) -> Value {
    let log_records = log_records.iter().enumerate().map(|(index, attributes)| {
        let attributes = attributes.as_object().unwrap().iter();
        let attributes: Value =
            attributes.map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect();
        json!({"timeUnixNano": (1_796_040_000_000_000_000_u64 + index as u64).to_string(), "attributes": attributes})
    });
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": log_records.collect::<Vec<_>>()}]}]})
}
