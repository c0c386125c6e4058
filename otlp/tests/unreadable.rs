//! Requests in JSON with values that are no such values: each is read in its other form, rejected or counted, never replaced.

use gatelog_otlp::{Encoding, Logs, request};
use serde_json::{Value as Json, json};

fn logs_of(log_record: &Json) -> Logs<'static> {
    let body = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [log_record] }] }] }).to_string();
    request::read(body.leak().as_bytes(), Encoding::Json, 10).unwrap()
}

fn with_path(more: &[(&str, Json)]) -> Json {
    let path = json!({ "key": "path", "value": { "stringValue": "/p" } });
    let more = more.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    json!([path].into_iter().chain(more).collect::<Vec<_>>())
}

#[test]
fn a_time_is_read_however_it_is_written_and_a_log_record_whose_time_cannot_be_read_is_rejected() {
    let of = |time: Json| logs_of(&json!({ "timeUnixNano": time, "attributes": with_path(&[]) }));
    for time in
        [json!(1.7e18), json!("1.7e18"), json!("1700000000000000000.0"), json!(1_700_000_000_000_000_000_u64)]
    {
        let logs = of(time.clone());
        let (_, record) = &logs.batch.records[0];
        assert_eq!(record.start_time.unwrap().to_string(), "2023-11-14T22:13:20.000000Z", "{time}");
        assert_eq!(record.record_id, of(time).batch.records[0].1.record_id, "a repeat is a duplicate");
    }
    for time in
        [json!("abc"), json!("-1"), json!("18446744073709551616"), json!(1.5), json!(true), json!("NaN")]
    {
        let logs = of(time.clone());
        assert_eq!(logs.batch.records.len(), 0, "{time}");
        let error = &logs.batch.rejected[0].error;
        assert!(error.contains("is no number of nanoseconds since 1970"), "{error}");
    }
    for time in [json!(null), json!(0), json!("")] {
        assert_eq!(of(time.clone()).batch.records.len(), 1, "{time}: none is given");
    }
}

#[test]
fn what_cannot_be_a_value_of_its_type_is_counted() {
    for (attributes, trace_id, lost) in [
        (with_path(&[("mtls", json!({ "boolValue": "true" }))]), "", 0),
        (with_path(&[("mtls", json!({ "boolValue": 1 }))]), "", 1),
        (with_path(&[("model", json!({ "intValue": "many" }))]), "", 1),
        (with_path(&[]), "0102030405", 1),
        (with_path(&[]), "AQIDBAUGBwgJCgsMDQ4PEA==", 1),
        (with_path(&[]), "00000000000000000000000000000000", 0),
        (
            json!([{ "key": "method", "value": { "stringValue": "GET" } }, { "key": "url.query", "value": { "stringValue": "a=1" } }]),
            "",
            1,
        ),
    ] {
        let logs = logs_of(&json!({ "traceId": trace_id, "attributes": attributes }));
        assert_eq!((logs.batch.records.len(), logs.batch.values_lost), (1, lost), "{attributes} {trace_id}");
    }
    let logs = logs_of(&json!({ "attributes": with_path(&[("mtls", json!({ "boolValue": "true" }))]) }));
    assert_eq!(logs.batch.records[0].1.mtls, Some(1));
}

#[test]
fn of_several_values_the_first_that_can_be_used_holds() {
    let text = |text: &str| json!({ "stringValue": text });
    let attributes =
        with_path(&[("http.request.header.x-a", text("first")), ("http.request.header.X-A", text("second"))]);
    let logs = logs_of(&json!({ "attributes": attributes }));
    let headers = logs.batch.records[0].1.request_headers.as_ref().unwrap();
    assert_eq!(headers.get(), r#"{"x-a":"first"}"#);
    let attributes = json!([
        { "key": "url.path", "value": text("/p?x=2") },
        { "key": "url.query", "value": text("x=2") }
    ]);
    assert_eq!(logs_of(&json!({ "attributes": attributes })).batch.records[0].1.path, "/p?x=2");
}
