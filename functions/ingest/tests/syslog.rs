//! Syslog beside storing: what is logged, what the answer waits for, and what is wrong with a configuration.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a wrong shape fails the test")]

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gatelog_function::Host;
use gatelog_ingest::syslog::Syslog;
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_record::Timestamp;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_syslog::Messages;
use gatelog_syslog::transport::{Connection, SendError, Transport, TransportError};
use http::Request;
use serde_json::{Value, json};

/// A receiver that is there or not.
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

/// A host whose time moves when a test says so.
#[derive(Clone, Default)]
struct TestHost(Rc<Cell<Duration>>);

impl Host for TestHost {
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

struct Test {
    function: Ingest<NativeSqlite, TestHost, Receiver>,
    receiver: Receiver,
    host: TestHost,
    _folder: tempfile::TempDir,
}

impl Test {
    async fn new(delivery: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        let variables =
            [("syslog_address", "127.0.0.1"), ("syslog_delivery", delivery), ("syslog_entries", "[{}]")];
        let (config, sink) = IngestConfig::read(&variables, no_file).await.unwrap();
        let (options, sink) = sink.unwrap();
        let (receiver, host) = (Receiver::default(), TestHost::default());
        let syslog = Syslog::new(sink, &options, receiver.clone());
        let function = Ingest::with_syslog(config, database, host.clone(), Some(syslog));
        Self { function, receiver, host, _folder: folder }
    }

    /// Posts records with these ids, and answers the status and the numbers of new and known ones.
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
async fn under_best_effort_messages_are_sent_after_the_answer_and_only_for_new_records() {
    let test = Test::new("best_effort").await;
    assert_eq!(test.post(&["a", "b"]).await, (200, json!(2), json!(0)));
    assert_eq!(test.received(), [""; 0]);
    assert!(test.function.wants_syslog());
    test.function.send_syslog().await;
    assert_eq!(test.received(), ["/a", "/b"]);
    assert_eq!(test.post(&["b", "c", "c"]).await, (200, json!(1), json!(2)));
    test.function.send_syslog().await;
    assert_eq!(test.received(), ["/a", "/b", "/c"]);
    assert!(!test.function.wants_syslog());
}

#[tokio::test(flavor = "current_thread")]
async fn under_best_effort_an_absent_receiver_changes_no_answer() {
    let test = Test::new("best_effort").await;
    test.receiver.absent.set(true);
    for id in ["a", "b"] {
        assert_eq!(test.post(&[id]).await, (200, json!(1), json!(0)));
        test.function.send_syslog().await;
    }
    assert_eq!(test.received(), [""; 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn under_at_least_once_what_was_not_confirmed_is_stored_and_logged_when_it_comes_again() {
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
    let address = ("syslog_address", "127.0.0.1");
    let error = IngestConfig::read(&[address], file).await.unwrap_err();
    assert!(error.problems[0].starts_with("/syslog/entries.json: [0].config.facility is"), "{error}");
    let (_, sink) = IngestConfig::read(&[address, ("syslog_entries", "[{}]")], file).await.unwrap();
    assert!(sink.is_some());
    let error = IngestConfig::read(&[address], no_file).await.unwrap_err();
    assert!(
        error.problems[0].starts_with("syslog_entries: it is empty, and /syslog/entries.json"),
        "{error}"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn everything_that_is_wrong_is_named_at_once() {
    let variables = [
        ("max_body_bytes", "much"),
        ("syslog_address", "syslog.example.com"),
        ("syslog_format", "json"),
        ("syslog_entries", r#"[{"config":{"log_level":"warn","facility":"local8"}}]"#),
    ];
    let error = IngestConfig::read(&variables, no_file).await.unwrap_err();
    let names: Vec<&str> = error.problems.iter().map(|problem| problem.split_once(':').unwrap().0).collect();
    assert_eq!(
        names,
        ["max_body_bytes", "syslog_address", "syslog_format", "syslog_entries", "syslog_entries"]
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_script_that_does_not_compile_is_named_by_its_key() {
    let entries = r#"[{"config":{"custom_fields_by_lua":{"a.b":"return ("}}}]"#;
    let variables = [("syslog_address", "127.0.0.1"), ("syslog_entries", entries)];
    let error = IngestConfig::read(&variables, no_file).await.unwrap_err();
    assert!(error.to_string().contains(r#"syslog_entries: custom_fields_by_lua["a.b"]"#), "{error}");
}
