//! Tests of the logger with a network that takes messages when the test allows it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{LocalSet, spawn_local, yield_now};

use super::*;
use crate::transport::{Connection, SendError, TransportError};

/// A receiver behind a gate.
#[derive(Clone, Default)]
struct Network(Rc<State>);

#[derive(Default)]
struct State {
    closed: Cell<bool>,
    unreachable: Cell<bool>,
    /// The number of messages in each batch.
    batches: RefCell<Vec<usize>>,
}

impl Transport for Network {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, TransportError> {
        match self.0.unreachable.get() {
            true => Err(TransportError::new("connecting", "refused")),
            false => Ok(self.clone()),
        }
    }
}

impl Connection for Network {
    async fn is_open(&mut self) -> bool {
        true
    }

    async fn send(&mut self, messages: &Messages, _first: usize) -> Result<usize, SendError> {
        while self.0.closed.get() {
            yield_now().await;
        }
        self.0.batches.borrow_mut().push(messages.len());
        Ok(0)
    }

    async fn finish(self) -> Result<(), TransportError> {
        Ok(())
    }
}

struct Test {
    logger: Rc<Logger<Network>>,
    network: Network,
    warnings: Rc<Warnings>,
}

#[derive(Default)]
struct Warnings(RefCell<Vec<String>>);

impl Runtime for Warnings {
    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn now(&self) -> Timestamp {
        Timestamp::MIN
    }

    fn random(&self) -> u8 {
        0
    }

    fn delivery_failed(&self, what: &dyn fmt::Display) {
        self.0.borrow_mut().push(what.to_string());
    }

    async fn sleep(&self, _: Duration) {
        yield_now().await;
    }
}

impl Test {
    fn new(delivery: &'static str) -> Self {
        Self::with_entries(delivery, "[{}]")
    }

    fn with_entries(delivery: &'static str, entries: &str) -> Self {
        let options = SinkConfig::read(|name| {
            match name {
                "delivery" => delivery,
                "queue_max_bytes" => "65536",
                "lua_max_instructions" => "10000000",
                "lua_max_time_ms" => "10",
                "lua_max_request_ms" => "20",
                _ => "",
            }
            .to_owned()
        });
        let options = options.unwrap().unwrap();
        let network = Network::default();
        let logger = logger(Sink::new(&options, entries).unwrap(), &options, network.clone());
        Self { logger: Rc::new(logger), network, warnings: Rc::default() }
    }

    async fn log(&self, count: usize) -> Result<(), DeliveryError> {
        self.log_all(&vec![AccessRecord { path: "/x".repeat(500).into(), ..AccessRecord::default() }; count])
            .await
    }

    async fn log_all(&self, records: &[AccessRecord<'_>]) -> Result<(), DeliveryError> {
        let logged = self.logger.forward(records, Timestamp::MIN, &*self.warnings).await;
        if self.logger.has_pending() {
            let (logger, warnings) = (Rc::clone(&self.logger), Rc::clone(&self.warnings));
            spawn_local(async move { logger.send(&*warnings).await });
        }
        logged
    }

    async fn settle(&self) {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    fn sent(&self) -> usize {
        self.network.0.batches.borrow().iter().sum()
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn best_effort_does_not_wait_for_the_receiver() {
    run(async {
        let test = Test::new("best_effort");
        test.network.0.closed.set(true);
        test.log(3).await.unwrap();
        test.settle().await;
        assert_eq!(test.sent(), 0);
        test.network.0.closed.set(false);
        test.settle().await;
        assert_eq!(*test.network.0.batches.borrow(), [3]);
        assert_eq!(test.logger.queue_bytes(), 0);
    });
}

/// A script that takes all the time it is given.
const GREEDY: &str = r#"[
    {"config": {"custom_fields_by_lua": {"greedy": "while true do end"}}},
    {"route": "quick", "config": {"custom_fields_by_lua": {"quick": "return 1"}}}
]"#;

#[test]
fn best_effort_does_not_wait_for_scripts() {
    run(async {
        let test = Test::with_entries("best_effort", GREEDY);
        let records = vec![AccessRecord::default(); 20];
        test.logger.forward(&records, Timestamp::MIN, &*test.warnings).await.unwrap();
        let stats = test.logger.destination().stats();
        assert_eq!((stats.messages.value(), stats.script_errors.value()), (0, 0), "a script has run");
        assert!(test.logger.has_pending() && test.logger.queue_bytes() > 0);
        test.logger.send(&*test.warnings).await;
        assert_eq!((stats.messages.value(), stats.script_bounds.value(), test.sent()), (20, 20, 20));
    });
}

#[test]
fn the_scripts_of_a_request_have_a_bounded_time_together_and_the_next_request_has_its_own() {
    for delivery in ["best_effort", "at_least_once"] {
        run(async {
            let test = Test::with_entries(delivery, GREEDY);
            let quick = AccessRecord { route_name: "quick".into(), ..AccessRecord::default() };
            // None of the twenty milliseconds can be left for the third.
            let mut records = vec![AccessRecord::default(); 3];
            records.push(quick.clone());
            test.log_all(&records).await.unwrap();
            while test.sent() < 4 {
                yield_now().await;
            }
            assert_eq!(test.logger.destination().stats().script_bounds.value(), 4, "{delivery}");
            let warnings = test.logger.destination().notes().take_warnings();
            let [_, quick_failed] = &warnings[..] else { panic!("{warnings:?}") };
            assert_eq!(
                quick_failed,
                "[1].config.custom_fields_by_lua[\"quick\"] (entry for route \"quick\") failed and is left out: it was \
                 not run, the time that the scripts of a request have was used up"
            );
            test.log_all(&[quick]).await.unwrap();
            while test.sent() < 5 {
                yield_now().await;
            }
            assert_eq!(test.logger.destination().stats().script_errors.value(), 4, "{delivery}");
        });
    }
}

#[test]
fn records_that_arrive_while_a_batch_is_sent_share_the_next() {
    run(async {
        let test = Test::new("best_effort");
        test.network.0.closed.set(true);
        for _ in 0..4 {
            test.log(2).await.unwrap();
            test.settle().await;
        }
        test.network.0.closed.set(false);
        test.settle().await;
        assert_eq!(*test.network.0.batches.borrow(), [2, 6]);
    });
}

#[test]
fn a_receiver_that_takes_nothing_cannot_fill_the_memory_and_what_is_dropped_is_counted() {
    run(async {
        let test = Test::new("best_effort");
        test.network.0.closed.set(true);
        for _ in 0..10 {
            test.log(50).await.unwrap();
            test.settle().await;
            assert!(test.logger.queue_bytes() < 2 * 65_536 + 8_192 + 10, "{}", test.logger.queue_bytes());
        }
        let stats = test.logger.destination().stats();
        test.network.0.closed.set(false);
        test.settle().await;
        let (made, dropped) = (stats.messages.value(), stats.dropped.value());
        assert!(made > 0 && dropped > 0);
        assert_eq!(made + dropped, 500);
        assert_eq!((test.sent() as u64, test.logger.queue_bytes()), (made, 0));
        test.log(1).await.unwrap();
        test.settle().await;
        assert_eq!(test.sent() as u64, made + 1, "there is room again");
    });
}

#[test]
fn best_effort_reports_and_counts_failures() {
    run(async {
        let test = Test::new("best_effort");
        test.network.0.unreachable.set(true);
        for _ in 0..3 {
            test.log(2).await.unwrap();
            test.settle().await;
        }
        assert_eq!(test.logger.destination().stats().failed.value(), 6);
        let warnings = test.warnings.0.borrow();
        assert_eq!(*warnings, ["2 of 2 syslog messages were not delivered: connecting: refused"], "one line");
    });
}

#[test]
fn at_least_once_returns_when_the_receiver_has_confirmed() {
    run(async {
        let test = Rc::new(Test::new("at_least_once"));
        test.network.0.closed.set(true);
        let calls: Vec<_> = (1..=3)
            .map(|count| {
                let test = Rc::clone(&test);
                spawn_local(async move { test.log(count).await })
            })
            .collect();
        test.settle().await;
        assert!(calls.iter().all(|call| !call.is_finished()));
        test.network.0.closed.set(false);
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(
            *test.network.0.batches.borrow(),
            [1, 5],
            "the first sends, the others share the next batch"
        );
    });
}

#[test]
fn at_least_once_sends_a_batch_larger_than_the_queue_in_parts_and_drops_nothing() {
    run(async {
        let test = Test::new("at_least_once");
        test.log(200).await.unwrap();
        assert_eq!(test.sent(), 200);
        assert!(test.network.0.batches.borrow().len() > 2);
        assert_eq!(test.logger.destination().stats().dropped.value(), 0);
    });
}

#[test]
fn at_least_once_fails_when_the_receiver_is_absent() {
    run(async {
        let test = Test::new("at_least_once");
        test.network.0.unreachable.set(true);
        assert!(matches!(test.log(2).await, Err(DeliveryError::Transport { .. })));
        assert!(matches!(test.log(2).await, Err(DeliveryError::Paused { .. })));
        assert!(test.log(200).await.is_err());
        assert_eq!(test.logger.queue_bytes(), 0);
    });
}

#[test]
fn a_call_cancelled_while_it_sends_fails_only_the_calls_of_its_batch() {
    run(async {
        let test = Rc::new(Test::new("at_least_once"));
        test.network.0.closed.set(true);
        let call = || {
            let test = Rc::clone(&test);
            spawn_local(async move { test.log(1).await })
        };
        let first = call();
        test.settle().await;
        let second = call();
        test.settle().await;
        first.abort();
        test.settle().await;
        test.network.0.closed.set(false);
        second.await.unwrap().unwrap();
        assert_eq!(*test.network.0.batches.borrow(), [1]);
        assert_eq!(test.logger.queue_bytes(), 0);
    });
}
