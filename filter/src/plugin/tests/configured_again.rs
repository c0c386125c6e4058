//! The gateway changes the configuration while records wait and are in flight.

use super::*;

/// A plugin in the middle of its work: two records are in flight, two wait for a retry, one waits for a complete
/// batch, and one stream is open.
fn busy_plugin(host: &MockHost) -> (Plugin, Stream, Vec<Sent>) {
    let (mut plugin, mut under_way) = (plugin(), Stream::default());
    plugin.on_request_headers(&mut under_way, host, true);
    for _ in 0..2 {
        (0..2).for_each(|_| plugin.on_end(&mut Stream::default(), host));
        plugin.on_tick(host);
    }
    let mut sent = host.take_sent();
    host.set_answer(&[(":status", "503")], b"");
    let failed = sent.pop().unwrap();
    plugin.on_answer(failed.id, host);
    plugin.on_end(&mut Stream::default(), host);
    (plugin, under_way, sent)
}

#[test]
fn nothing_is_lost_and_what_waits_goes_where_the_new_configuration_says() {
    for (name, second, old_goes_to, new_goes_to) in [
        ("the same", CONFIG, "c", "c"),
        (
            "another token and other bounds",
            r#"{"collector_cluster":"c","collector_token":"t","keep_alive_ms":0,"queue":{"max_batch_size":1,"max_entries":2}}"#,
            "c",
            "c",
        ),
        ("another collector", r#"{"collector_cluster":"d","keep_alive_ms":0}"#, "d", "d"),
        (
            "rules only",
            r#"{"_rules_":[{"_match_route_":["r"],"collector_cluster":"e","keep_alive_ms":0},
                {"_match_route_":["q"],"collector_cluster":"c","keep_alive_ms":0}]}"#,
            "c",
            "e",
        ),
        ("one at a time", r#"{"collector_cluster":"c","batch_format":"single"}"#, "c", "c"),
    ] {
        let host = gateway().with_text("xds.route_name", "r");
        let (mut plugin, mut under_way, sent) = busy_plugin(&host);
        plugin.configure_again(second.as_bytes(), &host).unwrap();
        assert!(plugin.configure_again(b"{}", &host).is_err(), "a wrong one changes nothing");
        plugin.on_end(&mut under_way, &host);
        assert!(!acknowledge(&mut plugin, &host, &sent), "{name}");
        let (mut records, mut clusters) = (0, HashSet::new());
        for _ in 0..10 {
            host.pass(Duration::from_secs(1));
            plugin.on_tick(&host);
            let sent = host.take_sent();
            records += sent.iter().map(|call| call.json().as_array().map_or(1, Vec::len)).sum::<usize>();
            clusters.extend(sent.iter().map(|call| call.cluster.clone()));
            acknowledge(&mut plugin, &host, &sent);
        }
        plugin.on_tick(&host);
        let value = |metric| usize::try_from(host.metric_value(metric)).unwrap();
        let dropped = value(Metric::DroppedQueueFull);
        assert_eq!(value(Metric::Collected), 6, "{name}");
        assert_eq!((records + dropped, value(Metric::Pushed) + dropped), (4, 6), "{name}");
        assert_eq!((value(Metric::QueueEntries), value(Metric::InFlight)), (0, 0), "{name}");
        let expected: HashSet<String> = [old_goes_to, new_goes_to].map(str::to_owned).into();
        assert_eq!(clusters, expected, "{name}");
    }
}

#[test]
fn what_a_smaller_queue_does_not_hold_is_counted() {
    let (mut plugin, host) = (plugin(), gateway());
    host.refuse_calls(Some(CallError::NotSent));
    (0..9).for_each(|_| plugin.on_end(&mut Stream::default(), &host));
    let small = br#"{"collector_cluster":"c","keep_alive_ms":0,"queue":{"max_entries":2}}"#;
    plugin.configure_again(small, &host).unwrap();
    plugin.on_tick(&host);
    assert_eq!(host.metric_value(Metric::DroppedQueueFull), 7);
    host.refuse_calls(None);
    assert_eq!(deliver(&mut plugin, &host).len(), 2);
}

#[test]
fn what_waits_keeps_its_token_where_two_destinations_differ_by_nothing_else() {
    let config = r#"{"collector_cluster":"c","collector_token":"one","keep_alive_ms":0,
        "_rules_":[{"_match_route_":["r"],"collector_cluster":"c","collector_token":"two"}]}"#;
    let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
    let host = gateway().with_text("xds.route_name", "r");
    plugin.on_end(&mut Stream::default(), &host);
    plugin.configure_again(config.as_bytes(), &host).unwrap();
    host.pass(Duration::from_secs(1));
    plugin.on_tick(&host);
    assert_eq!(host.take_sent()[0].header("authorization"), Some("Bearer two"));
}
