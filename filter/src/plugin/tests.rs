//! The whole filter against a stand-in gateway: exchanges in, pushes out.

use serde_json::{Value, json};

use super::*;
use crate::host::mock::{MockHost, Sent};

const CONFIG: &str = r#"{"collector_cluster":"c","queue":{"max_batch_size":2,"max_retry_time":5}}"#;

fn plugin() -> Plugin {
    Plugin::new(CONFIG.as_bytes()).unwrap()
}

fn gateway() -> MockHost {
    MockHost::new()
        .with_request(&[(":method", "GET"), (":path", "/a"), (":authority", "h")])
        .with_int("request.duration", 1_000_000)
}

/// Sends what waits and takes it as delivered.
fn deliver(plugin: &mut Plugin, host: &MockHost) -> Vec<Value> {
    host.pass(Duration::from_secs(1));
    plugin.on_tick(host);
    let sent: Vec<Sent> = host.take_sent();
    host.set_answer(&[(":status", "200")], b"{}");
    for call in &sent {
        plugin.on_answer(call.id, host);
    }
    sent.iter().flat_map(|call| call.json().as_array().unwrap().clone()).collect()
}

#[test]
fn each_exchange_makes_one_record_with_an_id_of_its_own() {
    let (mut plugin, host) = (plugin(), gateway());
    for _ in 0..5 {
        plugin.on_log(&Exchange::default(), &host);
    }
    let records = deliver(&mut plugin, &host);
    assert_eq!(records.len(), 5);
    let ids: Vec<&str> = records.iter().map(|record| record["record_id"].as_str().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert_eq!(records[0]["path"], json!("/a"));
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::Collected), 5);
    assert_eq!(host.metric_value(Metric::Pushed), 5);
    assert_eq!((host.metric_value(Metric::QueueEntries), host.metric_value(Metric::InFlight)), (0, 0));
}

#[test]
fn a_small_get_costs_few_questions() {
    let (mut plugin, host) =
        (plugin(), gateway().with_int("connection.id", 1).with_text("request.protocol", "HTTP/1.1"));
    let mut exchange = Exchange::default();
    plugin.on_request_headers(&mut exchange, &host, true);
    plugin.on_response_headers(&mut exchange, &host, false);
    exchange.on_response_body(&host, 100);
    assert_eq!(host.asked(), [] as [&str; 0]);
    plugin.on_log(&exchange, &host);
    let first = host.asked().len();
    plugin.on_log(&exchange, &host);
    assert!(host.asked().len() - first <= 14, "{:#?}", &host.asked()[first..]);
}

#[test]
fn a_full_queue_is_told_in_the_log_once_in_a_while_and_counted() {
    let mut plugin =
        Plugin::new(br#"{"collector_cluster":"c","queue":{"max_entries":2,"max_batch_size":10}}"#).unwrap();
    let host = gateway();
    for _ in 0..3 {
        for _ in 0..10 {
            plugin.on_log(&Exchange::default(), &host);
        }
        plugin.tell(&host, host.now());
    }
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::DroppedQueueFull), 28);
    let lines: Vec<String> = host.logged().into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines.iter().filter(|line| line.contains("8 records dropped: the queue is full")).count(), 1);
    assert_eq!(lines.iter().filter(|line| line.contains("80 % full")).count(), 1);
}

#[test]
fn shutting_down_sends_everything_at_once_and_waits_for_the_answers() {
    let (mut plugin, host) = (plugin(), gateway());
    assert!(Plugin::new(CONFIG.as_bytes()).unwrap().on_done(&host), "nothing to do");
    for _ in 0..5 {
        plugin.on_log(&Exchange::default(), &host);
    }
    assert!(!plugin.on_done(&host));
    let sent = host.take_sent();
    assert_eq!(sent.len(), 3);
    host.set_answer(&[(":status", "200")], b"{}");
    let finished: Vec<bool> = sent.iter().map(|call| plugin.on_answer(call.id, &host)).collect();
    assert_eq!(finished, [false, false, true]);
    assert_eq!(host.metric_value(Metric::Pushed), 5);
}

#[test]
fn shutting_down_ends_after_its_time_and_counts_what_is_left() {
    let (mut plugin, host) = (plugin(), gateway());
    for _ in 0..3 {
        plugin.on_log(&Exchange::default(), &host);
    }
    assert!(!plugin.on_done(&host));
    host.pass(Duration::from_secs(4));
    assert!(!plugin.on_tick(&host));
    host.pass(Duration::from_secs(2));
    assert!(plugin.on_tick(&host));
    assert_eq!(host.metric_value(Metric::DroppedShutdown), 3);
}

#[test]
fn values_longer_than_their_column_are_cut_and_counted() {
    let long = "x".repeat(20_000);
    let host = MockHost::new().with_request(&[(":method", "GET"), (":path", &long)]);
    let mut plugin = plugin();
    plugin.on_log(&Exchange::default(), &host);
    let records = deliver(&mut plugin, &host);
    assert_eq!(records[0]["path"].as_str().map(str::len), Some(8_192));
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::ValuesCut), 1);
}

#[test]
fn ticks_are_short_enough_for_the_coalescing_delay() {
    for (delay, expected) in [("1", 100), ("0.05", 12), ("0", 10), ("3600", 100)] {
        let config = format!(r#"{{"collector_cluster":"c","queue":{{"max_coalescing_delay":{delay}}}}}"#);
        let plugin = Plugin::new(config.as_bytes()).unwrap();
        assert_eq!(plugin.tick_period().as_millis(), expected);
    }
}
