//! Compares Kong's log for records of every kind with the last reviewed one: `testdata/kong/*.json`, each with a
//! record and its log. `UPDATE_EXPECT=1 cargo test -p gatelog-syslog` rewrites the logs.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::path::PathBuf;

use gatelog_record::AccessRecord;
use gatelog_syslog::kong::{self, RequestView};
use gatelog_syslog::message::json;
use serde_json::{Value, json};

#[test]
fn the_log_of_each_record_is_as_reviewed() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = cases();
    assert_eq!(cases.len(), 22);
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let case: Value = serde_json::from_str(&text).unwrap();
        let record = case["record"].to_string();
        let record: AccessRecord<'_> = serde_json::from_str(&record).unwrap();
        let log = Value::Object(kong::serialize(&RequestView::from_record(&record)));
        if update {
            let case = json!({"record": case["record"], "log": log});
            std::fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
        } else {
            assert_eq!(case["log"], log, "{}", path.display());
        }
        assert_eq!(serde_json::from_slice::<Value>(&json::encode(&log)).unwrap(), log);
    }
}

#[test]
fn members_that_kong_always_writes_are_present_with_their_types() {
    for path in cases() {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let log = &case["log"];
        for (pointer, is_of_type) in [
            ("/request/id", Value::is_string as fn(&Value) -> bool),
            ("/request/uri", Value::is_string),
            ("/request/url", Value::is_string),
            ("/request/querystring", Value::is_object),
            ("/request/method", Value::is_string),
            ("/request/headers", Value::is_object),
            ("/request/size", Value::is_i64),
            ("/upstream_uri", Value::is_string),
            ("/upstream_status", Value::is_string),
            ("/response/status", Value::is_i64),
            ("/response/headers", Value::is_object),
            ("/response/size", Value::is_i64),
            ("/latencies/kong", Value::is_i64),
            ("/latencies/proxy", Value::is_i64),
            ("/latencies/request", Value::is_i64),
            ("/client_ip", Value::is_string),
            ("/started_at", Value::is_i64),
            ("/source", Value::is_string),
        ] {
            assert!(log.pointer(pointer).is_some_and(is_of_type), "{pointer} in {}", path.display());
        }
    }
}

fn cases() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/kong");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}
