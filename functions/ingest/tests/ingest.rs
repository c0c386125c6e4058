//! Tests of what clients of `/ingest` see, on a real database: records stored once, good ones beside bad ones,
//! and the errors of refused requests.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a wrong shape fails the test")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gatelog_functions_shared::{Environment, Response, Token};
use gatelog_ingest::forward::Setup;
use gatelog_ingest::{Ingest as Function, IngestConfig};
use gatelog_prices::ConfiguredTable;
use gatelog_record::{FieldValue, Timestamp};
use gatelog_redact::Redact;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::schema::Partitioning;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, query::records};
use http::Request;
use serde_json::{Value, json};

const RECORD: &str = r#"{"method":"GET"}"#;
const GO_RECORD: &str = include_str!("../../../record/testdata/db_log_pusher.json");

#[tokio::test(flavor = "current_thread")]
async fn one_object_an_array_and_lines_are_stored_and_counted() {
    let ingest = Ingest::new().await;
    let go = ingest.post(GO_RECORD).await;
    assert_eq!(go, (200, json!({"accepted": 1, "duplicates": 0, "rejected": []})));
    let array = ingest.post(r#"[{"record_id":"a"},{"record_id":"b"}]"#).await;
    assert_eq!(array, (200, json!({"accepted": 2, "duplicates": 0, "rejected": []})));
    let lines = ingest.post("{\"record_id\":\"c\"}\n{\"record_id\":\"d\"}\n").await;
    assert_eq!(lines, (200, json!({"accepted": 2, "duplicates": 0, "rejected": []})));
    let empty = ingest.post("[]").await;
    assert_eq!(empty, (200, json!({"accepted": 0, "duplicates": 0, "rejected": []})));
    assert_eq!(ingest.stored().await, 5);
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_sent_again_is_counted_as_duplicate_and_stored_once() {
    let ingest = Ingest::new().await;
    let batch = r#"[{"record_id":"a"},{"record_id":"b"},{"record_id":"a"}]"#;
    let first = ingest.post(batch).await;
    assert_eq!(first, (200, json!({"accepted": 2, "duplicates": 1, "rejected": []})));
    let again = ingest.post(batch).await;
    assert_eq!(again, (200, json!({"accepted": 0, "duplicates": 3, "rejected": []})));
    assert_eq!(ingest.stored().await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn bad_records_are_rejected_one_by_one_and_the_others_stored() {
    let ingest = Ingest::new().await;
    let long_id = "x".repeat(40);
    let batch = format!(
        r#"[{{"record_id":"a"}},{{"response_code":"ok"}},7,{{"record_id":"{long_id}"}},{{"record_id":"b"}},{{"response_code":70000}}]"#
    );
    let (status, answer) = ingest.post(batch).await;
    assert_eq!(status, 200);
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(0)));
    let rejected = answer["rejected"].as_array().unwrap();
    let indexes: Vec<_> = rejected.iter().map(|one| one["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [1, 2, 3, 5]);
    for (one, word) in rejected.iter().zip(["response_code", "integer", "record_id", "response_code"]) {
        assert!(one["error"].as_str().unwrap().contains(word), "{one}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_without_id_or_time_gets_them() {
    let ingest = Ingest::new().await;
    ingest.post(r#"[{"method":"GET"},{"method":"GET"}]"#).await;
    assert_eq!(ingest.stored().await, 2);
    // The second id generated from the test's random bytes.
    let id = "019c13ec-9e7b-7202-8202-020202020202";
    let stored = records::by_record_id(&ingest.database, id).await.unwrap().unwrap();
    assert_eq!(stored.start_time(), Some(now()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_value_over_its_limit_is_cut_and_the_record_stored() {
    let ingest = Ingest::new().await;
    let (path, model) = ("/é".repeat(10_000), "m".repeat(300));
    let (status, _) =
        ingest.post(json!({"record_id": "a", "path": path, "model": model, "user_agent": "a\0b"})).await;
    assert_eq!(status, 200);
    let stored = records::by_record_id(&ingest.database, "a").await.unwrap().unwrap();
    for (field, value) in stored.fields() {
        match (field.name, value) {
            ("path", FieldValue::Text(path)) => assert_eq!(path.chars().count(), 8_192),
            ("model", FieldValue::Text(model)) => assert_eq!(model.len(), 255),
            ("user_agent", FieldValue::Text(agent)) => assert_eq!(agent, "ab"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_read_is_refused_with_the_reason() {
    let ingest = Ingest::new().await;
    for (status, words, body) in [
        (400, "empty", &b" \n"[..]),
        (400, "not JSON", b"{"),
        (400, "not JSON", b"[{}"),
        (400, "2 of 2 records cannot be read: record 0: it has no key of an access record", b"{}\n{"),
        (400, "not JSON", b"\xff\xfe\xfd"),
        (400, "response_code", br#"{"response_code":"ok"}"#),
        (400, "start_time: \"yesterday\" is not a time", br#"{"start_time":"yesterday"}"#),
        (
            400,
            "start_time: \"2038-01-19 03:14:08\" is not between",
            br#"{"start_time":"2038-01-19 03:14:08"}"#,
        ),
        (400, "record 0", b"7"),
        (413, "more than 5 records", b"[{},{},{},{},{},{}]"),
        (413, "more than 5 records", b"[{},{},{},{},{},no JSON"),
        (413, "more than 5 records", b"{}\n{}\n{}\n{}\n{}\nno JSON"),
        (413, "larger than 2000 bytes", &[b' '; 2_001]),
    ] {
        let config = IngestConfig { max_body_bytes: 2_000, max_batch_records: 5, ..config() };
        let request = Request::post("/ingest").body(Bytes::copy_from_slice(body)).unwrap();
        let answer = ingest.send(request, &config).await;
        assert_refused(answer, status, words);
    }
    assert_eq!(ingest.stored().await, 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_wrong_request_is_refused_with_a_hint_at_the_right_form() {
    let ingest = Ingest::new().await;
    for (method, header, value, status, words) in [
        ("GET", "accept", "*/*", 405, "POST"),
        ("PUT", "accept", "*/*", 405, "POST"),
        ("HEAD", "accept", "*/*", 405, "POST"),
        ("POST", "content-encoding", "br", 415, "send gzip, zstd"),
        ("POST", "content-encoding", "gzip", 400, "not valid gzip"),
        ("POST", "content-length", "99999999999", 413, "larger than"),
    ] {
        let request = Request::builder().method(method).uri("/ingest").header(header, value);
        let response = ingest.answer(request.body(Bytes::from(RECORD)).unwrap(), &config()).await;
        if status == 405 {
            assert_eq!(response.headers()["allow"], "POST");
        }
        assert_refused(split(&response), status, words);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_body_that_is_json_is_read_whatever_its_type_and_the_type_matters_only_otherwise() {
    let ingest = Ingest::new().await;
    for (content_type, status, words) in [
        ("", 400, "not JSON"),
        ("application/json", 400, "not JSON"),
        ("application/json; charset=utf-8", 400, "not JSON"),
        ("Application/JSON;charset=\"UTF8\"", 400, "not JSON"),
        ("application/x-ndjson", 400, "not JSON"),
        ("application/x-www-form-urlencoded", 400, "not JSON"),
        ("text/plain", 400, "not JSON"),
        ("text/xml", 415, "text/xml"),
        ("multipart/form-data; boundary=x", 415, "multipart/form-data"),
        ("application/json; charset=latin1", 415, "latin1"),
    ] {
        let request = || match content_type {
            "" => Request::post("/ingest"),
            _ => Request::post("/ingest").header("content-type", content_type),
        };
        let answer = ingest.send(request().body(Bytes::from(RECORD)).unwrap(), &config()).await;
        assert_eq!(answer.0, 200, "{content_type}");
        let answer = ingest.send(request().body(Bytes::from("<a/>")).unwrap(), &config()).await;
        assert_refused(answer, status, words);
    }
    assert_eq!(ingest.stored().await, 10);
}

#[tokio::test(flavor = "current_thread")]
async fn everything_that_the_go_collector_accepts_is_accepted() {
    let ingest = Ingest::new().await;
    for (number, (body, path)) in [
        (&br#"{"path":"/0","start_time":"2026-01-31 12:00:00"} and what stands behind"#[..], "/0"),
        (br#"{"Path":"/1","START_TIME":"2026-01-31T12:00:00"}"#, "/1"),
        (b"{\"path\":\"/\xff\",\"start_time\":\"2026-01-31 12:00:00.0\"}", "/\u{fffd}"),
        (br#"{"path":"/\ud83d","start_time":"2026-01-31T20:00:00+08:00"}"#, "/\u{fffd}"),
        (br#"{"path":"/4","path":null,"start_time":"20260131120000"}"#, "/4"),
        (b"\n {\n\"path\"\n:\n\"/5\",\"start_time\":\"2026-01-31T12:00:00Z\"}", "/5"),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = ingest.post(body.to_vec()).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{number}: {answer}");
        let id = format!(
            "019c13ec-9e7b-7{0:x}{0:02x}-8{0:x}{0:02x}-{1}",
            number + 1,
            format!("{:02x}", number + 1).repeat(6)
        );
        let stored = records::by_record_id(&ingest.database, &id).await.unwrap().unwrap();
        assert_eq!(stored.start_time().unwrap().to_string(), "2026-01-31T12:00:00.000000Z");
        assert!(stored.fields().any(|(field, value)| {
            field.name == "path" && matches!(value, FieldValue::Text(stored) if stored == path)
        }));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_broken_record_does_not_affect_the_others() {
    let ingest = Ingest::new().await;
    for (body, accepted, rejected) in [
        (&b"{\"path\":\"/a\"}\n{\"path\":\n{\"path\":\"/b\"}\n"[..], 2, vec![1]),
        (b"[{\"path\":\"/a\"},{\"path\":\"/\xff\"},{\"path\":\"/b\"}]", 3, vec![]),
        (
            br#"[{"path":"/a"},{"path":"/\udc00"},{"level":"info"},{"start_time":"9999-01-01T00:00:00Z"}]"#,
            2,
            vec![2, 3],
        ),
        (
            br#"[{"path":"/a","input_tokens":9223372036854775807},{"path":"/b","ai_log":{"a":1e400}}]"#,
            2,
            vec![],
        ),
        (br#"[{"path":"/a","total_tokens":"many"},{"path":"/b","request_headers":7}]"#, 2, vec![]),
    ] {
        let (status, answer) = ingest.post(body.to_vec()).await;
        assert_eq!((status, &answer["accepted"]), (200, &json!(accepted)), "{answer}");
        let indexes: Vec<_> =
            answer["rejected"].as_array().unwrap().iter().map(|one| one["index"].clone()).collect();
        assert_eq!(indexes, rejected, "{answer}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_response_is_small_whatever_was_sent() {
    let ingest = Ingest::new().await;
    let long = "x".repeat(1_000);
    let records = vec![format!(r#"{{"start_time":"{long}","{long}":"{long}"}}"#); 2_000].join(",");
    let (status, answer) = ingest.post(format!("[{records}]")).await;
    assert_eq!((status, answer["rejected"].as_array().unwrap().len()), (400, 2_000));
    assert!(answer.to_string().len() < 256 * 1024, "{} bytes", answer.to_string().len());
}

#[tokio::test(flavor = "current_thread")]
async fn with_a_token_only_its_bearers_can_store_records() {
    let ingest = Ingest::new().await;
    let config = IngestConfig { token: Token::new("secret"), ..config() };
    for (authorization, status) in [("Bearer secret", 200), ("Bearer wrong", 401), ("", 401)] {
        let request = Request::post("/ingest").header("authorization", authorization);
        let response = ingest.answer(request.body(Bytes::from(RECORD)).unwrap(), &config).await;
        assert_eq!(response.status(), status, "{authorization}");
        assert_eq!(response.headers().contains_key("www-authenticate"), status == 401);
    }
    assert_eq!(ingest.stored().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_database_that_fails_is_answered_503_with_a_time_to_retry() {
    struct Down;
    impl Executor for Down {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
            Err(StorageError::Unavailable { reason: "/secret/path is locked".into() })
        }
    }
    let request = Request::post("/ingest").body(Bytes::from(RECORD)).unwrap();
    let response = Function::new(config(), Down, TestHost::default()).handle(request).await;
    assert_eq!(response.headers()["retry-after"], "2");
    let (status, answer) = split(&response);
    assert_eq!(status, 503);
    assert!(!answer.to_string().contains("secret"), "{answer}");
}

#[tokio::test(flavor = "current_thread")]
async fn variables_that_cannot_be_used_are_named() {
    let read = IngestConfig::read(&[("max_body_bytes", "lots"), ("max_batch_records", "0")], no_file).await;
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("max_body_bytes: \"lots\"") && error.contains("max_batch_records: \"0\""),
        "{error}"
    );
    let (read, receivers) =
        IngestConfig::read(&[("max_batch_records", "7"), ("ingest_token", "t")], no_file).await.unwrap();
    assert!(matches!(receivers.syslog, Setup::Off { given } if given.is_empty()));
    assert!(matches!(receivers.otlp, Setup::Off { given } if given.is_empty()));
    assert_eq!((read.max_batch_records, read.token.is_required()), (7, true));
}

fn no_file(_: &str) -> std::io::Result<String> {
    Err(std::io::ErrorKind::NotFound.into())
}

struct Ingest {
    database: NativeSqlite,
    host: TestHost,
    _folder: tempfile::TempDir,
}

impl Ingest {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        Self { database, host: TestHost::default(), _folder: folder }
    }

    async fn post(&self, body: impl IntoBytes) -> (u16, Value) {
        let request = Request::post("/ingest").body(body.into_bytes()).unwrap();
        self.send(request, &config()).await
    }

    async fn send(&self, request: Request<Bytes>, config: &IngestConfig) -> (u16, Value) {
        split(&self.answer(request, config).await)
    }

    async fn answer(&self, request: Request<Bytes>, config: &IngestConfig) -> Response {
        Function::new(config.clone(), &self.database, self.host.clone()).handle(request).await
    }

    async fn stored(&self) -> u64 {
        records::count(&self.database, &[]).await.unwrap()
    }
}

/// A host whose time stands still.
#[derive(Clone, Default)]
pub struct TestHost {
    /// The last random byte: the test's ids are 1, 2, 3…
    drawn: Rc<Cell<u8>>,
}

impl Environment for TestHost {
    fn now(&self) -> Timestamp {
        now()
    }

    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.drawn.set(self.drawn.get() + 1);
        bytes.fill(self.drawn.get());
    }

    async fn sleep(&self, _: Duration) {}
}

trait IntoBytes {
    fn into_bytes(self) -> Bytes;
}

impl IntoBytes for &'static str {
    fn into_bytes(self) -> Bytes {
        Bytes::from(self)
    }
}

impl IntoBytes for String {
    fn into_bytes(self) -> Bytes {
        Bytes::from(self)
    }
}

impl IntoBytes for Vec<u8> {
    fn into_bytes(self) -> Bytes {
        Bytes::from(self)
    }
}

impl IntoBytes for Value {
    fn into_bytes(self) -> Bytes {
        Bytes::from(self.to_string())
    }
}

pub fn config() -> IngestConfig {
    IngestConfig {
        token: Token::default(),
        max_body_bytes: IngestConfig::MAX_BODY_BYTES,
        max_decompressed_bytes: IngestConfig::MAX_DECOMPRESSED_BYTES,
        body_timeout: IngestConfig::BODY_TIMEOUT,
        max_batch_records: IngestConfig::MAX_BATCH_RECORDS,
        group: IngestConfig::GROUP,
        retention_days: 0,
        partitioning: Partitioning::None,
        prices: ConfiguredTable::default(),
        max_metric_models: 100,
        redact_otlp: Redact::default(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_769_860_800_123_456)
}

fn split(response: &Response) -> (u16, Value) {
    assert_eq!(response.headers()["content-type"], "application/json");
    (response.status().as_u16(), serde_json::from_slice(response.body().as_bytes()).unwrap())
}

fn assert_refused((status, answer): (u16, Value), expected: u16, words: &str) {
    assert_eq!((status, answer["status"].as_str()), (expected, Some("error")), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains(words), "{words}: {answer}");
}
