//! Configurations of Kong's users, each with a record and the message expected for it: `testdata/cases`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where its set-up fails")]

use std::path::Path;

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_syslog::notes::LineLevel;
use gatelog_syslog::{Sink, SinkConfig};
use serde_json::{Value, json};

/// The single message of a case: its header and its log. Warnings are left in the sink.
fn message(name: &str) -> (String, Value, Sink) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/cases/{name}.json"));
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let options = SinkConfig::read(|name| match name {
        "delivery" => "best_effort".to_owned(),
        // A busy machine must not change the result of a script.
        "lua_max_time_ms" => "5000".to_owned(),
        _ => case["options"][name].as_str().unwrap_or_default().to_owned(),
    });
    let sink = Sink::new(&options.unwrap().unwrap(), &case["entries"].to_string()).unwrap();
    let records = case["records"].to_string();
    let records: Vec<AccessRecord<'_>> = serde_json::from_str(&records).unwrap();
    let messages = sink.messages(&records, Timestamp::MIN);
    assert_eq!(messages.len(), 1);
    let message = String::from_utf8(messages.bytes_from(0).to_vec()).unwrap();
    let message = match case["options"]["framing"].as_str() {
        Some("newline") => message.strip_suffix('\n').unwrap(),
        _ => {
            let (length, message) = message.split_once(' ').unwrap();
            assert_eq!(length.parse(), Ok(message.len()));
            message
        }
    };
    assert!(!message.contains(['\n', '\r']), "{message}");
    let (header, log) = message.split_once(": ").unwrap();
    (header.to_owned(), serde_json::from_str(log).unwrap(), sink)
}

#[test]
fn an_entry_with_everything_that_kong_exports_applies() {
    let (header, log, _) = message("29-kong-export");
    assert!(header.starts_with("<14>"), "{header}");
    assert_eq!(log["response"]["status"], 200);
}

#[test]
fn an_entry_whose_scope_is_an_object_with_a_name_applies() {
    let (_, log, _) = message("30-kong-export-scope");
    assert_eq!(log["service"]["name"], "orders.shop.svc.cluster.local");
}

#[test]
fn a_script_continues_after_writing_to_the_log() {
    let (_, log, sink) = message("34-lua-kong-log");
    assert_eq!(log["env"], "prod");
    assert_eq!(sink.notes.take_warnings(), [""; 0]);
    let (lines, _) = sink.notes.take_lines();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(line.level, LineLevel::Info);
    assert!(line.text.ends_with(": adding env"), "{}", line.text);
}

#[test]
fn a_message_ends_with_a_line_feed_where_the_receiver_reads_lines() {
    let (header, _, _) = message("49-lf-framing");
    assert!(header.starts_with("<14>Jan 31 12:00:00 "), "{header}");
}

#[test]
fn line_feeds_and_quotes_in_a_request_do_not_create_a_second_message() {
    let (header, log, _) = message("78-newline-in-message");
    assert_eq!(header, "<14>Jan 31 12:00:00 gateway-1 kong[1]");
    assert_eq!(log["request"]["uri"], "/a\r\nb");
    assert_eq!(log["request"]["headers"]["user-agent"], "evil\n<14>Jan  1 00:00:00 root kong[1]: {}");
}

#[test]
fn rfc_3164_times_are_in_the_configured_zone() {
    let (header, _, _) = message("50-rfc3164-utc");
    assert!(header.starts_with("<14>Jan 31 20:00:00 "), "{header}");
}

#[test]
fn a_dot_in_the_name_of_a_custom_field_may_be_escaped() {
    let (_, log, sink) = message("76-lua-escaped-dot");
    assert_eq!(log["k8s.pod"], "p1");
    assert_eq!(log["request"]["headers"]["x.y"], "z");
    assert_eq!(sink.notes.take_warnings(), [""; 0]);
}

#[test]
fn a_script_that_fails_costs_neither_the_message_nor_the_fields_of_other_scripts() {
    let (_, log, sink) = message("77-lua-error-keeps-message");
    assert_eq!((log.get("a"), &log["b"]), (None, &json!("orders.shop.svc.cluster.local")));
    assert_eq!(log["response"]["status"], 200);
    let warnings = sink.notes.take_warnings();
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(
        warning.starts_with(r#"[0].config.custom_fields_by_lua["a"] (entry for all requests) failed"#),
        "{warning}"
    );
    assert_eq!(sink.stats.script_errors.value(), 1);
}
