//! Setups from the field with the expected responses of `/ingest`: `testdata/cases`.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::cell::Cell;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use gatelog_functions_shared::Environment;
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, Value as Parameter, query::records};
use http::Request;
use serde_json::{Value, json};

/// A database that refuses statements of more bytes than this, like MySQL with its `max_allowed_packet`.
struct Small {
    inner: NativeSqlite,
    max_bytes: usize,
    refused: Cell<usize>,
}

impl Executor for Small {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let texts = statement.params().iter().filter_map(Parameter::as_text);
        if texts.map(str::len).sum::<usize>() > self.max_bytes {
            self.refused.set(self.refused.get() + 1);
            // `storage/src/driver/mysql_errors.rs` classifies the server's messages, and tests it with this case's
            // text.
            return Err(StorageError::TooLarge {
                reason: "1153: Got a packet bigger than 'max_allowed_packet'".into(),
            });
        }
        self.inner.run(statement).await
    }
}

#[derive(Clone)]
struct Still;

impl Environment for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_769_860_800_000_000)
    }

    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    async fn sleep(&self, _: Duration) {}
}

/// The database, and the response to a push of records with bodies of these sizes.
async fn push(max_bytes: usize, bodies: &[usize]) -> (Small, Value) {
    let folder = tempfile::tempdir().unwrap();
    let inner = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let database = Small { inner, max_bytes, refused: Cell::default() };
    let record = |(number, bytes): (usize, &usize)| json!({"record_id": number.to_string(), "request_body": "x".repeat(*bytes)});
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let (config, _) =
        IngestConfig::read(&[("store", "libsql")], |_| Err(io::ErrorKind::NotFound.into())).await.unwrap();
    let request = Request::post("/ingest").body(Bytes::from(Value::from(records).to_string())).unwrap();
    let response = Ingest::new(config, &database, Still).handle(request).await;
    assert_eq!(response.status(), 200);
    let answer = serde_json::from_slice(response.body().as_bytes()).unwrap();
    (database, answer)
}

#[tokio::test(flavor = "current_thread")]
async fn a_batch_that_is_larger_than_a_packet_is_stored_in_parts() {
    let case: Value =
        serde_json::from_str(include_str!("../testdata/cases/56-max-allowed-packet.json")).unwrap();
    let number = |pointer: &str| usize::try_from(case.pointer(pointer).unwrap().as_u64().unwrap()).unwrap();
    let bodies = vec![number("/push/each_has/request_body_bytes"); number("/push/records")];
    let (database, answer) = push(number("/server/max_allowed_packet"), &bodies).await;
    assert_eq!(answer, json!({"accepted": bodies.len(), "duplicates": 0, "rejected": []}));
    assert!(database.refused.get() > 0);
    assert_eq!(records::count(&database, &[]).await.unwrap(), bodies.len() as u64);
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_that_is_larger_than_a_packet_is_rejected_with_its_index() {
    for (bodies, index) in
        [(vec![100, 100, 5_000, 100], 2), (vec![5_000], 0), (vec![100, 900, 900, 900, 5_000], 4)]
    {
        let (database, answer) = push(2_000, &bodies).await;
        let rejected: Vec<&Value> =
            answer["rejected"].as_array().unwrap().iter().map(|one| &one["index"]).collect();
        assert_eq!(
            (&answer["accepted"], rejected),
            (&json!(bodies.len() - 1), vec![&json!(index)]),
            "{answer}"
        );
        assert_eq!(records::count(&database, &[]).await.unwrap(), bodies.len() as u64 - 1);
    }
}
