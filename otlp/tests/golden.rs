//! Requests as real senders sent them, and the records that they are. `UPDATE_EXPECT=1 cargo test -p gatelog-otlp` rewrites
//! the records.

use std::path::Path;

use gatelog_otlp::{Encoding, request};
use gatelog_record::json::write::write_record;

use crate::messages;

/// Four requests through Envoy 1.40 with `deploy/envoy/otlp.yaml`: one with a query string and a `traceparent`, one whose
/// user agent is not UTF-8, a `HEAD`, and one that Envoy refused.
const ENVOY: &[u8] = include_bytes!("../testdata/envoy_1_40.pb");

#[test]
fn what_envoy_sends_becomes_the_records_of_its_requests() {
    let logs = request::read(ENVOY, Encoding::Protobuf, 10).unwrap();
    assert_eq!((logs.batch.rejected.len(), logs.ignored_attributes, logs.batch.values_lost), (0, 0, 0));
    let mut lines = Vec::new();
    for (_, record) in &logs.batch.records {
        write_record(&mut lines, record, |_| false);
        lines.push(b'\n');
    }
    check("envoy_1_40.ndjson", &String::from_utf8(lines).unwrap());
}

#[test]
fn a_text_of_envoy_that_is_no_utf_8_makes_other_readers_refuse_the_whole_request() {
    let error = <messages::Request as prost::Message>::decode(ENVOY).unwrap_err();
    assert!(error.to_string().contains("UTF-8"), "{error}");
}

fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(file);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "UPDATE_EXPECT=1 rewrites {file}");
}
