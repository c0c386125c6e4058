//! Tests of the exporter over a scripted network, without real time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::rc::Rc;

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::export::PostResponse;

/// What the receiver does with a request.
#[derive(Clone, Debug)]
enum Step {
    Answer(PostResponse),
    Hang,
    Break,
    /// Answers 413 to requests with more records than this, and accepts any other.
    AtMost(usize),
}

/// A receiver that follows a script and then accepts everything.
#[derive(Clone, Debug, Default)]
struct Network(Rc<Script>);

#[derive(Debug, Default)]
struct Script {
    steps: RefCell<VecDeque<Step>>,
    /// Repeated when the script is over.
    always: RefCell<Option<Step>>,
    /// The ids in each request.
    requests: RefCell<Vec<Vec<String>>>,
    headers: RefCell<HeaderMap>,
}

impl Post for Network {
    async fn post(&self, request: PostRequest<'_>) -> Result<PostResponse, String> {
        let ids = ids(&request.body);
        let records = ids.len();
        self.0.requests.borrow_mut().push(ids);
        *self.0.headers.borrow_mut() = request.headers;
        let next = self.0.steps.borrow_mut().pop_front().or_else(|| self.0.always.borrow().clone());
        match next.unwrap_or(status(200)) {
            Step::Answer(response) => Ok(response),
            Step::Hang => pending().await,
            Step::Break => Err("connection reset".to_owned()),
            Step::AtMost(most) if records > most => {
                Ok(PostResponse { status: 413, ..PostResponse::default() })
            }
            Step::AtMost(_) => Ok(PostResponse { status: 200, ..PostResponse::default() }),
        }
    }
}

fn ids(body: &[u8]) -> Vec<String> {
    let request: Value = serde_json::from_slice(body).unwrap();
    let resources = request["resourceLogs"].as_array().unwrap().iter();
    let records = resources.flat_map(|resource| resource["scopeLogs"][0]["logRecords"].as_array().unwrap());
    records
        .map(|record| record["attributes"][0]["value"]["stringValue"].as_str().unwrap().to_owned())
        .collect()
}

fn status(status: u16) -> Step {
    Step::Answer(PostResponse { status, ..PostResponse::default() })
}

fn retry_after(seconds: &str) -> Step {
    Step::Answer(PostResponse {
        status: 503,
        retry_after: Some(seconds.to_owned()),
        ..PostResponse::default()
    })
}

fn partial(rejected: usize) -> Step {
    let body =
        format!(r#"{{"partialSuccess":{{"rejectedLogRecords":"{rejected}","errorMessage":"too old"}}}}"#);
    Step::Answer(PostResponse { status: 200, retry_after: None, body: body.into_bytes() })
}

/// A clock that only sleeping moves.
#[derive(Debug, Default)]
struct Clock {
    ticks: Cell<Duration>,
    said: RefCell<Vec<String>>,
}

impl Runtime for Clock {
    fn ticks(&self) -> Duration {
        self.ticks.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::MIN
    }

    fn random(&self) -> u8 {
        0
    }

    fn delivery_failed(&self, what: &dyn fmt::Display) {
        self.said.borrow_mut().push(what.to_string());
    }

    async fn sleep(&self, duration: Duration) {
        self.ticks.set(self.ticks.get() + duration);
    }
}

struct Test {
    exporter: Exporter<Network>,
    network: Network,
    clock: Clock,
}

impl Test {
    fn new(delivery: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self::with(&[("delivery", delivery)], steps)
    }

    fn with(settings: &[(&str, &str)], steps: impl IntoIterator<Item = Step>) -> Self {
        let config = ExportConfig::read(|name| {
            settings.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value).to_owned()
        });
        let network = Network::default();
        network.0.steps.borrow_mut().extend(steps);
        let exporter = Exporter::new(config.unwrap().unwrap(), None, network.clone());
        Self { exporter, network, clock: Clock::default() }
    }

    fn send(&self, records: usize) -> Result<(), ExportError> {
        let mut batch = LogRecords::default();
        for number in 0..records {
            let record = AccessRecord { record_id: number.to_string().into(), ..AccessRecord::default() };
            self.exporter.write(&mut batch, &record, (), &Timestamp::MIN);
        }
        block_on(self.exporter.send(&batch, &self.clock))
    }

    /// The records by outcome, without those that are 0.
    fn counted(&self) -> Vec<(&'static str, u64)> {
        self.exporter.stats().records.all().into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn requests(&self) -> usize {
        self.network.0.requests.borrow().len()
    }

    fn elapsed_ms(&self) -> u128 {
        self.clock.ticks.get().as_millis()
    }
}

#[test]
fn a_request_carries_the_configured_headers_and_those_of_the_protocol() {
    let settings = [("delivery", "best_effort"), ("headers", "Authorization=Bearer%20a,user-agent=mine")];
    let test = Test::with(&settings, []);
    test.send(1).unwrap();
    let headers = test.network.0.headers.borrow();
    assert_eq!(
        (&headers["authorization"], &headers["content-type"]),
        (&"Bearer a".parse().unwrap(), &"application/json".parse().unwrap())
    );
    assert_eq!(headers.get_all("user-agent").iter().collect::<Vec<_>>(), ["mine"]);
    assert!(!headers.contains_key("content-encoding"));
}

#[test]
fn best_effort_sends_again_what_an_unavailable_receiver_did_not_take() {
    let steps = [status(503), status(429), Step::Break, status(502), Step::Hang, status(504)];
    let test = Test::new("best_effort", steps);
    test.send(3).unwrap();
    assert_eq!((test.counted(), test.requests()), (vec![("sent", 3)], 7));
    // The pauses double; a receiver that hangs takes the whole timeout.
    assert_eq!(test.elapsed_ms(), 100 + 200 + 400 + 800 + 3_000 + 1_600 + 3_200);
    assert!(test.clock.said.borrow()[2].ends_with("/v1/logs: connection reset"), "{:?}", test.clock.said);
}

#[test]
fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    let test = Test::new("best_effort", [retry_after("7")]);
    test.send(1).unwrap();
    assert_eq!((test.counted(), test.elapsed_ms()), (vec![("sent", 1)], 7_000));
    let date = "Thu, 01 Jan 1970 00:00:05 GMT";
    let test = Test::new("best_effort", [retry_after(date)]);
    test.send(1).unwrap();
    assert_eq!(test.elapsed_ms(), 4_000);
}

#[test]
fn best_effort_gives_up_what_cannot_be_sent_within_its_time_and_waits_no_longer_for_the_next() {
    let test = Test::new("best_effort", []);
    *test.network.0.always.borrow_mut() = Some(status(503));
    assert!(matches!(test.send(2), Err(ExportError::NotTaken { records: 2, .. })));
    assert_eq!((test.counted(), test.requests(), test.elapsed_ms()), (vec![("unavailable", 2)], 7, 6_300));
    // The pause after the seventh failure would end after ten seconds.
    assert!(matches!(test.send(3), Err(ExportError::Paused { records: 3, .. })));
    assert_eq!((test.counted(), test.requests()), (vec![("unavailable", 5)], 7));
    test.clock.ticks.set(Duration::from_secs(60));
    assert!(test.send(4).is_err());
    assert_eq!((test.counted(), test.requests()), (vec![("unavailable", 9)], 8), "one attempt");
    assert_eq!(test.elapsed_ms(), 60_000);
    *test.network.0.always.borrow_mut() = None;
    test.clock.ticks.set(Duration::from_secs(90));
    test.send(5).unwrap();
    assert_eq!(test.counted(), [("sent", 5), ("unavailable", 9)]);
    *test.network.0.steps.borrow_mut() = VecDeque::from([status(503)]);
    test.send(6).unwrap();
    assert_eq!(test.counted(), [("sent", 11), ("unavailable", 9)], "the time begins anew after a success");
}

#[test]
fn a_receiver_that_asks_for_more_time_than_there_is_is_not_waited_for() {
    for seconds in ["60", "99999999999"] {
        let test = Test::new("best_effort", [retry_after(seconds)]);
        assert!(test.send(1).is_err());
        assert_eq!((test.counted(), test.elapsed_ms()), (vec![("unavailable", 1)], 0));
        test.clock.ticks.set(Duration::from_secs(59));
        assert!(matches!(test.send(1), Err(ExportError::Paused { .. })), "it is left alone");
        test.clock.ticks.set(Duration::from_secs(3_600));
        test.send(1).unwrap();
    }
}

#[test]
fn at_least_once_has_one_attempt_and_tells_the_caller() {
    for (step, outcome) in [
        (status(503), "unavailable"),
        (Step::Break, "unreachable"),
        (Step::Hang, "unreachable"),
        (status(401), "refused"),
    ] {
        let test = Test::new("at_least_once", [step]);
        assert!(matches!(test.send(2), Err(ExportError::NotTaken { records: 2, .. })));
        assert!(matches!(test.send(2), Err(ExportError::Paused { records: 2, .. })));
        assert_eq!((test.counted(), test.requests()), (vec![(outcome, 4)], 1));
        test.clock.ticks.set(Duration::from_secs(10));
        test.send(2).unwrap();
        assert_eq!(test.counted(), [("sent", 2), (outcome, 4)]);
    }
}

#[test]
fn at_least_once_fails_a_batch_of_several_requests_when_one_fails() {
    let settings = [("delivery", "at_least_once"), ("max_request_records", "2")];
    let test = Test::with(&settings, [status(200), status(500)]);
    let error = test.send(5).unwrap_err();
    assert!(
        matches!(&error, ExportError::NotTaken { reason, .. } if reason.starts_with("status 500")),
        "{error}"
    );
    assert_eq!((test.counted(), test.requests()), (vec![("sent", 2), ("refused", 3)], 2));
}

#[test]
fn what_the_receiver_rejects_is_counted_and_not_sent_again() {
    for delivery in ["best_effort", "at_least_once"] {
        let test = Test::new(delivery, [status(400), partial(2), partial(0), partial(9)]);
        for _ in 0..4 {
            test.send(3).unwrap();
        }
        assert_eq!((test.counted(), test.requests()), (vec![("sent", 4), ("rejected", 8)], 4), "{delivery}");
        assert_eq!(test.clock.said.borrow().len(), 4, "{:?}", test.clock.said);
        assert!(test.clock.said.borrow()[1].ends_with("rejects 2 of 3 records: too old"));
    }
}

#[test]
fn best_effort_does_not_retry_a_status_that_the_protocol_does_not_name() {
    for code in [301, 401, 403, 404, 500, 501, 505] {
        let test = Test::new("best_effort", [status(code)]);
        assert!(test.send(2).is_err());
        assert_eq!(
            (test.counted(), test.requests(), test.elapsed_ms()),
            (vec![("refused", 2)], 1, 0),
            "{code}"
        );
    }
}

#[test]
fn a_request_that_is_too_large_is_sent_in_smaller_ones_down_to_one_record() {
    for delivery in ["best_effort", "at_least_once"] {
        let test = Test::new(delivery, []);
        *test.network.0.always.borrow_mut() = Some(Step::AtMost(3));
        test.send(10).unwrap();
        assert_eq!(test.counted(), [("sent", 10)]);
        let requests = test.network.0.requests.borrow();
        let sizes: Vec<usize> = requests.iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 5, 2, 3, 5, 2, 3]);
        let taken: Vec<&String> = requests.iter().filter(|ids| ids.len() <= 3).flatten().collect();
        assert_eq!(taken, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
    let test = Test::new("at_least_once", []);
    *test.network.0.always.borrow_mut() = Some(status(413));
    test.send(4).unwrap();
    assert_eq!((test.counted(), test.requests()), (vec![("rejected", 4)], 7));
}

#[test]
fn each_request_is_within_its_bounds() {
    let settings = [("delivery", "best_effort"), ("max_request_records", "3")];
    let test = Test::with(&settings, []);
    test.send(8).unwrap();
    let sizes: Vec<usize> = test.network.0.requests.borrow().iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 3, 2]);
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (200_u16..600).prop_map(status),
        Just(status(503)),
        Just(Step::Hang),
        Just(Step::Break),
        (0_usize..5).prop_map(Step::AtMost),
        (0_usize..9).prop_map(partial),
        "[0-9]{1,5}".prop_map(|seconds| retry_after(&seconds)),
        any::<(u16, Option<String>, Vec<u8>)>()
            .prop_map(|(status, retry_after, body)| Step::Answer(PostResponse { status, retry_after, body })),
    ]
}

proptest! {
    /// Whatever the receiver does, each record is counted exactly once under `best_effort`, and under `at_least_once` a batch
    /// is acknowledged only if the receiver has taken or rejected each record.
    #[test]
    fn every_record_is_counted_once(
        steps in proptest::collection::vec(step(), 0..40),
        batches in proptest::collection::vec(1_usize..12, 1..8),
        at_least_once: bool,
    ) {
        let delivery = if at_least_once { "at_least_once" } else { "best_effort" };
        let test = Test::with(&[("delivery", delivery), ("max_request_records", "5")], steps);
        let mut all = 0;
        for records in batches {
            let before = test.counted();
            let taken = |counts: &[(&str, u64)]| {
                let taken = counts.iter().filter(|(outcome, _)| matches!(*outcome, "sent" | "rejected"));
                taken.map(|(_, count)| *count).sum::<u64>()
            };
            let acknowledged = test.send(records).is_ok();
            all += records as u64;
            prop_assert!(!acknowledged || taken(&test.counted()) - taken(&before) == records as u64);
            prop_assert_eq!(test.counted().iter().map(|(_, count)| *count).sum::<u64>(), all);
            test.clock.ticks.set(test.clock.ticks.get() + Duration::from_secs(2));
        }
    }
}
