//! The whole filter against a mock gateway: streams in, pushes out.

use std::collections::HashSet;

use gatelog_record::Origin;
use proptest::prelude::*;
use serde_json::{Value, json};

mod configured_again;
mod logger;

use super::*;
use crate::host::mock::{MockHost, Sent};
use crate::host::{CallError, Level};
use crate::observe::metric::Metric;
use crate::rng::Rng;

const CONFIG: &str =
    r#"{"collector_cluster":"c","keep_alive_ms":0,"queue":{"max_batch_size":2,"max_retry_time":5}}"#;

fn plugin() -> Plugin {
    Plugin::new(CONFIG.as_bytes(), Rng::seeded(1)).unwrap()
}

fn gateway() -> MockHost {
    MockHost::new()
        .with_request(&[(":method", "GET"), (":path", "/a"), (":authority", "h")])
        .with_int("request.duration", 1_000_000)
}

/// A gateway with every attribute that streams usually have.
fn complete_gateway() -> MockHost {
    let texts = [
        "response.code_details",
        "source.address",
        "destination.address",
        "request.protocol",
        "xds.cluster_name",
        "upstream.address",
        "upstream.local_address",
    ];
    let host = gateway().with_response(&[("x-envoy-upstream-service-time", "1")]);
    let host = texts.into_iter().fold(host, |host, path| host.with_text(path, "x"));
    let host = host.with_text("connection.requested_server_name", "");
    let numbers =
        ["response.flags", "request.total_size", "response.total_size", "upstream.request_attempt_count"];
    let host = numbers.into_iter().fold(host, |host, path| host.with_int(path, 0));
    host.with_int("response.code", 200).with_int("request.time", 1_769_860_800_000_000_000)
}

/// Answers as ingest does when it has stored everything.
fn acknowledge(plugin: &mut Plugin, host: &MockHost, sent: &[Sent]) -> bool {
    sent.iter().fold(false, |_, call| {
        host.set_answer(&[(":status", "200")], &call.stored());
        plugin.on_answer(call.id, host)
    })
}

/// Sends what waits and acknowledges it.
fn deliver(plugin: &mut Plugin, host: &MockHost) -> Vec<Value> {
    host.pass(Duration::from_secs(1));
    plugin.on_tick(host);
    let sent: Vec<Sent> = host.take_sent();
    acknowledge(plugin, host, &sent);
    sent.iter().flat_map(|call| call.json().as_array().unwrap().clone()).collect()
}

#[test]
fn each_exchange_makes_one_record_with_an_id_of_its_own() {
    let (mut plugin, host) = (plugin(), gateway());
    for _ in 0..5 {
        plugin.on_end(&mut Stream::default(), &host);
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
    assert_eq!(host.metric_value(Metric::QueueMaxEntries), 10_000);
}

#[test]
fn a_small_get_costs_few_questions() {
    let (mut plugin, host) =
        (plugin(), gateway().with_text("xds.route_name", "r").with_text("upstream.address", "u:1"));
    let get = |plugin: &mut Plugin, host: &MockHost| {
        let mut stream = Stream::default();
        plugin.on_request_headers(&mut stream, host, true);
        plugin.on_response_headers(&mut stream, host, false);
        stream.on_response_body(host, 100);
        let asked = host.asked().len();
        plugin.on_end(&mut stream, host);
        asked
    };
    get(&mut plugin, &host);
    assert_eq!(host.asked()[..2], ["headers Request", "headers Request"], "one before the end");
    // The filter learns from the first two what the gateway supports.
    get(&mut plugin, &host);
    let first = get(&mut plugin, &host);
    assert!(host.asked().len() - first <= 19, "{:#?}", &host.asked()[first..]);
    let mut plugin = self::plugin();
    let together = complete_gateway().with_text("xds.route_name", "r").with_expressions();
    get(&mut plugin, &together);
    get(&mut plugin, &together);
    let first = get(&mut plugin, &together);
    assert_eq!(together.asked()[first..], ["headers Request", "evaluate"]);
}

#[test]
fn rules_decide_what_is_recorded_and_where_it_goes() {
    let config = r#"{"_rules_":[{"_match_route_":["a"],"collector_cluster":"one","keep_alive_ms":0},
        {"_match_route_":["b"],"collector_cluster":"two","keep_alive_ms":0,"sampling":{"rate":0,"keep_slower_than_ms":-1}},
        {"_match_route_prefix_":["b"],"collector_cluster":"two","keep_alive_ms":0},{"_match_route_":["c"],"enabled":false,"collector_cluster":"one","keep_alive_ms":0}]}"#;
    let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
    for (route, collector) in [("a", Some("one")), ("b", None), ("bb", Some("two")), ("c", None), ("d", None)]
    {
        let host = gateway().with_text("xds.route_name", route).with_int("response.code", 200);
        let mut stream = Stream::default();
        plugin.on_request_headers(&mut stream, &host, true);
        // A later change of the route does not matter.
        plugin.on_response_headers(&mut stream, &host, true);
        plugin.on_end(&mut stream, &host);
        host.pass(Duration::from_secs(1));
        plugin.on_tick(&host);
        let sent = host.take_sent();
        assert_eq!(sent.first().map(|call| call.cluster.as_str()), collector, "{route}");
        assert!(!acknowledge(&mut plugin, &host, &sent));
        assert_eq!(host.metric_value(Metric::SampledOut), i64::from(route == "b"));
    }
}

#[test]
fn an_exchange_without_a_request_is_matched_when_it_ends() {
    let config = r#"{"collector_cluster":"c","_rules_":[{"_match_domain_":["x"],"enabled":false}]}"#;
    let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
    let host = MockHost::new().with_int("response.code", 400);
    plugin.on_end(&mut Stream::default(), &host);
    assert_eq!(deliver(&mut plugin, &host).len(), 1);
}

#[test]
fn a_complete_batch_is_sent_soon_and_then_ticks_are_as_before() {
    let (mut plugin, host) = (plugin(), gateway());
    plugin.on_end(&mut Stream::default(), &host);
    assert_eq!(host.tick_period(), Duration::ZERO);
    plugin.on_end(&mut Stream::default(), &host);
    assert_eq!(host.tick_period(), HURRY);
    plugin.on_tick(&host);
    assert_eq!((host.take_sent().len(), host.tick_period()), (1, plugin.tick_period()));
}

#[test]
fn a_full_queue_is_told_in_the_log_once_in_a_while_and_counted() {
    let queue = r#"{"max_entries":2,"concurrency_limit":1,"initial_retry_delay":60}"#;
    let config = format!(r#"{{"collector_cluster":"c","keep_alive_ms":0,"queue":{queue}}}"#);
    let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
    let host = gateway();
    host.refuse_calls(Some(CallError::NotSent));
    for records in [2, 30] {
        (0..records).for_each(|_| plugin.on_end(&mut Stream::default(), &host));
        plugin.on_tick(&host);
    }
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
fn an_exchange_makes_one_record_whether_it_is_logged_or_only_over() {
    let (mut plugin, host) = (plugin(), gateway());
    let mut stream = Stream::default();
    plugin.on_request_headers(&mut stream, &host, true);
    plugin.on_end(&mut stream, &host);
    plugin.on_end(&mut stream, &host);
    assert_eq!(deliver(&mut plugin, &host).len(), 1);
}

#[test]
fn an_exchange_that_is_over_without_its_headers_is_recorded_as_it_came() {
    let (mut plugin, mut host) = (plugin(), gateway());
    let mut stream = Stream::default();
    let values = [("method", "GET"), ("path", "/a?token=x"), ("authority", "h")];
    let mut headers: Vec<(String, &str)> = values.map(|(name, value)| (format!(":{name}"), value)).to_vec();
    headers.extend([("user-agent".to_owned(), "u"), ("x-request-id".to_owned(), "i")]);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    host.set_request(&headers);
    plugin.on_request_headers(&mut stream, &host, true);
    host.set_request(&[]);
    plugin.on_end(&mut stream, &host);
    let record = deliver(&mut plugin, &host).remove(0);
    for (field, value) in [
        ("method", "GET"),
        ("path", "/a?token=REDACTED"),
        ("authority", "h"),
        ("user_agent", "u"),
        ("request_id", "i"),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert!(record.get("upstream_path").is_none());
}

#[test]
fn captured_bodies_have_a_bound_in_sum_and_what_is_left_out_is_counted() {
    let config = br#"{"collector_cluster":"c","keep_alive_ms":0,"capture":{"request_body_bytes":65536,"max_total_bytes":131072}}"#;
    let mut plugin = Plugin::new(config, Rng::seeded(1)).unwrap();
    let host =
        gateway().with_request(&[(":method", "POST"), (":path", "/a"), ("content-type", "text/plain")]);
    let body = "x".repeat(40_000);
    host.set_body(body.as_bytes());
    let mut exchanges: Vec<Stream> = (0..5).map(|_| Stream::default()).collect();
    for stream in &mut exchanges {
        plugin.on_request_headers(stream, &host, false);
        stream.on_request_body(&host, body.len());
    }
    for stream in &mut exchanges {
        plugin.on_end(stream, &host);
    }
    let lengths = |records: Vec<Value>| -> Vec<usize> {
        records.iter().map(|record| record["request_body"].as_str().map_or(0, str::len)).collect()
    };
    assert_eq!(lengths(deliver(&mut plugin, &host)), [40_000, 40_000, 40_000, 11_072, 0]);
    assert_eq!(host.metric_value(Metric::CaptureShort), 2);
    drop(exchanges);
    let mut next = Stream::default();
    plugin.on_request_headers(&mut next, &host, false);
    next.on_request_body(&host, body.len());
    plugin.on_end(&mut next, &host);
    assert_eq!(lengths(deliver(&mut plugin, &host)), [40_000], "they gave their room back");
}

#[test]
fn what_the_filter_says_is_what_the_log_level_asks_for() {
    for (level, lines) in [("info", 1), ("warn", 0), ("critical", 0)] {
        let config = format!(r#"{{"collector_cluster":"c","keep_alive_ms":0,"log_level":"{level}"}}"#);
        let (mut plugin, host) = (Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap(), gateway());
        plugin.on_end(&mut Stream::default(), &host);
        plugin.on_done(&host);
        assert_eq!(host.logged().len(), lines, "{level}");
    }
}

#[test]
fn shutting_down_sends_everything_at_once_and_waits_for_the_answers() {
    let (mut plugin, host) = (plugin(), gateway());
    assert!(Plugin::new(CONFIG.as_bytes(), Rng::seeded(1)).unwrap().on_done(&host), "nothing to do");
    for _ in 0..5 {
        plugin.on_end(&mut Stream::default(), &host);
    }
    assert!(!plugin.on_done(&host));
    let sent = host.take_sent();
    assert_eq!(sent.len(), 1);
    let line =
        "gatelog: ending with 5 records on their way to the collector and 0 that wait for a push to end";
    assert_eq!(host.logged().last(), Some(&(Level::Info, line.to_owned())));
    assert!(acknowledge(&mut plugin, &host, &sent));
    assert_eq!(host.metric_value(Metric::Pushed), 5);
}

#[test]
fn shutting_down_ends_after_its_time_and_counts_what_is_left() {
    let (mut plugin, host) = (plugin(), gateway());
    for _ in 0..3 {
        plugin.on_end(&mut Stream::default(), &host);
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
    plugin.on_end(&mut Stream::default(), &host);
    let records = deliver(&mut plugin, &host);
    assert_eq!(records[0]["path"].as_str().map(str::len), Some(8_192));
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::ValuesCut), 1);
}

#[test]
fn ticks_are_short_enough_for_the_coalescing_delay() {
    for (delay, expected) in [("1", 100), ("0.5", 50), ("0", 10), ("3600", 100)] {
        let config = format!(r#"{{"collector_cluster":"c","queue":{{"max_coalescing_delay":{delay}}}}}"#);
        let plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
        assert_eq!(plugin.tick_period().as_millis(), expected);
    }
}

#[test]
fn single_mode_makes_the_requests_of_db_log_pusher() {
    let config = br#"{"collector_service_name":"log-collector.higress-system.svc.cluster.local","collector_port":80,"collector_path":"/ingest","batch_format":"single"}"#;
    let (mut plugin, answer) = (
        Plugin::new(config, Rng::seeded(1)).unwrap(),
        r#"{"id":"c1","model":"qwen-max","usage":{"prompt_tokens":21,"completion_tokens":37,"total_tokens":58}}"#,
    );
    let json = ("content-type", "application/json");
    let host = complete_gateway()
        .with_request(&[
            (":method", "POST"),
            (":path", "/v1/chat/completions"),
            (":authority", "api.example.com"),
            json,
        ])
        .with_response(&[(":status", "200"), json]);
    let mut stream = Stream::default();
    plugin.on_request_headers(&mut stream, &host, false);
    plugin.on_response_headers(&mut stream, &host, false);
    host.set_body(answer.as_bytes());
    stream.on_response_body(&host, answer.len());
    plugin.on_end(&mut stream, &host);
    plugin.on_tick(&host);
    let [push] = &host.take_sent()[..] else { panic!("one push expected") };
    assert_eq!(push.cluster, "outbound|80||log-collector.higress-system.svc.cluster.local");
    for (name, value) in [
        (":method", "POST"),
        (":path", "/ingest"),
        (":authority", "log-collector.higress-system.svc.cluster.local"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(push.header(name), Some(value), "{name}");
    }

    // A push of db-log-pusher itself; it adds headers and bodies, which its collector does not store.
    let theirs: Value =
        serde_json::from_str(include_str!("../../../record/testdata/db_log_pusher.json")).unwrap();
    let (ours, theirs) = (push.json(), theirs.as_object().unwrap());
    let known: HashSet<&str> = include_str!("../../../record/testdata/reference_keys.txt").lines().collect();
    for (key, value) in ours.as_object().unwrap() {
        assert!(known.contains(key.as_str()), "{key} is none of its keys");
        if let Some(their) = theirs.get(key) {
            assert_eq!(
                std::mem::discriminant(value),
                std::mem::discriminant(their),
                "{key} has another type"
            );
        }
    }
    // It always writes these.
    for key in theirs
        .keys()
        .filter(|key| gatelog_record::fields::field(key).is_some_and(|field| field.origin == Origin::Always))
    {
        assert!(ours.get(key).is_some(), "{key} is missing");
    }
    assert_eq!((&ours["model"], &ours["total_tokens"]), (&json!("qwen-max"), &json!(58)));
}

#[derive(Clone, Debug)]
enum Step {
    /// This many requests, the last with a path of this length.
    Requests(u8, u16),
    Tick(u16),
    /// An answer to one of the open calls: a status, or none when the gateway gave up.
    Answer(prop::sample::Index, Option<u16>),
    /// The gateway refuses calls, or accepts them again.
    Refuse(bool),
    /// A call that is never answered.
    Lose(prop::sample::Index),
    Done,
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![
        6 => Just(Some(200)),
        1 => Just(None),
        1 => Just(Some(503)),
        1 => Just(Some(504)),
        1 => Just(Some(413)),
        1 => Just(Some(400)),
    ];
    prop_oneof![
        6 => (0_u8..8, 1_u16..3_000).prop_map(|(count, length)| Step::Requests(count, length)),
        4 => (0_u16..3_000).prop_map(Step::Tick),
        6 => (any::<prop::sample::Index>(), status).prop_map(|(index, status)| Step::Answer(index, status)),
        1 => any::<bool>().prop_map(Step::Refuse),
        1 => any::<prop::sample::Index>().prop_map(Step::Lose),
        1 => Just(Step::Done),
    ]
}

proptest! {
    #[test]
    fn every_record_is_acknowledged_or_counted_as_dropped_whatever_happens(
        steps in proptest::collection::vec(step(), 0..120),
        keep_alive_ms in prop_oneof![Just(0), Just(1_000)],
    ) {
        const LIMIT: usize = 2;
        let config = json!({ "collector_cluster": "c", "timeout_ms": 500, "drain_timeout_ms": 2_000, "keep_alive_ms": keep_alive_ms,
            "queue": { "max_batch_size": 3, "max_batch_bytes": 4_000, "max_entries": 9, "max_bytes": 5_000, "max_retry_time": 5, "concurrency_limit": LIMIT } });
        let mut plugin = Plugin::new(config.to_string().as_bytes(), Rng::seeded(1)).unwrap();
        let mut host = gateway();
        let (mut collected, mut delivered, mut open, mut is_done) = (0, HashSet::new(), Vec::<Sent>::new(), false);
        let mut finished = false;
        for step in steps {
            if finished {
                break;
            }
            match step {
                // Envoy removes a filter after its last stream.
                Step::Requests(..) if is_done => {}
                Step::Requests(count, length) => {
                    for number in 1..=count {
                        let path = "/".repeat(if number == count { length.into() } else { 10 });
                        host.set_request(&[(":method", "GET"), (":path", &path)]);
                        plugin.on_end(&mut Stream::default(), &host);
                        collected += 1;
                    }
                }
                Step::Tick(millis) => {
                    host.pass(Duration::from_millis(millis.into()));
                    finished = plugin.on_tick(&host);
                }
                Step::Answer(index, status) if !open.is_empty() => {
                    let call = open.swap_remove(index.index(open.len()));
                    let status = status.map(|status| status.to_string());
                    let headers: Vec<_> = status.iter().map(|status| (":status", status.as_str())).collect();
                    host.set_answer(&headers, &call.stored());
                    if status.as_deref() == Some("200") {
                        delivered.extend(call.json().as_array().unwrap().iter().map(|record| record["record_id"].to_string()));
                    }
                    finished = plugin.on_answer(call.id, &host);
                }
                Step::Lose(index) if !open.is_empty() => {
                    open.swap_remove(index.index(open.len()));
                    host.pass(Duration::from_secs(31));
                    finished = plugin.on_tick(&host);
                }
                Step::Answer(..) | Step::Lose(_) => {}
                Step::Refuse(refuse) => host.refuse_calls(refuse.then_some(CallError::NotSent)),
                Step::Done if is_done => {}
                Step::Done => {
                    is_done = true;
                    finished = plugin.on_done(&host);
                }
            }
            let sent = host.take_sent();
            prop_assert!(sent.iter().all(|call| call.body.len() <= 4_000 + 1_000), "bytes of a push are bounded");
            open.extend(sent);
            let [entries, bytes, in_flight] = plugin.delivery.load(0);
            prop_assert!(in_flight <= LIMIT + usize::from(is_done), "pushes under way are bounded");
            // A batch that was split or put back exceeds the limits until the next record comes.
            prop_assert!(entries <= 9 + 3 * (LIMIT + 1) && bytes <= 5_000 + 4_000 * (LIMIT + 1));
        }
        if !finished && !is_done {
            finished = plugin.on_done(&host);
        }
        for _ in 0..30 {
            if !finished {
                host.pass(Duration::from_millis(100));
                finished = plugin.on_tick(&host);
            }
        }
        prop_assert!(finished, "draining ends");
        let dropped: i64 = Metric::ALL.iter().filter(|metric| metric.name().contains("dropped")).map(|metric| host.metric_value(*metric)).sum();
        prop_assert_eq!(host.metric_value(Metric::Collected), collected);
        prop_assert_eq!(host.metric_value(Metric::Pushed) + dropped, collected);
        // A call that counts as lost may have arrived nevertheless.
        prop_assert!(i64::try_from(delivered.len()).unwrap() >= host.metric_value(Metric::Pushed));
        prop_assert_eq!((host.metric_value(Metric::QueueEntries), host.metric_value(Metric::InFlight)), (0, 0));
        prop_assert_eq!((host.metric_value(Metric::QueueMaxEntries), host.metric_value(Metric::QueueMaxBytes)), (0, 0));
    }
}
