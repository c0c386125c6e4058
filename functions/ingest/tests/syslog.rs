//! Tests of syslog alongside storage: which records are logged, what the response waits for, and errors in
//! the configuration.

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
use gatelog_ingest::forward::{Setup, Sink, syslog};
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_syslog::Messages;
use gatelog_syslog::transport::{Connection, SendError, Transport, TransportError};
use http::Request;
use serde_json::{Value, json};

/// A receiver that is present or absent.
#[derive(Clone, Default)]
struct Receiver {
    absent: Rc<Cell<bool>>,
    received: Rc<RefCell<Vec<String>>>,
}

impl Transport for Receiver {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, TransportError> {
        match self.absent.get() {
            true => Err(TransportError::new("connecting", "refused")),
            false => Ok(self.clone()),
        }
    }
}

impl Connection for Receiver {
    async fn is_open(&mut self) -> bool {
        !self.absent.get()
    }

    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError> {
        let text = |message: &[u8]| String::from_utf8(message.to_vec()).unwrap();
        self.received.borrow_mut().extend(messages.iter_from(first).map(text));
        Ok(0)
    }

    async fn finish(self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// A host whose time the test moves.
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

    async fn sleep(&self, _: Duration) {}
}

/// A function with its receiver.
struct Test {
    function: Ingest<NativeSqlite, TestHost>,
    receiver: Receiver,
    host: TestHost,
    folder: tempfile::TempDir,
}

impl Test {
    async fn new(delivery: &str) -> Self {
        Self::with_entries(delivery, "[{}]").await
    }

    async fn with_entries(delivery: &str, entries: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        let variables = [("syslog_delivery", delivery), ("syslog_entries", entries)];
        let (config, setups) = IngestConfig::read(&variables, no_file).await.unwrap();
        let (receiver, host) = (Receiver::default(), TestHost::default());
        let syslog = syslog::forwarding(setups.syslog, |_| receiver.clone()).unwrap();
        let sinks: Vec<Box<dyn Sink<TestHost>>> = vec![Box::new(syslog)];
        let function = Ingest::with_sinks(config, database, host.clone(), sinks);
        Self { function, receiver, host, folder }
    }

    /// The same function with syslog turned off, on the same database.
    async fn without_syslog(self) -> Self {
        let Self { receiver, host, folder, .. } = self;
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        let (config, _) = IngestConfig::read(&[("syslog_delivery", "off")], no_file).await.unwrap();
        let function = Ingest::new(config, database, host.clone());
        Self { function, receiver, host, folder }
    }

    /// Posts records with these ids, and returns the status and the numbers of new and known records.
    async fn post(&self, ids: &[&str]) -> (u16, Value, Value) {
        let records: Vec<Value> = ids
            .iter()
            .map(|id| json!({"record_id": id, "path": format!("/{id}"), "response_code": 200}))
            .collect();
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

    /// The paths of the messages that arrived.
    fn received(&self) -> Vec<String> {
        let received = self.receiver.received.borrow();
        let path = |message: &String| {
            let log: Value = serde_json::from_str(message.split_once(": ").unwrap().1).unwrap();
            log["request"]["uri"].as_str().unwrap().to_owned()
        };
        received.iter().map(path).collect()
    }
}

fn no_file(_: &str) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

#[tokio::test(flavor = "current_thread")]
async fn under_best_effort_messages_are_sent_after_the_response_and_only_for_new_records() {
    let test = Test::new("best_effort").await;
    assert_eq!(test.post(&["a", "b"]).await, (200, json!(2), json!(0)));
    assert_eq!(test.received(), [""; 0]);
    assert_eq!(test.function.pending().len(), 1);
    test.send().await;
    assert_eq!(test.received(), ["/a", "/b"]);
    assert_eq!(test.post(&["b", "c", "c"]).await, (200, json!(1), json!(2)));
    test.send().await;
    assert_eq!(test.received(), ["/a", "/b", "/c"]);
    assert!(test.function.pending().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn under_best_effort_an_absent_receiver_changes_no_response() {
    let test = Test::new("best_effort").await;
    test.receiver.absent.set(true);
    for id in ["a", "b"] {
        assert_eq!(test.post(&[id]).await, (200, json!(1), json!(0)));
        test.send().await;
    }
    assert_eq!(test.received(), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn under_at_least_once_unconfirmed_records_are_stored_and_logged_when_they_are_sent_again() {
    let test = Test::new("at_least_once").await;
    assert_eq!(test.post(&["a"]).await, (200, json!(1), json!(0)));
    assert_eq!(test.received(), ["/a"]);
    test.receiver.absent.set(true);
    assert_eq!(test.post(&["b", "c"]).await.0, 503);
    test.receiver.absent.set(false);
    test.host.0.set(Duration::from_secs(1));
    assert_eq!(test.post(&["b", "c"]).await, (200, json!(0), json!(2)));
    assert_eq!(test.received(), ["/a", "/b", "/c"]);
}

#[tokio::test(flavor = "current_thread")]
async fn entries_come_from_the_file_unless_the_variable_has_some() {
    let file = |path: &str| match path {
        "/syslog/entries.json" => Ok(r#"[{"config":{"facility":"local9"}}]"#.to_owned()),
        _ => panic!("{path}"),
    };
    let delivery = ("syslog_delivery", "best_effort");
    let problems = problems_of(&[delivery], file).await;
    assert!(problems[0].starts_with("/syslog/entries.json: [0].config.facility is"), "{problems:?}");
    let (_, setups) = IngestConfig::read(&[delivery, ("syslog_entries", "[{}]")], file).await.unwrap();
    assert!(matches!(setups.syslog, Setup::On(_)), "{setups:?}");
    let problems = problems_of(&[delivery], no_file).await;
    assert!(problems[0].starts_with("syslog_entries: it is empty, and /syslog/entries.json"), "{problems:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_warning_is_logged_when_syslog_is_configured_but_off() {
    for (variables, warning) in [
        ([("syslog_address", "127.0.0.1"), ("syslog_port", "514")], None),
        ([("syslog_delivery", "off"), ("syslog_entries", "")], None),
        (
            [("syslog_delivery", "off"), ("syslog_address", "10.0.0.5")],
            Some("syslog_address is set: set syslog_delivery to best_effort"),
        ),
        (
            [("syslog_port", "10514"), ("syslog_entries", "no JSON")],
            Some("syslog_port, syslog_entries is set"),
        ),
    ] {
        let (_, setups) = IngestConfig::read(&variables, no_file).await.unwrap();
        assert!(matches!(setups.syslog, Setup::Off { .. }), "{setups:?}");
        let said = setups.warnings().next();
        assert_eq!(said.is_some(), warning.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(warning.unwrap_or_default()), "{variables:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn all_problems_are_reported_at_once() {
    let variables = [
        ("syslog_delivery", "best_effort"),
        ("syslog_address", "syslog.example.com"),
        ("syslog_format", "json"),
        ("syslog_entries", r#"[{"config":{"log_level":"warn","facility":"local8"}}]"#),
    ];
    let problems = problems_of(&variables, no_file).await;
    let names: Vec<&str> = problems.iter().map(|problem| problem.split_once(':').unwrap().0).collect();
    assert_eq!(names, ["syslog_address", "syslog_format", "syslog_entries", "syslog_entries"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_script_that_does_not_compile_is_named_by_its_entry_and_key() {
    let entries = r#"[{"enabled":false},{"route":"r","config":{"custom_fields_by_lua":{"a.b":"return ("}}}]"#;
    let variables = [("syslog_delivery", "best_effort"), ("syslog_entries", entries)];
    let problems = problems_of(&variables, no_file).await;
    let place = r#"syslog_entries: [1].config.custom_fields_by_lua["a.b"] (entry for route "r"): "#;
    assert!(problems[0].starts_with(place), "{problems:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn records_are_stored_whatever_is_wrong_with_syslog_and_only_a_guarantee_fails_the_response() {
    let script = r#"[{"config":{"custom_fields_by_lua":{"a":"return ("}}}]"#;
    for entries in [script, "no JSON", r#"[{"config":{"facility":"local9"}}]"#] {
        let test = Test::with_entries("best_effort", entries).await;
        assert_eq!(test.post(&["a", "b"]).await, (200, json!(2), json!(0)), "{entries}");
        assert!(test.function.pending().is_empty());
        assert_eq!(test.post(&["a", "c"]).await, (200, json!(1), json!(1)), "{entries}");

        for delivery in ["at_least_once", "at-least-once"] {
            let test = Test::with_entries(delivery, entries).await;
            assert_eq!(test.post(&["a", "b"]).await.0, 503, "{entries}");
            let function = test.without_syslog().await;
            assert_eq!(function.post(&["a", "b"]).await, (200, json!(0), json!(2)), "{entries}");
        }
    }
}

async fn problems_of<const COUNT: usize>(
    variables: &[(&str, &str); COUNT],
    read_file: impl Fn(&str) -> io::Result<String>,
) -> Vec<String> {
    match IngestConfig::read(variables, read_file).await.unwrap().1.syslog {
        Setup::Wrong { problems, .. } => problems,
        setup => panic!("{setup:?}"),
    }
}
