//! Compares the log records of records of every kind with the last reviewed ones: `testdata/export/*.json`, each with a
//! record and its log record. `UPDATE_EXPECT=1 cargo test -p gatelog-otlp` rewrites them. And: whatever a record holds, its
//! log record is one that OTLP allows.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;

use gatelog_otlp::export::batch::LogRecords;
use gatelog_otlp::export::{Compression, log_record};
use gatelog_otlp::{Encoding, request};
use gatelog_record::fields::{Member, MemberVisitor};
use gatelog_record::json::write::write_record;
use gatelog_record::{AccessRecord, Field, Timestamp};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The time of a record without one.
const NOW: i64 = 1_769_860_800_000_000;

fn written(record: &AccessRecord<'_>) -> Value {
    let mut out = Vec::new();
    log_record::write(&mut out, record, Timestamp::from_micros(NOW), Some("USD"));
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_log_record_of_each_record_is_as_reviewed() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = cases();
    assert_eq!(cases.len(), 13);
    for path in cases {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let record = case["record"].to_string();
        let record: AccessRecord<'_> = serde_json::from_str(&record).unwrap();
        let log_record = written(&record);
        assert_allowed(&log_record);
        if update {
            let case = json!({"record": case["record"], "log_record": log_record});
            std::fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
        } else {
            assert_eq!(case["log_record"], log_record, "{}", path.display());
        }
    }
}

#[test]
fn a_repeated_header_is_an_array_of_its_values() {
    let headers = r#"{"via":["a","b, \"c\""],"x-none":[],"x-odd":["a",1],"x-one":"d"}"#;
    let headers = RawValue::from_string(headers.to_owned()).unwrap();
    let record = AccessRecord { response_headers: Some(Cow::Owned(headers)), ..AccessRecord::default() };
    let log_record = written(&record);
    assert_allowed(&log_record);
    let mut found = Vec::new();
    for attribute in log_record["attributes"].as_array().unwrap() {
        if let Some(name) = attribute["key"].as_str().unwrap().strip_prefix("http.response.header.") {
            let values = attribute["value"]["arrayValue"]["values"].as_array().unwrap();
            let texts = values.iter().map(|value| value["stringValue"].as_str().unwrap());
            found.push((name, texts.collect::<Vec<_>>()));
        }
    }
    assert_eq!(found, [("via", vec!["a", "b, \"c\""]), ("x-one", vec!["d"])]);
}

fn cases() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/export");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// What goes out comes in as the same record, but for costs, which nobody but ingest says, and Envoy's `-` for nothing.
#[test]
fn a_log_record_is_read_back_as_the_same_record() {
    for path in cases() {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if ["08_captured.json", "09_short_trace_id.json", "13_nothing_known.json"].contains(&name) {
            // Their headers are there twice, in another case, or the record has no time.
            continue;
        }
        let record = case["record"].to_string();
        let mut record: AccessRecord<'_> = serde_json::from_str(&record).unwrap();
        let mut batch = LogRecords::default();
        batch.push(&record, Timestamp::MIN, Some("USD"));
        let body = batch.body(0..1, "gatelog", Compression::None);
        let logs = request::read(&body, Encoding::Json, 10).unwrap();
        let [(_, read)] = &logs.batch.records[..] else { panic!("{name}: {logs:?}") };
        record.cost_nano = None;
        let Ok(()) = record.visit_mut(&mut WithoutDashes);
        assert_eq!(as_json(read), as_json(&record), "{name}");
    }
}

struct WithoutDashes;

impl<'a> MemberVisitor<'a> for WithoutDashes {
    type Error = std::convert::Infallible;

    fn visit(&mut self, _: &'static Field, member: Member<'_, 'a>) -> Result<(), Self::Error> {
        if let Member::Text(text) = member
            && text == "-"
        {
            *text = "".into();
        }
        Ok(())
    }
}

fn as_json(record: &AccessRecord<'_>) -> Value {
    let mut out = Vec::new();
    write_record(&mut out, record, |_| false);
    serde_json::from_slice(&out).unwrap()
}

/// Fills the members of a record with generated values, whether they make sense or not.
struct Fill<'v> {
    texts: &'v [String],
    numbers: &'v [i64],
    next: usize,
}

impl Fill<'_> {
    fn text(&mut self) -> String {
        self.next += 1;
        self.texts.get(self.next % self.texts.len().max(1)).cloned().unwrap_or_default()
    }

    fn number(&mut self) -> i64 {
        self.next += 1;
        self.numbers.get(self.next % self.numbers.len().max(1)).copied().unwrap_or_default()
    }
}

impl<'a> MemberVisitor<'a> for Fill<'_> {
    type Error = std::convert::Infallible;

    fn visit(&mut self, field: &'static Field, member: Member<'_, 'a>) -> Result<(), Self::Error> {
        match member {
            Member::Timestamp(time) => *time = Some(Timestamp::from_micros(self.number())),
            Member::Text(text) => *text = self.text().into(),
            Member::Integer(number) => *number = self.number(),
            Member::Count(count) => *count = Some(self.number()).filter(|number| number % 3 != 0),
            Member::Json(json) => {
                let value = match field.name {
                    "ai_log" => json!({ self.text(): self.number() }),
                    _ => {
                        json!({ self.text(): self.text(), self.text(): self.text(), "x-request-id": self.text() })
                    }
                };
                *json = Some(std::borrow::Cow::Owned(RawValue::from_string(value.to_string()).unwrap()));
            }
        }
        Ok(())
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        Just("-".to_owned()),
        "HTTP/[0-9.]{0,3}|TLSv[0-9.]{0,3}|stream|normal",
        "[a-z.]{0,5}(:[0-9]{0,7})?|\\[::1\\](:[0-9]{0,6})?",
        "[0-9a-fA-F]{16}|[0-9a-f]{32}|0{32}",
        "/[a-z]{0,3}\\?{0,2}[a-z=&]{0,5}",
    ]
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), 0_i64..600, Just(0), Just(i64::MAX), Just(i64::MIN)]
}

proptest! {
    #[test]
    fn whatever_a_record_holds_its_log_record_is_allowed(
        texts in proptest::collection::vec(text(), 1..40),
        numbers in proptest::collection::vec(number(), 1..20),
    ) {
        let mut record = AccessRecord::default();
        let Ok(()) = record.visit_mut(&mut Fill { texts: &texts, numbers: &numbers, next: 0 });
        let log_record = written(&record);
        assert_allowed(&log_record);
        let mut batch = LogRecords::default();
        batch.push(&record, Timestamp::MIN, Some("USD"));
        let request = batch.body(0..1, &texts[0], Compression::None);
        let request: Value = serde_json::from_slice(&request).unwrap();
        assert_attributes(&request["resourceLogs"][0]["resource"]["attributes"]);
    }
}

/// Checks the shape of a log record in OTLP's JSON: names, kinds of values, no attribute twice.
fn assert_allowed(record: &Value) {
    for (name, value) in record.as_object().unwrap() {
        match name.as_str() {
            "timeUnixNano" | "observedTimeUnixNano" => {
                value.as_str().unwrap().parse::<u64>().unwrap();
            }
            "severityNumber" => assert!([9, 13, 17].contains(&value.as_u64().unwrap())),
            "severityText" | "eventName" => assert!(!value.as_str().unwrap().is_empty()),
            "body" => assert_value(value),
            "attributes" => assert_attributes(value),
            "traceId" => {
                let id = value.as_str().unwrap();
                assert!(id.len() == 32 && id.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{id}");
                assert!(id.bytes().any(|byte| byte != b'0'), "{id}");
            }
            _ => panic!("{name} is no member of a log record"),
        }
    }
}

fn assert_attributes(attributes: &Value) {
    let mut names = HashSet::new();
    for attribute in attributes.as_array().unwrap() {
        let name = attribute["key"].as_str().unwrap();
        assert!(!name.is_empty() && names.insert(name), "{name} is there twice: {attributes:#}");
        assert_eq!(attribute.as_object().unwrap().len(), 2);
        assert_value(&attribute["value"]);
    }
}

fn assert_value(value: &Value) {
    let members: Vec<_> = value.as_object().unwrap().iter().collect();
    let [(kind, value)] = members[..] else { panic!("{value}") };
    match kind.as_str() {
        "stringValue" => assert!(value.is_string()),
        "boolValue" => assert!(value.is_boolean()),
        "intValue" => {
            value.as_str().unwrap().parse::<i64>().unwrap();
        }
        "doubleValue" => assert!(value.as_f64().unwrap().is_finite()),
        "arrayValue" => value["values"].as_array().unwrap().iter().for_each(assert_value),
        _ => panic!("{kind}"),
    }
}
