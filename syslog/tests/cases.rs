//! Configurations as users of Kong have them, each with a record and the message that it must make: `testdata/cases`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where its set-up fails")]

use std::path::Path;

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_syslog::{Sink, SinkConfig};
use serde_json::{Value, json};

/// The one message of a case: its header and its log. Warnings are left in the sink.
fn message(name: &str) -> (String, Value, Sink) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/cases/{name}.json"));
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let options = SinkConfig::read(|name| match name {
        "delivery" => "best_effort".to_owned(),
        "protocol" => "udp".to_owned(),
        // A busy machine must not decide what a script answers.
        "lua_max_time_ms" => "5000".to_owned(),
        _ => case["options"][name].as_str().unwrap_or_default().to_owned(),
    });
    let sink = Sink::new(&options.unwrap().unwrap(), &case["entries"].to_string()).unwrap();
    let records = case["records"].to_string();
    let records: Vec<AccessRecord<'_>> = serde_json::from_str(&records).unwrap();
    let messages = sink.messages(&records, Timestamp::MIN);
    assert_eq!(messages.len(), 1);
    let message = String::from_utf8(messages.bytes_from(0).to_vec()).unwrap();
    let (header, log) = message.split_once(": ").unwrap();
    (header.to_owned(), serde_json::from_str(log).unwrap(), sink)
}

#[test]
fn an_entry_whose_scope_is_an_object_with_a_name_applies() {
    let (_, log, _) = message("30-kong-export-scope");
    assert_eq!(log["service"]["name"], "orders.shop.svc.cluster.local");
}

#[test]
fn the_times_of_rfc_3164_are_those_of_the_offset() {
    let (header, _, _) = message("50-rfc3164-utc");
    assert!(header.starts_with("<14>Jan 31 20:00:00 "), "{header}");
}

#[test]
fn a_dot_in_the_name_of_a_custom_field_may_be_escaped() {
    let (_, log, sink) = message("76-lua-escaped-dot");
    assert_eq!(log["k8s.pod"], "p1");
    assert_eq!(log["request"]["headers"]["x.y"], "z");
    assert_eq!(sink.take_warnings(), [""; 0]);
}

#[test]
fn a_script_that_fails_costs_neither_the_message_nor_the_fields_of_other_scripts() {
    let (_, log, sink) = message("77-lua-error-keeps-message");
    assert_eq!((log.get("a"), &log["b"]), (None, &json!("orders.shop.svc.cluster.local")));
    assert_eq!(log["response"]["status"], 200);
    let warnings = sink.take_warnings();
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(
        warning.starts_with(r#"[0].config.custom_fields_by_lua["a"] (entry for all requests) failed"#),
        "{warning}"
    );
    assert_eq!(sink.stats.script_errors.value(), 1);
}
