//! Tests of OTLP export alongside storage: which records go on, what the response waits for, and errors in the
//! configuration.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a wrong shape fails the test"
)]

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gatelog_functions_shared::Environment;
use gatelog_ingest::forward::{Setup, Sink, otlp, syslog};
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_otlp::export::{Post, PostRequest, PostResponse};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_syslog::Messages;
use gatelog_syslog::transport::{Connection, SendError, Transport, TransportError};
use http::Request;
use serde_json::{Value, json};

/// A receiver with a status for every request.
#[derive(Clone)]
struct Receiver {
    status: Rc<Cell<u16>>,
    requests: Rc<RefCell<Vec<Value>>>,
}

impl Post for Receiver {
    async fn post(&self, request: PostRequest<'_>) -> Result<PostResponse, String> {
        let status = self.status.get();
        if status == 200 {
            self.requests.borrow_mut().push(serde_json::from_slice(&request.body).unwrap());
        }
        Ok(PostResponse { status, ..PostResponse::default() })
    }
}

/// A syslog receiver that is absent.
struct Absent;

impl Transport for Absent {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, TransportError> {
        Err(TransportError::new("connecting", "refused"))
    }
}

impl Connection for Absent {
    async fn is_open(&mut self) -> bool {
        false
    }

    async fn send(&mut self, _: &Messages, _: usize) -> Result<usize, SendError> {
        panic!("it is absent")
    }

    async fn finish(self) -> Result<(), TransportError> {
        panic!("it is absent")
    }
}

/// A host whose time moves when somebody sleeps.
#[derive(Clone, Default)]
struct TestHost(Rc<Cell<Duration>>);

impl Environment for TestHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_769_860_800_000_000)
    }

    fn ticks(&self) -> Duration {
        self.0.get()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    async fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

/// A function with its receiver.
struct Test {
    function: Ingest<NativeSqlite, TestHost>,
    receiver: Receiver,
    host: TestHost,
    _folder: tempfile::TempDir,
}

impl Test {
    async fn new<const COUNT: usize>(variables: &[(&str, &str); COUNT]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        let (config, setups) = IngestConfig::read(variables, no_file).await.unwrap();
        let receiver = Receiver { status: Rc::new(Cell::new(200)), requests: Rc::default() };
        let host = TestHost::default();
        let mut sinks: Vec<Box<dyn Sink<TestHost>>> = Vec::new();
        if let Some(syslog) = syslog::forwarding(setups.syslog, |_| Absent) {
            sinks.push(Box::new(syslog));
        }
        let currency = config.prices.table().ok().map(|table| table.currency().to_owned());
        if let Some(otlp) = otlp::forwarding(setups.otlp, currency, receiver.clone()) {
            sinks.push(Box::new(otlp));
        }
        let function = Ingest::with_sinks(config, database, host.clone(), sinks);
        Self { function, receiver, host, _folder: folder }
    }

    /// Posts records with these ids, and returns the status and the numbers of new and known records.
    async fn post(&self, ids: &[&str]) -> (u16, Value, Value) {
        let record = |id: &&str| {
            json!({"record_id": id, "path": "/v1/chat/completions", "response_code": 200, "provider": "openai",
                   "model": "gpt-4o-mini", "input_tokens": 1000, "output_tokens": 100})
        };
        let records: Vec<Value> = ids.iter().map(record).collect();
        let request = Request::post("/ingest").body(Bytes::from(Value::from(records).to_string())).unwrap();
        let response = self.function.handle(request).await;
        let body: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
        (response.status().as_u16(), body["accepted"].clone(), body["duplicates"].clone())
    }

    /// Sends what waits, as the component does after a response.
    async fn send(&self) {
        for pending in self.function.pending() {
            pending.run().await;
        }
    }

    /// The log records that the receiver has taken.
    fn received(&self) -> Vec<Value> {
        let requests = self.receiver.requests.borrow();
        let records = |request: &Value| {
            request["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap().clone()
        };
        requests.iter().flat_map(records).collect()
    }

    fn received_ids(&self) -> Vec<String> {
        self.received()
            .iter()
            .map(|record| attribute(record, "log.record.uid")["stringValue"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn attribute<'r>(record: &'r Value, name: &str) -> &'r Value {
    let attributes = record["attributes"].as_array().unwrap();
    attributes.iter().find(|attribute| attribute["key"] == name).map_or(&Value::Null, |found| &found["value"])
}

fn no_file(_: &str) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

#[tokio::test(flavor = "current_thread")]
async fn under_best_effort_records_are_sent_after_the_response_and_only_new_ones() {
    let test = Test::new(&[("otlp_delivery", "best_effort")]).await;
    assert_eq!(test.post(&["a", "b"]).await, (200, json!(2), json!(0)));
    assert_eq!(test.received_ids(), [""; 0]);
    test.send().await;
    assert_eq!(test.received_ids(), ["a", "b"]);
    assert_eq!(test.post(&["b", "c", "c"]).await, (200, json!(1), json!(2)));
    test.send().await;
    assert_eq!(test.received_ids(), ["a", "b", "c"]);
    assert!(test.function.pending().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_call_costs_goes_on_in_the_currency_of_the_price_table() {
    let prices = r#"{"version": "mine", "currency": "CNY", "replace": true,
                     "models": [{"match": "gpt-4o-mini", "input": "1.5", "output": "6"}]}"#;
    let test = Test::new(&[("otlp_delivery", "at_least_once"), ("prices", prices)]).await;
    assert_eq!(test.post(&["a"]).await.0, 200);
    let records = test.received();
    assert_eq!(attribute(&records[0], "gen_ai.usage.cost"), &json!({"doubleValue": 0.0021}));
    assert_eq!(attribute(&records[0], "gatelog.cost_currency"), &json!({"stringValue": "CNY"}));
}

#[tokio::test(flavor = "current_thread")]
async fn under_best_effort_an_unavailable_receiver_changes_no_response() {
    let test = Test::new(&[("otlp_delivery", "best_effort")]).await;
    test.receiver.status.set(503);
    for id in ["a", "b"] {
        assert_eq!(test.post(&[id]).await, (200, json!(1), json!(0)));
        test.send().await;
    }
    assert_eq!(test.received_ids(), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn under_at_least_once_unconfirmed_records_are_stored_and_go_on_when_they_are_sent_again() {
    let test = Test::new(&[("otlp_delivery", "at_least_once")]).await;
    assert_eq!(test.post(&["a"]).await, (200, json!(1), json!(0)));
    assert_eq!(test.received_ids(), ["a"]);
    for status in [503, 401, 500] {
        test.receiver.status.set(status);
        assert_eq!(test.post(&["b", "c"]).await.0, 503);
    }
    test.receiver.status.set(200);
    test.host.0.set(Duration::from_secs(60));
    assert_eq!(test.post(&["b", "c"]).await, (200, json!(0), json!(2)));
    assert_eq!(test.received_ids(), ["a", "b", "c"]);
}

#[tokio::test(flavor = "current_thread")]
async fn what_the_receiver_rejects_for_good_is_acknowledged_under_both_guarantees() {
    for delivery in ["best_effort", "at_least_once"] {
        let test = Test::new(&[("otlp_delivery", delivery)]).await;
        test.receiver.status.set(400);
        assert_eq!(test.post(&["a"]).await, (200, json!(1), json!(0)), "{delivery}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_receiver_gets_its_records_although_another_fails_the_response() {
    for otlp in ["best_effort", "at_least_once"] {
        let variables =
            [("syslog_delivery", "at_least_once"), ("syslog_entries", "[{}]"), ("otlp_delivery", otlp)];
        let test = Test::new(&variables).await;
        assert_eq!(test.post(&["a", "b"]).await.0, 503);
        test.send().await;
        assert_eq!(test.received_ids(), ["a", "b"], "{otlp}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn records_are_stored_whatever_is_wrong_with_the_configuration_and_only_a_guarantee_fails_the_response()
{
    let wrong = ("otlp_endpoint", "collector");
    let test = Test::new(&[("otlp_delivery", "best_effort"), wrong]).await;
    assert_eq!(test.post(&["a", "b"]).await, (200, json!(2), json!(0)));
    assert!(test.function.pending().is_empty());
    for delivery in ["at_least_once", "at-least-once"] {
        let test = Test::new(&[("otlp_delivery", delivery), wrong]).await;
        assert_eq!(test.post(&["a", "b"]).await.0, 503);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn all_problems_are_reported_at_once_and_a_warning_says_that_export_is_off() {
    let variables = [
        ("otlp_delivery", "best_effort"),
        ("otlp_endpoint", "collector"),
        ("otlp_headers", "s3cr3t"),
        ("otlp_compression", "zip"),
    ];
    let (_, setups) = IngestConfig::read(&variables, no_file).await.unwrap();
    let Setup::Wrong { problems, .. } = setups.otlp else { panic!("{setups:?}") };
    let names: Vec<&str> = problems.iter().map(|problem| problem.split_once(':').unwrap().0).collect();
    assert_eq!(names, ["otlp_endpoint", "otlp_headers", "otlp_compression"]);
    assert!(!problems.concat().contains("s3cr3t"));

    let variables = [("otlp_endpoint", "http://collector:4318"), ("otlp_timeout_ms", "3000")];
    let (_, setups) = IngestConfig::read(&variables, no_file).await.unwrap();
    let warnings: Vec<String> = setups.warnings().collect();
    assert_eq!(
        warnings,
        ["otlp is off although otlp_endpoint is set: set otlp_delivery to best_effort or at_least_once"]
    );
}
