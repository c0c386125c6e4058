//! OpenTelemetry's messages as another implementation of protobuf writes them, and the same in JSON.

use prost::Message;
use serde_json::{Map, Value as Json, json};

/// `ExportLogsServiceRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    #[prost(message, repeated, tag = "1")]
    pub resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scope_logs: Vec<ScopeLogs>,
    #[prost(string, tag = "3")]
    pub schema_url: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    pub log_records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub struct LogRecord {
    #[prost(fixed64, tag = "1")]
    pub time_unix_nano: u64,
    #[prost(int32, tag = "2")]
    pub severity_number: i32,
    #[prost(string, tag = "3")]
    pub severity_text: String,
    #[prost(message, optional, tag = "5")]
    pub body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "7")]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "8")]
    pub flags: u32,
    #[prost(bytes = "vec", tag = "9")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    pub span_id: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    pub observed_time_unix_nano: u64,
    #[prost(string, tag = "12")]
    pub event_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    KeyValues(KeyValueList),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
pub struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<KeyValue>,
}

/// A request with these log records of one resource.
pub fn request(resource: &[(&str, Value)], log_records: Vec<LogRecord>) -> Request {
    let resource = Some(Resource { attributes: attributes(resource) });
    let scope_logs = vec![ScopeLogs { log_records }];
    Request { resource_logs: vec![ResourceLogs { resource, scope_logs, schema_url: String::new() }] }
}

/// Attributes by name.
pub fn attributes(list: &[(&str, Value)]) -> Vec<KeyValue> {
    let of = |(key, value): &(&str, Value)| KeyValue { key: (*key).to_owned(), value: any(value.clone()) };
    list.iter().map(of).collect()
}

/// A value.
pub fn any(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The request by OTLP's rules for JSON.
pub fn to_json(request: &Request) -> Json {
    let resource_logs = request.resource_logs.iter().map(|logs| {
        let scope_logs = logs.scope_logs.iter().map(|scope| {
            json!({"scope": {}, "logRecords": scope.log_records.iter().map(log_record).collect::<Vec<_>>()})
        });
        // The resource stands after what belongs to it, as it may.
        let mut object = Map::new();
        object.insert("scopeLogs".into(), scope_logs.collect());
        if let Some(resource) = &logs.resource {
            object.insert("resource".into(), json!({"attributes": key_values(&resource.attributes)}));
        }
        Json::Object(object)
    });
    json!({"resourceLogs": resource_logs.collect::<Vec<_>>()})
}

fn log_record(log: &LogRecord) -> Json {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut object = json!({
        "timeUnixNano": log.time_unix_nano.to_string(),
        "observedTimeUnixNano": log.observed_time_unix_nano.to_string(),
        "severityNumber": log.severity_number,
        "traceId": hex(&log.trace_id),
        "attributes": key_values(&log.attributes),
    });
    if let Some(body) = &log.body {
        object["body"] = any_value(body);
    }
    object
}

fn key_values(list: &[KeyValue]) -> Json {
    list.iter()
        .map(|pair| json!({"key": pair.key, "value": pair.value.as_ref().map_or(json!({}), any_value)}))
        .collect()
}

fn any_value(value: &AnyValue) -> Json {
    match &value.value {
        None => json!({}),
        Some(Value::Text(text)) => json!({"stringValue": text}),
        Some(Value::Bool(value)) => json!({"boolValue": value}),
        Some(Value::Int(number)) => json!({"intValue": number.to_string()}),
        Some(Value::Double(number)) => json!({"doubleValue": number}),
        Some(Value::Array(list)) => {
            json!({"arrayValue": {"values": list.values.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Some(Value::KeyValues(list)) => json!({"kvlistValue": {"values": key_values(&list.values)}}),
        Some(Value::Bytes(bytes)) => json!({"bytesValue": String::from_utf8_lossy(bytes)}),
    }
}
