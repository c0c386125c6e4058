//! Requests of any kind are read or refused, in both encodings alike, and never make the reader panic.

use gatelog_otlp::attributes::ATTRIBUTES;
use gatelog_otlp::{Encoding, Logs, request};
use gatelog_record::FIELDS;
use gatelog_record::json::write::write_record;
use proptest::prelude::*;
use prost::Message as _;

use crate::messages::{self, AnyValue, ArrayValue, KeyValue, KeyValueList, LogRecord, Request, Value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let _ = request::read(&body, encoding, 3);
        }
    }

    #[test]
    fn no_text_like_a_request_makes_the_reader_panic(
        parts in proptest::collection::vec(prop::sample::select(PARTS), 0..40),
    ) {
        let _ = request::read(parts.concat().as_bytes(), Encoding::Json, 3);
    }

    #[test]
    fn a_request_with_a_few_bytes_changed_is_read_or_refused(
        request in requests(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let json = messages::to_json(&request).to_string().into_bytes();
        for (encoding, mut body) in [(Encoding::Protobuf, request.encode_to_vec()), (Encoding::Json, json)] {
            for (index, byte, change) in &changes {
                if body.is_empty() {
                    continue;
                }
                let at = index.index(body.len());
                match change {
                    0 => body[at] = *byte,
                    1 => body.insert(at, *byte),
                    _ => drop(body.remove(at)),
                }
            }
            if let Ok(logs) = request::read(&body, encoding, 100) {
                written(&logs);
            }
        }
    }

    #[test]
    fn every_log_record_is_read_or_rejected_once_and_alike_in_both_encodings(request in requests()) {
        let count = request.resource_logs.iter().flat_map(|logs| &logs.scope_logs);
        let count: usize = count.map(|scope| scope.log_records.len()).sum();
        let json = messages::to_json(&request).to_string().into_bytes();
        let protobuf = request.encode_to_vec();
        let of_protobuf = request::read(&protobuf, Encoding::Protobuf, count).unwrap();
        let of_json = request::read(&json, Encoding::Json, count).unwrap();
        let mut indexes: Vec<usize> = of_protobuf.batch.records.iter().map(|(index, _)| *index).collect();
        indexes.extend(of_protobuf.batch.rejected.iter().map(|rejected| rejected.index));
        indexes.sort_unstable();
        prop_assert!(indexes.into_iter().eq(0..count));
        prop_assert_eq!(&of_protobuf.batch.rejected, &of_json.batch.rejected);
        prop_assert_eq!(of_protobuf.ignored_attributes, of_json.ignored_attributes);
        prop_assert_eq!(written(&of_protobuf), written(&of_json));
        let again = request::read(&protobuf, Encoding::Protobuf, count).unwrap();
        prop_assert_eq!(ids(&again), ids(&of_protobuf), "the same bytes are the same records");
    }
}

const PARTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"resourceLogs\":[",
    "\"scopeLogs\":[",
    "\"logRecords\":[",
    "\"attributes\":[",
    "\"resource\":",
    "\"body\":",
    "\"key\":\"path\"",
    "\"value\":",
    "\"stringValue\":\"a\"",
    "\"intValue\":",
    "\"arrayValue\":",
    "\"kvlistValue\":",
    "\"values\":[",
    "\"traceId\":",
    "\"timeUnixNano\":",
    "null",
    "1e999",
    "-",
    "\\ud83d",
    "\u{0}",
    "é",
    "\"{\\\"path\\\":1}\"",
];

/// Every record as JSON, without the id, which another encoding makes otherwise.
fn written(logs: &Logs<'_>) -> Vec<String> {
    let id = FIELDS.iter().position(|field| field.name == "record_id");
    let write = |record| {
        let mut json = Vec::new();
        write_record(&mut json, record, |index| Some(index) == id);
        // What is written must be JSON.
        serde_json::from_slice::<serde_json::Value>(&json).unwrap().to_string()
    };
    logs.batch.records.iter().map(|(_, record)| write(record)).collect()
}

fn ids<'l>(logs: &'l Logs<'_>) -> Vec<&'l str> {
    logs.batch.records.iter().map(|(_, record)| &*record.record_id).collect()
}

fn requests() -> impl Strategy<Value = Request> {
    let resource_logs = (key_values(), proptest::collection::vec(log_records(), 0..4));
    proptest::collection::vec(resource_logs, 0..3).prop_map(|list| Request {
        resource_logs: list
            .into_iter()
            .flat_map(|(attributes, log_records)| {
                let mut request = messages::request(&[], log_records);
                request.resource_logs[0].resource = Some(messages::Resource { attributes });
                request.resource_logs
            })
            .collect(),
    })
}

fn log_records() -> impl Strategy<Value = LogRecord> {
    let time = || prop_oneof![Just(0), 1..4_000_000_000_000_000_000_u64, any::<u64>()];
    let trace_id = prop_oneof![Just(vec![]), Just(vec![0; 16]), proptest::collection::vec(any::<u8>(), 16)];
    let body = proptest::option::of(values().prop_map(|value| AnyValue { value: Some(value) }));
    (time(), time(), trace_id, key_values(), body).prop_map(
        |(time_unix_nano, observed_time_unix_nano, trace_id, attributes, body)| LogRecord {
            time_unix_nano,
            observed_time_unix_nano,
            trace_id,
            attributes,
            body,
            ..LogRecord::default()
        },
    )
}

fn key_values() -> impl Strategy<Value = Vec<KeyValue>> {
    let own = FIELDS.iter().map(|field| field.name.to_owned());
    let rows = ATTRIBUTES
        .iter()
        .map(|row| format!("{}{}", row.name, if row.name.ends_with('.') { "x" } else { "" }));
    let names: Vec<String> = own.chain(rows).chain(["".to_owned(), "unknown".to_owned()]).collect();
    let name = prop_oneof![8 => prop::sample::select(names), 1 => "\\PC{0,8}"];
    let pair = (name, proptest::option::of(values()))
        .prop_map(|(key, value)| KeyValue { key, value: value.map(|value| AnyValue { value: Some(value) }) });
    proptest::collection::vec(pair, 0..8)
}

/// Values; texts mostly of an alphabet that readers trip over.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => "[-0-9a-z:/?#%{}\\[\\]\" \\\\\u{0}\u{1}é]{0,16}".prop_map(Value::Text),
        2 => prop::sample::select(TEXTS).prop_map(|text| Value::Text(text.to_owned())),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => any::<i64>().prop_map(Value::Int),
        // JSON has no other numbers, and writes whole ones as the others.
        1 => any::<i32>().prop_map(|number| Value::Double(f64::from(number) + 0.25)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let any_value = inner.prop_map(|value| AnyValue { value: Some(value) });
        let pair = ("[a-c\"\\\\]{0,2}", any_value.clone())
            .prop_map(|(key, value)| KeyValue { key, value: Some(value) });
        prop_oneof![
            proptest::collection::vec(any_value, 0..4).prop_map(|values| Value::Array(ArrayValue { values })),
            proptest::collection::vec(pair, 0..4)
                .prop_map(|values| Value::KeyValues(KeyValueList { values })),
        ]
    })
}

const TEXTS: &[&str] = &[
    "-",
    "200",
    "1e3",
    "NaN",
    "1.5",
    "true",
    "GET",
    "{\"path\":\"/\"}",
    "{\"ai_log\":{\"a\":[1,{}]}}",
    "{",
    "2026-11-30T12:00:00Z",
    "00-463ac35c9f6413ad48485a3953bb6124-0020000000000001-01",
    "https://h:1/p?q#f",
    "::1",
    "[::1]:80",
    "[t] \"GET / HTTP/1.1\" 200 - 0 5 3 2 \"-\" \"-\" \"-\" \"h\" \"u\"",
];
