//! Every answer that a collector can give; every record is delivered or counted as dropped.

use proptest::prelude::*;

use super::*;
use gatelog_record::push::{DROPPED_HEADER, FILTER_HEADER, QUEUE_HEADER, RETRIES_HEADER};

use crate::config::Config;
use crate::context::Core;
use crate::host::CallError;
use crate::host::mock::{MockHost, Sent};
use crate::rng::Rng;

/// A sink, and a gateway to push through.
struct Bench {
    host: MockHost,
    sink: Sink,
    core: Core,
}

impl Bench {
    fn new(queue_keys: &str) -> Self {
        Self::with(&format!(
            r#"{{"collector_cluster":"c","collector_path":"/ingest","collector_token":"t","keep_alive_ms":0,"queue":{queue_keys}}}"#
        ))
    }

    fn with(config: &str) -> Self {
        let config = Config::parse(config.as_bytes()).unwrap();
        let sink = Sink::new(&config.destinations[0], "vm");
        Self { host: MockHost::new(), sink, core: Core::new(Rng::seeded(1)) }
    }

    fn add(&mut self, record: &str) {
        let now = self.host.monotonic();
        self.sink.add(record.as_bytes(), &mut self.core.context(&self.host, now));
    }

    fn run(&mut self, all: bool) {
        let now = self.host.monotonic();
        self.sink.send_due(all, &mut self.core.context(&self.host, now));
    }

    fn write_log(&mut self) {
        self.core.log.flush(&self.host, self.host.monotonic(), true);
    }

    /// Answers as ingest does when it has stored everything.
    fn acknowledge(&mut self, sent: &Sent) -> bool {
        self.answer(sent.id, &[(":status", "200")], &sent.stored())
    }

    fn answer(&mut self, call: CallId, headers: &[(&str, &str)], body: &[u8]) -> bool {
        self.host.set_answer(headers, body);
        let now = self.host.monotonic();
        self.sink.on_answer(call, &mut self.core.context(&self.host, now))
    }

    fn value(&mut self, metric: Metric) -> i64 {
        self.core.metrics.flush(&self.host);
        self.host.metric_value(metric)
    }

    fn pass(&self, millis: u64) {
        self.host.pass(Duration::from_millis(millis));
    }
}

#[test]
fn a_push_carries_the_batch_and_what_the_collector_wants_to_know() {
    let mut bench = Bench::new(r#"{"max_batch_size":2,"concurrency_limit":1}"#);
    for record in ["1", "2", "3"] {
        bench.add(record);
    }
    bench.run(false);
    let [sent] = &bench.host.take_sent()[..] else { panic!("one push expected") };
    assert_eq!((sent.cluster.as_str(), sent.body.as_slice()), ("c", &b"[1,2]"[..]));
    for (name, value) in [
        (":method", "POST"),
        (":path", "/ingest"),
        (":authority", "c"),
        ("content-type", "application/json"),
        ("authorization", "Bearer t"),
        (FILTER_HEADER, "vm"),
        (QUEUE_HEADER, "1"),
        (DROPPED_HEADER, "0"),
        (RETRIES_HEADER, "0"),
    ] {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    let body = br#"{"accepted":1,"duplicates":0,"rejected":[{"index":1,"error":"x"}]}"#;
    assert!(bench.answer(sent.id, &[(":status", "200")], body));
    assert_eq!((bench.value(Metric::Pushed), bench.value(Metric::Rejected)), (2, 1));
    assert!(!bench.answer(sent.id, &[(":status", "200")], b""), "a call is answered once");
}

#[test]
fn single_mode_sends_one_object_a_push() {
    let mut bench =
        Bench::with(r#"{"collector_service_name":"log.svc","collector_port":80,"batch_format":"single"}"#);
    bench.add(r#"{"a":1}"#);
    bench.add(r#"{"b":2}"#);
    bench.run(false);
    let sent = bench.host.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].cluster, "outbound|80||log.svc");
    assert_eq!((sent[0].header(":authority"), sent[0].header("authorization")), (Some("log.svc"), None));
    assert_eq!(sent[0].body, br#"{"a":1}"#);
    assert_eq!(sent[1].body, br#"{"b":2}"#);
    // Any 2xx of that collector acknowledges, whatever its body.
    assert!(bench.answer(sent[0].id, &[(":status", "204")], b""));
    assert!(bench.answer(sent[1].id, &[(":status", "200")], b"ok"));
    assert_eq!((bench.value(Metric::Pushed), bench.sink.flights.len()), (2, 0));
}

#[test]
fn what_an_answer_means_for_the_batch() {
    for (answer, pushed, retried, lost, metric) in [
        (Some("200"), 2, false, 0, Metric::Pushed),
        (Some("202"), 2, false, 0, Metric::Pushed),
        (None, 0, true, 0, Metric::Pushed),
        (Some("408"), 0, true, 0, Metric::Pushed),
        (Some("429"), 0, true, 0, Metric::Pushed),
        (Some("500"), 0, true, 0, Metric::Pushed),
        (Some("504"), 0, true, 0, Metric::Pushed),
        (Some("401"), 0, true, 0, Metric::Pushed),
        (Some("403"), 0, true, 0, Metric::Pushed),
        (Some("301"), 0, false, 2, Metric::DroppedRefused),
        (Some("400"), 0, false, 2, Metric::DroppedRefused),
        (Some("404"), 0, false, 2, Metric::DroppedRefused),
    ] {
        let mut bench = Bench::new(r#"{"max_batch_size":2}"#);
        bench.add("1");
        bench.add("2");
        bench.run(false);
        let sent = bench.host.take_sent().remove(0);
        let headers: Vec<_> = answer.map(|status| (":status", status)).into_iter().collect();
        bench.answer(sent.id, &headers, &sent.stored());
        assert_eq!(bench.value(Metric::PushFailures), i64::from(retried), "{answer:?}");
        bench.pass(1_000);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), usize::from(retried), "{answer:?}");
        assert_eq!(bench.value(Metric::Pushed), pushed, "{answer:?}");
        if lost > 0 {
            assert_eq!(bench.value(metric), lost, "{answer:?}");
            bench.write_log();
            let logged = bench.host.logged();
            assert!(logged[0].1.contains("2 records dropped because"), "{logged:?}");
        }
    }
}

#[test]
fn delays_double_up_to_their_limit_and_the_batch_is_given_up_after_its_time() {
    let mut bench =
        Bench::new(r#"{"max_batch_size":1,"initial_retry_delay":1,"max_retry_delay":4,"max_retry_time":20}"#);
    bench.add("1");
    bench.run(false);
    let (start, mut tries) = (bench.host.monotonic(), vec![0]);
    while !bench.sink.flights.is_empty() {
        for sent in bench.host.take_sent() {
            bench.answer(sent.id, &[(":status", "503")], b"");
        }
        bench.pass(10);
        bench.run(false);
        if !bench.host.take_sent().is_empty() {
            tries.push(bench.host.monotonic().since(start).as_millis());
            let call = match bench.sink.flights[0].state {
                FlightState::Sent { call, .. } => call,
                FlightState::Waiting { .. } => unreachable!("it was just sent"),
            };
            bench.answer(call, &[(":status", "503")], b"");
        }
    }
    let delays: Vec<u128> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (delay, longest) in delays.iter().zip([1_000, 2_000, 4_000, 4_000, 4_000]) {
        assert!((longest / 2..=longest + 20).contains(delay), "{delays:?}");
    }
    assert!(tries.last().is_some_and(|last| (20_000..20_100).contains(last)), "{tries:?}");
    assert_eq!(bench.value(Metric::DroppedRetryTime), 1);
}

#[test]
fn retry_after_is_honoured_within_bounds_and_no_retries_means_none() {
    for (told, longest, expected) in [("7", 60, 7_000), ("3600", 60, 10_000), ("7", 2, 2_000)] {
        let mut bench = Bench::new(&format!(r#"{{"max_batch_size":1,"max_retry_delay":{longest}}}"#));
        bench.add("1");
        bench.run(false);
        let call = bench.host.take_sent()[0].id;
        bench.answer(call, &[(":status", "503"), ("retry-after", told)], b"");
        bench.pass(expected - 100);
        bench.run(false);
        assert!(bench.host.take_sent().is_empty(), "{told}");
        bench.pass(200);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), 1, "{told}");
    }

    let mut bench = Bench::new(r#"{"max_batch_size":1,"max_retry_time":-1}"#);
    bench.add("1");
    bench.run(false);
    let call = bench.host.take_sent()[0].id;
    bench.answer(call, &[(":status", "503")], b"");
    assert_eq!(bench.value(Metric::DroppedRetryTime), 1);
}

#[test]
fn a_batch_that_is_too_large_is_split_down_to_the_record_that_is() {
    let mut bench = Bench::new(r#"{"max_batch_size":4,"concurrency_limit":1}"#);
    for record in ["1", "2", "333", "4"] {
        bench.add(record);
    }
    let mut delivered = Vec::new();
    bench.run(false);
    for _ in 0..20 {
        for sent in bench.host.take_sent() {
            if sent.body.windows(3).any(|part| part == b"333") {
                bench.answer(sent.id, &[(":status", "413")], b"");
            } else {
                delivered.extend(sent.json().as_array().unwrap().clone());
                bench.acknowledge(&sent);
            }
        }
        bench.run(true);
    }
    assert_eq!(delivered, [1, 2, 4]);
    assert_eq!((bench.value(Metric::Pushed), bench.value(Metric::DroppedTooLarge)), (3, 1));
}

#[test]
fn batches_on_their_way_are_bounded_and_an_answer_makes_room() {
    let mut bench = Bench::new(r#"{"max_batch_size":1,"concurrency_limit":2}"#);
    for record in 0..5 {
        bench.add(&record.to_string());
    }
    bench.run(false);
    let sent = bench.host.take_sent();
    assert_eq!((sent.len(), bench.sink.flights.len(), bench.sink.queue.entries()), (2, 2, 3));
    bench.acknowledge(&sent[1]);
    bench.run(false);
    assert_eq!(bench.host.take_sent().len(), 1);
}

#[test]
fn only_an_answer_that_accounts_for_each_record_acknowledges_an_array() {
    for (name, body, pushed) in [
        ("stored", r#"{"accepted":2,"duplicates":0,"rejected":[]}"#, true),
        ("known", r#"{"accepted":0,"duplicates":2,"rejected":[]}"#, true),
        ("some of each", r#"{"accepted":0,"duplicates":1,"rejected":[{"index":1,"error":"x"}]}"#, true),
        ("of another server", "<html>welcome</html>", false),
        ("nothing", "", false),
        ("JSON of another server", r#"{"status":"ok"}"#, false),
        ("one short", r#"{"accepted":1,"duplicates":0,"rejected":[]}"#, false),
        ("one too many", r#"{"accepted":2,"duplicates":1,"rejected":[]}"#, false),
        ("other types", r#"{"accepted":"2","duplicates":0,"rejected":0}"#, false),
        ("negative", r#"{"accepted":3,"duplicates":-1,"rejected":[]}"#, false),
    ] {
        let mut bench = Bench::new(r#"{"max_batch_size":2}"#);
        bench.add("1");
        bench.add("2");
        bench.run(false);
        let call = bench.host.take_sent()[0].id;
        bench.answer(call, &[(":status", "200")], body.as_bytes());
        assert_eq!(bench.value(Metric::Pushed), if pushed { 2 } else { 0 }, "{name}");
        assert_eq!(
            (bench.value(Metric::PushFailures), bench.sink.flights.len()),
            if pushed { (0, 0) } else { (1, 1) },
            "{name}"
        );
        bench.pass(1_000);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), usize::from(!pushed), "{name}");
    }
}

#[test]
fn an_empty_push_that_somebody_else_answers_is_told() {
    let mut bench = Bench::with(r#"{"collector_cluster":"c","queue":{"max_batch_size":1}}"#);
    bench.run(false);
    let ping = bench.host.take_sent().remove(0);
    bench.answer(ping.id, &[(":status", "200")], b"<html>");
    bench.write_log();
    let logged = bench.host.logged();
    assert!(
        logged[0].1.contains("empty pushes refused, as records will be: what answered 200 is no ingest"),
        "{logged:?}"
    );
}

#[test]
fn a_token_that_is_changed_here_after_there_costs_no_record() {
    let mut bench = Bench::new(r#"{"max_batch_size":1,"max_retry_delay":2,"max_retry_time":60}"#);
    bench.add("1");
    bench.run(false);
    for second in 0..50 {
        for sent in bench.host.take_sent() {
            bench.answer(sent.id, &[(":status", if second % 2 == 0 { "401" } else { "403" })], b"");
        }
        bench.pass(1_000);
        bench.run(false);
    }
    while bench.host.take_sent().iter().all(|sent| !bench.acknowledge(sent)) {
        bench.pass(1_000);
        bench.run(false);
    }
    assert_eq!((bench.value(Metric::Pushed), bench.core.metrics.dropped()), (1, 0));
}

#[test]
fn a_clock_that_is_set_changes_nothing_for_what_waits_and_is_tried_again() {
    const DAY: Duration = Duration::from_secs(86_400);
    for time in [MockHost::START.plus(DAY), MockHost::START.minus(DAY)] {
        let mut bench = Bench::new(
            r#"{"max_batch_size":2,"max_coalescing_delay":1,"initial_retry_delay":1,"max_retry_time":60}"#,
        );
        bench.add("1");
        bench.host.set_wall_time(time);
        bench.run(false);
        assert!(bench.host.take_sent().is_empty(), "it waits for others");
        bench.pass(1_000);
        bench.run(false);
        let [sent] = &bench.host.take_sent()[..] else { panic!("its time has come") };
        bench.host.set_wall_time(MockHost::START);
        bench.run(false);
        assert!(bench.host.take_sent().is_empty(), "the call is not lost");
        bench.host.set_wall_time(time);
        bench.answer(sent.id, &[(":status", "503")], b"");
        assert_eq!(
            (bench.core.metrics.dropped(), bench.sink.flights.len()),
            (0, 1),
            "the first failure loses nothing"
        );
        bench.pass(1_000);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), 1, "tried again after its delay");
    }
}

#[test]
fn the_first_batch_that_comes_through_takes_along_those_that_wait() {
    let mut bench = Bench::new(r#"{"max_batch_size":1,"initial_retry_delay":1,"max_retry_delay":20}"#);
    ["1", "2", "3"].iter().for_each(|record| bench.add(record));
    bench.run(false);
    let sent = bench.host.take_sent();
    bench.answer(sent[0].id, &[(":status", "503")], b"");
    bench.pass(1_000);
    bench.run(false);
    let again = bench.host.take_sent();
    bench.answer(sent[1].id, &[(":status", "503")], b"");
    bench.answer(sent[2].id, &[(":status", "503"), ("retry-after", "7")], b"");
    bench.acknowledge(&again[0]);
    bench.run(false);
    let mut bodies: Vec<Vec<u8>> = bench.host.take_sent().into_iter().map(|sent| sent.body).collect();
    bodies.sort();
    assert_eq!(bodies, [b"[2]", b"[3]"]);
}

#[test]
fn an_empty_push_that_is_acknowledged_sends_what_waits() {
    let mut bench = Bench::with(
        r#"{"collector_cluster":"c","queue":{"max_batch_size":1,"initial_retry_delay":20,"max_retry_delay":20}}"#,
    );
    bench.add("1");
    bench.run(false);
    let sent = bench.host.take_sent();
    let (ping, push) =
        (sent.iter().find(|sent| sent.body == b"[]"), sent.iter().find(|sent| sent.body == b"[1]"));
    bench.answer(push.unwrap().id, &[(":status", "503")], b"");
    bench.run(false);
    assert!(bench.host.take_sent().is_empty());
    bench.acknowledge(ping.unwrap());
    bench.run(false);
    assert!(bench.host.take_sent().iter().any(|sent| sent.body == b"[1]"));
}

#[test]
fn what_waits_is_joined_into_one_push_when_the_gateway_ends() {
    let mut bench = Bench::new(r#"{"max_batch_size":2,"concurrency_limit":1}"#);
    for record in 0..9 {
        bench.add(&record.to_string());
    }
    bench.run(false);
    let before = bench.host.take_sent();
    assert_eq!((before[0].body.as_slice(), before[0].header("expect")), (&b"[0,1]"[..], None));
    bench.run(true);
    let sent = bench.host.take_sent();
    assert_eq!(sent.len(), 1, "the connection that is kept free");
    assert_eq!(sent[0].header("expect"), Some("100-continue"), "its connection ends right behind it");
    assert_eq!(sent[0].body, b"[2,3,4,5,6,7,8]");
    bench.add("9");
    bench.run(true);
    assert!(bench.host.take_sent().is_empty(), "pushes under way are bounded");
    bench.acknowledge(&sent[0]);
    bench.run(true);
    assert_eq!(bench.host.take_sent()[0].body, b"[9]");
}

#[test]
fn joined_pushes_are_bounded_and_divided_among_the_connections_that_are_free() {
    let record = format!("\"{}\"", "1".repeat(40_000));
    let mut bench =
        Bench::with(r#"{"collector_cluster":"c","queue":{"max_batch_size":1,"max_batch_bytes":170000}}"#);
    bench.run(false);
    for ping in bench.host.take_sent() {
        bench.acknowledge(&ping);
    }
    (0..10).for_each(|_| bench.add(&record));
    bench.sink.keep_alive.due(1, bench.host.monotonic(), &mut bench.core.rng);
    bench.run(true);
    let sizes: Vec<usize> =
        bench.host.take_sent().iter().map(|sent| sent.json().as_array().unwrap().len()).collect();
    assert_eq!(sizes, [4, 4, 2], "two connections, and no push over its bytes");
}

#[test]
fn batches_that_wait_for_another_try_go_with_the_rest_when_the_gateway_ends() {
    let mut bench = Bench::new(r#"{"max_batch_size":1,"initial_retry_delay":100,"max_retry_delay":100}"#);
    bench.add("1");
    bench.run(false);
    let call = bench.host.take_sent()[0].id;
    bench.answer(call, &[(":status", "503")], b"");
    bench.add("2");
    bench.sink.requeue_waiting(&mut bench.core.metrics);
    bench.run(true);
    assert_eq!(bench.host.take_sent()[0].body, b"[1,2]");
    assert_eq!(bench.value(Metric::Retries), 1);
}

#[test]
fn empty_pushes_keep_connections_open_and_find_out_what_is_wrong() {
    let mut bench = Bench::with(r#"{"collector_cluster":"c","queue":{"max_batch_size":1}}"#);
    bench.run(false);
    let pings = bench.host.take_sent();
    assert_eq!(pings.iter().map(|ping| ping.body.as_slice()).collect::<Vec<_>>(), [b"[]", b"[]"]);
    assert_eq!(pings[0].header(QUEUE_HEADER), Some("0"));
    bench.run(false);
    assert!(bench.host.take_sent().is_empty(), "once in a period");
    assert!(bench.acknowledge(&pings[0]));
    assert!(bench.answer(pings[1].id, &[(":status", "401")], b""));
    bench.write_log();
    assert!(
        bench.host.logged()[0]
            .1
            .contains("1 empty pushes refused, as records will be: the collector answered 401")
    );

    bench.add("1");
    bench.run(false);
    let bodies: Vec<Vec<u8>> = bench.host.take_sent().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, [b"[1]", &b"[]"[..]], "a connection more than pushes");
    assert_eq!((bench.value(Metric::Pushed), bench.sink.flights.len()), (0, 1));

    let single = r#"{"collector_service_name":"log.svc","collector_port":80,"batch_format":"single"}"#;
    let mut bench = Bench::with(single);
    bench.run(false);
    assert!(bench.host.take_sent().is_empty(), "that collector would take it for a record");
}

#[test]
fn a_call_that_the_gateway_refuses_or_loses_is_tried_again() {
    for error in [CallError::UnknownCluster, CallError::NotSent] {
        let mut bench = Bench::new(r#"{"max_batch_size":1}"#);
        bench.add("1");
        bench.host.refuse_calls(Some(error));
        bench.run(false);
        assert_eq!(bench.sink.flights.len(), 1);
        bench.write_log();
        assert!(bench.host.logged()[0].1.contains("cluster c: the gateway"), "{:?}", bench.host.logged());
        bench.host.refuse_calls(None);
        bench.pass(20);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), 1);
        bench.pass(40_000);
        bench.run(false);
        bench.pass(100);
        bench.run(false);
        assert_eq!(bench.host.take_sent().len(), 1, "a lost call is made again");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(u8),
    Pass(u16),
    Run,
    Answer(usize, Option<u16>),
    Refuse(bool),
    Drain,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u8..40).prop_map(Step::Add),
        2 => (0_u16..5_000).prop_map(Step::Pass),
        3 => Just(Step::Run),
        4 => (0_usize..6, prop_oneof![
            3 => Just(Some(200)),
            1 => Just(None),
            1 => Just(Some(503)),
            1 => Just(Some(413)),
            1 => Just(Some(400)),
        ]).prop_map(|(index, status)| Step::Answer(index, status)),
        1 => any::<bool>().prop_map(Step::Refuse),
        1 => Just(Step::Drain),
    ]
}

proptest! {
    #[test]
    fn accepted_records_are_delivered_or_counted_as_dropped_and_never_both(
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        let mut bench = Bench::new(
            r#"{"max_batch_size":3,"max_entries":12,"max_bytes":1024,"max_retry_time":10,"concurrency_limit":2}"#,
        );
        let (mut accepted, mut delivered, mut open) = (0_u64, Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Add(count) => for _ in 0..count {
                    bench.add(&accepted.to_string());
                    accepted += 1;
                },
                Step::Pass(millis) => bench.pass(millis.into()),
                Step::Run => bench.run(false),
                Step::Refuse(refuse) => bench.host.refuse_calls(refuse.then_some(CallError::NotSent)),
                Step::Drain => bench.run(true),
                Step::Answer(index, status) => {
                    if index < open.len() {
                        let sent: crate::host::mock::Sent = open.remove(index);
                        let status = status.map(|status| status.to_string());
                        let headers: Vec<_> = status.iter().map(|status| (":status", status.as_str())).collect();
                        if bench.answer(sent.id, &headers, &sent.stored()) && status.as_deref() == Some("200") {
                            delivered.extend(sent.json().as_array().unwrap().iter().map(|id| id.as_u64().unwrap()));
                        }
                    }
                }
            }
            open.extend(bench.host.take_sent());
        }
        let abandoned = bench.sink.abandon(bench.host.monotonic());
        let dropped = usize::try_from(bench.core.metrics.dropped()).unwrap();
        let unique: std::collections::HashSet<_> = delivered.iter().collect();
        prop_assert_eq!(unique.len(), delivered.len());
        prop_assert_eq!(bench.value(Metric::Pushed), i64::try_from(delivered.len()).unwrap());
        prop_assert_eq!(accepted, u64::try_from(delivered.len() + dropped + abandoned).unwrap());
    }
}
