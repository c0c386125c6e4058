//! Sends one record through a sink with scripts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_syslog::{Sink, SinkConfig};
use serde_json::Value;
use serde_json::value::RawValue;

/// The log, and the messages for the operator.
#[derive(Debug)]
pub struct Outcome {
    pub log: Value,
    pub warnings: Vec<String>,
}

pub fn record() -> AccessRecord<'static> {
    let headers =
        r#"{"accept":"*/*","x-tag":["a","b"],"authorization":"Bearer secret","x-forwarded-proto":"https"}"#;
    AccessRecord {
        start_time: Some(Timestamp::from_micros(1_769_860_800_000_000)),
        method: "GET".into(),
        authority: "shop.example.com:8443".into(),
        path: "/orders/7?debug&size=10&size=20".into(),
        protocol: "HTTP/2".into(),
        request_id: "0a1b2c".into(),
        user_agent: "curl/8".into(),
        response_code: 200,
        response_code_details: "via_upstream".into(),
        bytes_received: 120,
        bytes_sent: 340,
        duration: 25,
        upstream_cluster: "outbound|80||orders.dns".into(),
        upstream_host: "10.0.0.9:8080".into(),
        upstream_service_time: "20".into(),
        downstream_local_address: "10.0.0.1:443".into(),
        downstream_remote_address: "203.0.113.5:51000".into(),
        route_name: "orders".into(),
        service: "orders.dns".into(),
        consumer: "portaladmin".into(),
        instance_id: "gateway-1".into(),
        request_headers: Some(raw(headers)),
        response_headers: Some(raw(r#"{"content-type":"text/plain"}"#)),
        ..AccessRecord::default()
    }
}

pub fn raw(json: &str) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(json.to_owned()).unwrap())
}

pub fn sink_with(scripts: &[(&str, &str)], settings: &[(&str, &str)]) -> Result<Sink, String> {
    let options = SinkConfig::read(|name| {
        let default = match name {
            "delivery" => "best_effort",
            "protocol" => "udp",
            "max_message_bytes" => "65507",
            // A busy machine must not change the result of a script.
            "lua_max_time_ms" => "5000",
            "lua_max_request_ms" => "60000",
            _ => "",
        };
        settings.iter().find(|(key, _)| *key == name).map_or(default, |(_, value)| value).to_owned()
    });
    let fields: BTreeMap<&str, &str> = scripts.iter().copied().collect();
    let entries = serde_json::json!([{"config": {"custom_fields_by_lua": fields}}]);
    Sink::new(&options.unwrap().unwrap(), &entries.to_string()).map_err(|error| error.to_string())
}

pub fn sink(scripts: &[(&str, &str)]) -> Sink {
    sink_with(scripts, &[]).unwrap()
}

/// The log that the sink makes of the record.
pub fn log_of(sink: &Sink, record: &AccessRecord<'_>) -> Outcome {
    let messages = sink.messages([record], Timestamp::from_micros(1_769_860_900_500_000));
    let message = std::str::from_utf8(messages.bytes_from(0)).unwrap();
    let (_, json) = message.split_once(": ").unwrap();
    Outcome { log: serde_json::from_str(json).unwrap(), warnings: sink.notes.take_warnings() }
}

/// The log that the scripts produce from [`record`].
pub fn run(scripts: &[(&str, &str)]) -> Outcome {
    log_of(&sink(scripts), &record())
}

/// The result of one script as JSON; the script must not fail.
pub fn value(script: &str) -> Value {
    let outcome = run(&[("result", script)]);
    assert_eq!(outcome.warnings, [""; 0], "{script}");
    outcome.log["result"].clone()
}

/// The error of one script, which must fail and leave its field absent.
pub fn failure(script: &str) -> String {
    let mut outcome = run(&[("result", script)]);
    let warning = outcome.warnings.pop().unwrap_or_else(|| panic!("{script} did not fail: {}", outcome.log));
    assert_eq!(outcome.log.get("result"), None, "{script}");
    assert_eq!(outcome.log["request"]["id"], "0a1b2c", "{script}");
    warning
}
