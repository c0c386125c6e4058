//! Tests of delivery over a scripted network, without sockets and without real time.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::*;
use crate::message::frame::{Frame, Framing, HeaderFormat};
use crate::transport::SendError;

/// A network with scripted next steps; steps that are not scripted succeed.
#[derive(Clone, Default)]
struct Network(Rc<State>);

#[derive(Default)]
struct State {
    unreachable: Cell<bool>,
    /// The number of messages after which each of the next sends breaks.
    breaks: RefCell<Vec<usize>>,
    /// The number of messages that the next send refuses one by one.
    refuses: Cell<usize>,
    unconfirmed: Cell<bool>,
    closed_by_receiver: Cell<bool>,
    received: RefCell<Vec<Vec<u8>>>,
    attempts: Cell<u32>,
}

struct Line(Rc<State>);

impl Transport for Network {
    type Connection = Line;

    async fn connect(&self) -> Result<Line, TransportError> {
        self.0.attempts.set(self.0.attempts.get() + 1);
        self.0.closed_by_receiver.set(false);
        if self.0.unreachable.get() {
            return Err(TransportError::new("connecting", "refused"));
        }
        Ok(Line(Rc::clone(&self.0)))
    }
}

impl Connection for Line {
    async fn is_open(&mut self) -> bool {
        !self.0.closed_by_receiver.get()
    }

    async fn send(&mut self, messages: &Messages, first: usize) -> Result<usize, SendError> {
        let mut received = self.0.received.borrow_mut();
        if let Some(sent) = self.0.breaks.borrow_mut().pop() {
            received.extend(messages.iter_from(first).take(sent).map(<[u8]>::to_vec));
            return Err(SendError { sent, error: TransportError::new("sending", "reset") });
        }
        let refused = self.0.refuses.take();
        received.extend(messages.iter_from(first).skip(refused).map(<[u8]>::to_vec));
        Ok(refused)
    }

    async fn finish(self) -> Result<(), TransportError> {
        match self.0.unconfirmed.get() {
            true => Err(TransportError::new("ending", "reset")),
            false => Ok(()),
        }
    }
}

struct Test {
    network: Network,
    delivery: Delivery<Network>,
    stats: Stats,
}

impl Test {
    fn new(promise: Guarantee) -> Self {
        let network = Network::default();
        Self { delivery: Delivery::new(network.clone(), promise), network, stats: Stats::default() }
    }

    fn deliver(&self, count: usize, now_ms: u64) -> Result<(), DeliveryError> {
        let frame = Frame {
            format: HeaderFormat::Rfc3164,
            framing: Framing::Datagram,
            zone: jiff::tz::TimeZone::UTC,
            hostname: None,
            app_name: "kong".into(),
            process_id: String::new(),
            max_message_bytes: 1_024,
        };
        let mut messages = Messages::default();
        for number in 0..count {
            let log = Map::from_iter([("n".to_owned(), Value::from(number))]);
            frame.write(&mut messages, 14, gatelog_record::Timestamp::MIN, "h", log);
        }
        let delivering = self.delivery.deliver(&messages, || Duration::from_millis(now_ms), &self.stats);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(delivering)
    }

    fn received(&self) -> Vec<u64> {
        let received = self.network.0.received.borrow();
        let number = |message: &Vec<u8>| {
            let text = std::str::from_utf8(message).unwrap();
            let json: Value = serde_json::from_str(text.split_once(": ").unwrap().1).unwrap();
            json["n"].as_u64().unwrap()
        };
        received.iter().map(number).collect()
    }

    fn counted(&self) -> (u64, u64) {
        (self.stats.sent.value(), self.stats.failed.value())
    }
}

#[test]
fn a_connection_is_used_again_while_the_receiver_keeps_it_open() {
    let test = Test::new(Guarantee::BestEffort);
    test.deliver(2, 0).unwrap();
    test.deliver(2, 0).unwrap();
    assert_eq!(test.stats.connects.value(), 1);
    test.network.0.closed_by_receiver.set(true);
    test.deliver(1, 0).unwrap();
    assert_eq!(test.stats.connects.value(), 2);
    assert_eq!(test.counted(), (5, 0));
}

#[test]
fn a_broken_connection_is_replaced_and_sending_resumes_where_it_broke() {
    let test = Test::new(Guarantee::BestEffort);
    *test.network.0.breaks.borrow_mut() = vec![2];
    test.deliver(5, 0).unwrap();
    assert_eq!(test.received(), [0, 1, 2, 3, 4]);
    assert_eq!((test.counted(), test.stats.connects.value()), ((5, 0), 2));
}

#[test]
fn a_batch_that_breaks_twice_is_given_up_and_counted() {
    let test = Test::new(Guarantee::BestEffort);
    *test.network.0.breaks.borrow_mut() = vec![1, 2];
    let error = test.deliver(5, 0).unwrap_err();
    assert_eq!(error.to_string(), "2 of 5 syslog messages were not delivered: sending: reset");
    assert_eq!(test.received(), [0, 1, 2]);
    assert_eq!(test.counted(), (3, 2));
}

#[test]
fn refused_datagrams_are_counted_and_the_others_sent() {
    let test = Test::new(Guarantee::BestEffort);
    test.network.0.refuses.set(2);
    test.deliver(5, 0).unwrap_err();
    assert_eq!(test.received(), [2, 3, 4]);
    assert_eq!(test.counted(), (3, 2));
}

#[test]
fn an_absent_receiver_is_tried_again_only_after_a_pause_that_grows() {
    let test = Test::new(Guarantee::BestEffort);
    test.network.0.unreachable.set(true);
    let attempts = |now_ms| {
        test.deliver(1, now_ms).unwrap_err();
        test.network.0.attempts.get()
    };
    assert_eq!(attempts(0), 1);
    assert_eq!(attempts(99), 1);
    assert_eq!(attempts(100), 2);
    assert_eq!(attempts(299), 2);
    assert_eq!(attempts(300), 3);
    test.network.0.unreachable.set(false);
    assert!(matches!(test.deliver(1, 301), Err(DeliveryError::Paused { .. })));
    test.deliver(1, 700).unwrap();
    assert_eq!(test.counted(), (1, 6));
    assert_eq!(test.stats.connect_errors.value(), 3);
}

#[test]
fn a_receiver_that_does_not_take_messages_is_left_alone_for_a_while() {
    let test = Test::new(Guarantee::BestEffort);
    *test.network.0.breaks.borrow_mut() = vec![0, 0];
    test.deliver(1, 0).unwrap_err();
    assert!(matches!(test.deliver(1, 99), Err(DeliveryError::Paused { .. })));
    test.deliver(1, 100).unwrap();
    assert_eq!(test.counted(), (1, 2));
}

#[test]
fn the_pause_has_an_upper_bound() {
    let test = Test::new(Guarantee::BestEffort);
    test.network.0.unreachable.set(true);
    for number in 0..40 {
        test.deliver(1, number * 10_000).unwrap_err();
    }
    assert_eq!(test.network.0.attempts.get(), 40);
}

#[test]
fn at_least_once_takes_a_connection_for_each_batch_and_has_it_confirmed() {
    let test = Test::new(Guarantee::AtLeastOnce);
    test.deliver(2, 0).unwrap();
    test.deliver(2, 0).unwrap();
    assert_eq!(test.stats.connects.value(), 2);
    assert_eq!(test.counted(), (4, 0));
}

#[test]
fn at_least_once_fails_a_batch_as_a_whole() {
    let test = Test::new(Guarantee::AtLeastOnce);
    *test.network.0.breaks.borrow_mut() = vec![3];
    assert!(test.deliver(5, 0).is_err());
    test.network.0.unconfirmed.set(true);
    assert!(test.deliver(5, 1_000).is_err());
    assert_eq!(test.counted(), (0, 10));
    test.network.0.unconfirmed.set(false);
    test.deliver(5, 2_000).unwrap();
    assert_eq!(test.counted(), (5, 10));
}

#[test]
fn no_messages_need_no_connection() {
    let test = Test::new(Guarantee::AtLeastOnce);
    test.deliver(0, 0).unwrap();
    assert_eq!(test.network.0.attempts.get(), 0);
}
