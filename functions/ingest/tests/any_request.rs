//! Every request to `/ingest` gets one of the documented responses, and the response agrees with the stored
//! records.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a wrong shape fails the test"
)]

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use gatelog_functions_shared::{Environment, Token};
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_record::{FIELDS, Timestamp};
use gatelog_redact::Redact;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::query::records;
use gatelog_storage::schema::Partitioning;
use http::Request;
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_get_a_documented_response(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        check("POST", "content-type", "application/json", body);
    }

    #[test]
    fn any_records_get_a_response_that_adds_up(
        elements in proptest::collection::vec(element(), 0..8),
        form in 0..3_u8,
    ) {
        let body = match (form, elements.as_slice()) {
            (0, _) => Value::Array(elements).to_string(),
            (1, _) => elements.iter().map(|element| format!("{element}\n")).collect(),
            (_, [first, ..]) => first.to_string(),
            (_, []) => String::new(),
        };
        check("POST", "content-type", "application/json", body.into_bytes());
    }

    #[test]
    fn records_with_a_few_bytes_changed_get_a_documented_response(
        elements in proptest::collection::vec(element(), 1..4),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut body = Value::Array(elements).to_string().into_bytes();
        for (index, byte, change) in changes {
            let at = index.index(body.len());
            match change {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ if body.len() > 1 => drop(body.remove(at)),
                _ => {}
            }
        }
        check("POST", "content-type", "application/json", body);
    }

    #[test]
    fn any_head_gets_a_documented_response(
        method in "POST|GET|PUT|[A-Z]{1,9}",
        name in "content-type|content-encoding|content-length|authorization|x-gatelog-filter|x-gatelog-dropped|[a-z-]{1,12}",
        value in "[ -~]{0,30}|application/json(; ?charset=[a-z0-9-]{1,8})?|-?[0-9]{1,25}|gzip|identity",
    ) {
        check(&method, &name, &value, br#"{"method":"GET"}"#.to_vec());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_logs_get_a_documented_response_that_agrees_with_the_stored_records(
        attributes in proptest::collection::vec(proptest::collection::vec((name(), value()), 0..5), 0..8),
        junk in proptest::option::weighted(0.1, proptest::collection::vec(any::<u8>(), 0..50)),
        coding in "|gzip|zstd|identity",
    ) {
        let key_values = |list: Vec<(String, Value)>| -> Value {
            list.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
        };
        let log_records: Vec<Value> =
            attributes.into_iter().map(|list| json!({"attributes": key_values(list)})).collect();
        let count = log_records.len();
        let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": log_records}]}]}).to_string();
        check_logs(&coding, junk.unwrap_or(body.into_bytes()), count);
    }
}

fn name() -> impl Strategy<Value = String> {
    let names: Vec<&str> =
        FIELDS.iter().map(|field| field.name).chain(["http.request.method", "url.path", "x", ""]).collect();
    prop::sample::select(names).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,8}".prop_map(|text| json!({"stringValue": text})),
        any::<i64>().prop_map(|number| json!({"intValue": number.to_string()})),
        (0..600_i64).prop_map(|number| json!({"intValue": number})),
        any::<bool>().prop_map(|value| json!({"boolValue": value})),
        Just(json!({"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}})),
        Just(json!(null)),
    ]
}

/// Sends logs and compares the response with the database. `count` is the number of log records, if the body is not junk.
fn check_logs(coding: &str, body: Vec<u8>, count: usize) {
    let request = Request::post("/v1/logs").header("content-type", "application/json");
    let request = if coding.is_empty() { request } else { request.header("content-encoding", coding) };
    let request = request.body(Bytes::from(body)).unwrap();
    with_function(async |ingest, database| {
        let before = records::count(database, &[]).await.unwrap();
        let response = ingest.handle(request).await;
        let stored = records::count(database, &[]).await.unwrap() - before;
        let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        match response.status().as_u16() {
            200 => {
                let rejected = answer["partialSuccess"]["rejectedLogRecords"].as_str();
                let rejected: u64 = rejected.map_or(0, |count| count.parse().unwrap());
                assert!(stored + rejected <= count as u64, "{answer}");
            }
            400 | 413 => assert!(answer["code"].is_u64() && stored == 0, "{answer}"),
            other => panic!("{other}: {answer}"),
        }
        if let Some(background) = ingest.begin_background() {
            background.run().await;
        }
    });
}

/// A value in place of a record: mostly an object with arbitrary keys and values.
fn element() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).chain(["of_tomorrow", ""]).collect();
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "[a-c]{1,2}".prop_map(Value::from),
        "(.|\u{0}){250,300}".prop_map(Value::from),
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:00:00Z".prop_map(Value::from),
    ];
    let value = scalar.clone().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("\\PC{0,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    let record = proptest::collection::hash_map(prop::sample::select(names), value.clone(), 0..6);
    prop_oneof![8 => record.prop_map(|map| json!(map)), 1 => value]
}

/// Sends the request and compares the response with the database.
fn check(method: &str, name: &str, value: &str, body: Vec<u8>) {
    let Ok(request) =
        Request::builder().method(method).uri("/ingest").header(name, value).body(Bytes::from(body))
    else {
        return;
    };
    with_function(async |ingest, database| {
        let before = records::count(database, &[]).await.unwrap();
        let response = ingest.handle(request).await;
        let stored = records::count(database, &[]).await.unwrap() - before;
        let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        match response.status().as_u16() {
            200 => assert_eq!(answer["accepted"].as_u64(), Some(stored), "{answer}"),
            400 | 405 | 413 | 415 => {
                assert_eq!((answer["status"].as_str(), stored), (Some("error"), 0), "{answer}")
            }
            other => panic!("{other}: {answer}"),
        }
        if let Some(background) = ingest.begin_background() {
            background.run().await;
        }
    });
}

type Function<'d> = Ingest<&'d NativeSqlite, StillHost>;

/// Runs a check on a function and a database that live as long as the test's thread.
fn with_function(check: impl AsyncFnOnce(&Function<'static>, &NativeSqlite)) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().unwrap();
        static FUNCTION: (Function<'static>, &'static NativeSqlite, tempfile::TempDir) = {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("gatelog.db");
            let database = RUNTIME.with(|runtime| runtime.block_on(NativeSqlite::open(&file))).unwrap();
            let database: &'static NativeSqlite = Box::leak(Box::new(database));
            let config = IngestConfig {
                token: Token::default(),
                max_body_bytes: 64 * 1024,
                max_decompressed_bytes: IngestConfig::MAX_DECOMPRESSED_BYTES,
                body_timeout: IngestConfig::BODY_TIMEOUT,
                max_batch_records: 6,
                group: IngestConfig::GROUP,
                retention_days: 0,
                partitioning: Partitioning::None,
                prices: gatelog_prices::ConfiguredTable::default(),
                max_metric_models: 100,
                redact_otlp: Redact::default(),
            };
            (Ingest::new(config, database, StillHost::default()), database, folder)
        };
    }
    RUNTIME.with(|runtime| {
        FUNCTION.with(|(function, database, _)| runtime.block_on(check(function, database)));
    });
}

#[derive(Default)]
struct StillHost {
    drawn: Cell<u64>,
}

impl Environment for StillHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_769_860_800_123_456)
    }

    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.drawn.set(self.drawn.get() + 1);
        let drawn = self.drawn.get().to_le_bytes();
        bytes.iter_mut().zip(drawn.iter().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
    }

    async fn sleep(&self, _: Duration) {}
}
