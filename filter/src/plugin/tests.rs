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

/// A gateway that has every attribute that exchanges usually have.
fn complete_gateway() -> MockHost {
    let texts = ["response.code_details", "source.address", "destination.address", "request.protocol"];
    let host = texts.into_iter().fold(gateway(), |host, path| host.with_text(path, "x"));
    let host = host.with_text("connection.requested_server_name", "");
    let numbers = ["response.flags", "request.total_size", "response.total_size"];
    numbers.into_iter().fold(host, |host, path| host.with_int(path, 0)).with_int("response.code", 200)
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
        plugin.on_log(&mut Exchange::default(), &host);
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
        (plugin(), gateway().with_text("xds.route_name", "r").with_text("upstream.address", "u:1"));
    let mut exchange = Exchange::default();
    plugin.on_request_headers(&mut exchange, &host, true);
    plugin.on_response_headers(&mut exchange, &host, false);
    exchange.on_response_body(&host, 100);
    assert_eq!(host.asked(), [] as [&str; 0]);
    // The first two learn what the gateway can do.
    plugin.on_log(&mut exchange, &host);
    plugin.on_log(&mut exchange, &host);
    let first = host.asked().len();
    plugin.on_log(&mut exchange, &host);
    assert!(host.asked().len() - first <= 16, "{:#?}", &host.asked()[first..]);
    let mut plugin = self::plugin();
    let together = complete_gateway().with_text("xds.route_name", "r").with_expressions();
    plugin.on_log(&mut exchange, &together);
    plugin.on_log(&mut exchange, &together);
    let first = together.asked().len();
    plugin.on_log(&mut exchange, &together);
    assert_eq!(together.asked()[first..], ["headers Request", "evaluate"]);
}

#[test]
fn rules_decide_what_is_recorded_and_where_it_goes() {
    let config = r#"{"_rules_":[{"_match_route_":["a"],"collector_cluster":"one"},
        {"_match_route_":["b"],"collector_cluster":"two","sampling":{"rate":0,"keep_slower_than_ms":-1}},
        {"_match_route_prefix_":["b"],"collector_cluster":"two"},{"_match_route_":["c"],"enabled":false,"collector_cluster":"one"}]}"#;
    let mut plugin = Plugin::new(config.as_bytes()).unwrap();
    for (route, collector) in [("a", Some("one")), ("b", None), ("bb", Some("two")), ("c", None), ("d", None)]
    {
        let host = gateway().with_text("xds.route_name", route).with_int("response.code", 200);
        let mut exchange = Exchange::default();
        plugin.on_request_headers(&mut exchange, &host, true);
        // What the route is called later does not matter any more.
        plugin.on_response_headers(&mut exchange, &host, true);
        plugin.on_log(&mut exchange, &host);
        host.pass(Duration::from_secs(1));
        plugin.on_tick(&host);
        let sent = host.take_sent();
        assert_eq!(sent.first().map(|call| call.cluster.as_str()), collector, "{route}");
        host.set_answer(&[(":status", "200")], b"{}");
        sent.iter().for_each(|call| assert!(!plugin.on_answer(call.id, &host)));
        assert_eq!(host.metric_value(Metric::SampledOut), i64::from(route == "b"));
    }
}

#[test]
fn an_exchange_without_a_request_is_matched_when_it_ends() {
    let config = r#"{"collector_cluster":"c","_rules_":[{"_match_domain_":["x"],"enabled":false}]}"#;
    let mut plugin = Plugin::new(config.as_bytes()).unwrap();
    let host = MockHost::new().with_int("response.code", 400);
    plugin.on_log(&mut Exchange::default(), &host);
    assert_eq!(deliver(&mut plugin, &host).len(), 1);
}

#[test]
fn a_complete_batch_is_sent_soon_and_then_ticks_are_as_before() {
    let (mut plugin, host) = (plugin(), gateway());
    plugin.on_log(&mut Exchange::default(), &host);
    assert_eq!(host.tick_period(), Duration::ZERO);
    plugin.on_log(&mut Exchange::default(), &host);
    assert_eq!(host.tick_period(), HURRY);
    plugin.on_tick(&host);
    assert_eq!((host.take_sent().len(), host.tick_period()), (1, plugin.tick_period()));
}

#[test]
fn a_full_queue_is_told_in_the_log_once_in_a_while_and_counted() {
    let mut plugin =
        Plugin::new(br#"{"collector_cluster":"c","queue":{"max_entries":2,"max_batch_size":10}}"#).unwrap();
    let host = gateway();
    for _ in 0..30 {
        plugin.on_log(&mut Exchange::default(), &host);
    }
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::DroppedQueueFull), 28);
    let lines: Vec<String> = host.logged().into_iter().map(|(_, line)| line).collect();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("28 records dropped, oldest first, because the queue is full"))
            .count(),
        1
    );
    assert_eq!(lines.iter().filter(|line| line.contains("the queue became 80 % full: 2 records")).count(), 1);
}

#[test]
fn shutting_down_sends_everything_at_once_and_waits_for_the_answers() {
    let (mut plugin, host) = (plugin(), gateway());
    assert!(Plugin::new(CONFIG.as_bytes()).unwrap().on_done(&host), "nothing to do");
    for _ in 0..5 {
        plugin.on_log(&mut Exchange::default(), &host);
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
        plugin.on_log(&mut Exchange::default(), &host);
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
    plugin.on_log(&mut Exchange::default(), &host);
    let records = deliver(&mut plugin, &host);
    assert_eq!(records[0]["path"].as_str().map(str::len), Some(8_192));
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::ValuesCut), 1);
}

#[test]
fn ticks_are_short_enough_for_the_coalescing_delay() {
    for (delay, expected) in [("1", 100), ("0.5", 50), ("0", 10), ("3600", 100)] {
        let config = format!(r#"{{"collector_cluster":"c","queue":{{"max_coalescing_delay":{delay}}}}}"#);
        let plugin = Plugin::new(config.as_bytes()).unwrap();
        assert_eq!(plugin.tick_period().as_millis(), expected);
    }
}
