//! The filter as access logger, alone and beside itself among the HTTP filters.

use super::*;

/// An exchange of this number, which began at a time of its own.
fn exchange(number: i64) -> MockHost {
    complete_gateway().with_int("request.time", 1_769_860_800_000_000_000 + number)
}

fn records(plugin: &mut Plugin) -> usize {
    deliver(plugin, &complete_gateway()).len()
}

#[test]
fn the_access_logger_alone_makes_a_record_of_each_exchange() {
    let mut plugin = plugin();
    plugin.on_log(&exchange(1));
    let records = deliver(&mut plugin, &exchange(2));
    assert_eq!((&records[0]["path"], &records[0]["response_code"]), (&json!("/a"), &json!(200)));
    assert_eq!(records.len(), 1);
}

#[test]
fn an_exchange_that_a_filter_has_seen_is_recorded_once() {
    let mut plugin = plugin();
    for number in 0..3 {
        plugin.on_end(&mut Stream::default(), &exchange(number));
        plugin.on_log(&exchange(number));
    }
    plugin.on_log(&exchange(3));
    assert_eq!(records(&mut plugin), 4);
}

#[test]
fn a_log_that_comes_after_those_of_other_exchanges_makes_no_second_record() {
    let mut plugin = plugin();
    plugin.on_end(&mut Stream::default(), &exchange(1));
    plugin.on_end(&mut Stream::default(), &exchange(2));
    plugin.on_log(&exchange(3));
    plugin.on_log(&exchange(2));
    plugin.on_log(&exchange(1));
    assert_eq!(records(&mut plugin), 3);
}

#[test]
fn what_sampling_or_a_rule_has_left_out_the_logger_does_not_record_either() {
    for keys in [r#""sampling":{"rate":0}"#, r#""enabled":false"#] {
        let config = format!(r#"{{"collector_cluster":"c",{keys}}}"#);
        let mut plugin = Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap();
        plugin.on_end(&mut Stream::default(), &exchange(1));
        plugin.configure_again(CONFIG.as_bytes(), &exchange(1)).unwrap();
        plugin.on_log(&exchange(1));
        assert_eq!(records(&mut plugin), 0, "{keys}");
    }
}
