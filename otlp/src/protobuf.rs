//! Export requests in protobuf. The numbers are those of OpenTelemetry's `.proto` files.
//!
//! - `ExportLogsServiceRequest`: 1 resource logs
//! - `ResourceLogs`: 1 resource, 2 scope logs; `Resource`: 1 attributes
//! - `ScopeLogs`: 2 log records
//! - `LogRecord`: 1 time, 5 body, 6 attributes, 7 dropped attributes, 9 trace id, 11 observed time
//! - `KeyValue`: 1 key, 2 value
//! - `AnyValue`: 1 text, 2 truth value, 3 integer, 4 float, 5 array, 6 list of key and value, 7 bytes

use std::fmt::Write as _;

use crate::found::Place;
use crate::identity::Identity;
use crate::log_record::LogRecord;
use crate::logs::{Logs, RequestError};
use crate::reader::Reader;
use crate::value::{Value, text};
use crate::wire::{Malformed, Value as Wire, fields, parts};

const DROPPED_ATTRIBUTES: u32 = 7;
const OBSERVED_TIME: u32 = 11;

/// Deepest nesting of a value; what is deeper is `null`. The record's JSON may be no deeper.
const MAX_DEPTH: usize = gatelog_record::limits::MAX_JSON_DEPTH;
/// Most bytes of the JSON of one value. No field of the record is as large.
const MAX_JSON_BYTES: usize = 1 << 20;

/// Reads a request.
///
/// # Errors
///
/// As for [`crate::request::read`].
pub fn read(body: &[u8], max_records: usize) -> Result<Logs<'_>, RequestError> {
    let not_protobuf = |source| RequestError::NotProtobuf { source };
    let mut reader = Reader::new(max_records);
    for resource_logs in parts(body, 1) {
        let resource_logs = resource_logs.map_err(not_protobuf)?;
        let mut resource = LogRecord::default();
        let mut identity = Identity::default();
        for of_resource in parts(resource_logs, 1) {
            let of_resource = of_resource.map_err(not_protobuf)?;
            identity.add(of_resource);
            for attribute in parts(of_resource, 1) {
                let attribute = attribute.map_err(not_protobuf)?;
                key_value(&mut resource, Place::Resource, attribute).map_err(not_protobuf)?;
            }
        }
        for scope_logs in parts(resource_logs, 2) {
            for log_record in parts(scope_logs.map_err(not_protobuf)?, 2) {
                let log_record = log_record.map_err(not_protobuf)?;
                reader.begin()?;
                let mut log = resource.clone();
                match self::log_record(&mut log, log_record) {
                    Ok(()) => reader.take(log, || identified(&identity, log_record)),
                    Err(error) => reader.reject(error.to_string()),
                }
            }
        }
    }
    Ok(reader.finish())
}

fn log_record<'a>(log: &mut LogRecord<'a>, message: &'a [u8]) -> Result<(), Malformed> {
    for field in fields(message) {
        match field? {
            (1, Wire::Fixed64(nanos)) => log.time_nanos = nanos,
            (OBSERVED_TIME, Wire::Fixed64(nanos)) => log.observed_nanos = nanos,
            (5, Wire::Bytes(body)) => self::body(log, body)?,
            (6, Wire::Bytes(attribute)) => key_value(log, Place::Attributes, attribute)?,
            (9, Wire::Bytes(id)) => {
                let hex = id.iter().fold(String::with_capacity(2 * id.len().min(16)), |mut hex, byte| {
                    if hex.len() <= 32 {
                        // Writing to a text cannot fail.
                        let _ = write!(hex, "{byte:02x}");
                    }
                    hex
                });
                log.set_trace_id(hex);
            }
            _ => {}
        }
    }
    Ok(())
}

fn body<'a>(log: &mut LogRecord<'a>, any_value: &'a [u8]) -> Result<(), Malformed> {
    for field in fields(any_value) {
        match field? {
            (1, Wire::Bytes(bytes)) => log.text_body(&text(bytes)),
            (6, Wire::Bytes(list)) => {
                for member in parts(list, 1) {
                    key_value(log, Place::Body, member?)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn key_value<'a>(log: &mut LogRecord<'a>, place: Place, message: &'a [u8]) -> Result<(), Malformed> {
    let (mut key, mut value) = (&b""[..], &b""[..]);
    for field in fields(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => key = bytes,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    // A value that cannot be read costs itself alone.
    log.attribute(place, &text(key), || any_value(value).ok());
    Ok(())
}

fn any_value(message: &[u8]) -> Result<Value<'_>, Malformed> {
    let mut value = Value::Absent;
    for field in fields(message) {
        value = match field? {
            (1, Wire::Bytes(bytes)) => Value::of_bytes(bytes),
            (2, Wire::Varint(truth)) => Value::Bool(truth != 0),
            (3, Wire::Varint(number)) => Value::Int(number.cast_signed()),
            (4, Wire::Fixed64(bits)) => Value::Double(f64::from_bits(bits)),
            (5 | 6, Wire::Bytes(_)) => {
                let mut json = String::new();
                write_json(&mut json, message, 0)?;
                if json.len() > MAX_JSON_BYTES { Value::Absent } else { Value::Json(json.into()) }
            }
            (7, Wire::Bytes(bytes)) => Value::of_bytes(bytes),
            _ => value,
        };
    }
    Ok(value)
}

/// Writes an `AnyValue` as JSON. Nothing more is written when the text is over its bound.
fn write_json(json: &mut String, any_value: &[u8], depth: usize) -> Result<(), Malformed> {
    let start = json.len();
    for field in fields(any_value) {
        if json.len() > MAX_JSON_BYTES {
            return Ok(());
        }
        let field = field?;
        json.truncate(start);
        match field {
            (1 | 7, Wire::Bytes(bytes)) => write_text(json, bytes)?,
            (2, Wire::Varint(truth)) => json.push_str(if truth != 0 { "true" } else { "false" }),
            (3, Wire::Varint(number)) => json.push_str(&number.cast_signed().to_string()),
            (4, Wire::Fixed64(bits)) => match serde_json::Number::from_f64(f64::from_bits(bits)) {
                Some(number) => json.push_str(&number.to_string()),
                None => json.push_str("null"),
            },
            (5, Wire::Bytes(list)) if depth < MAX_DEPTH => write_array(json, list, depth + 1)?,
            (6, Wire::Bytes(list)) if depth < MAX_DEPTH => write_object(json, list, depth + 1)?,
            _ => {}
        }
    }
    if json.len() == start {
        json.push_str("null");
    }
    Ok(())
}

fn write_array(json: &mut String, list: &[u8], depth: usize) -> Result<(), Malformed> {
    json.push('[');
    for (index, element) in parts(list, 1).enumerate() {
        if json.len() > MAX_JSON_BYTES {
            return Ok(());
        }
        if index > 0 {
            json.push(',');
        }
        write_json(json, element?, depth)?;
    }
    json.push(']');
    Ok(())
}

fn write_object(json: &mut String, list: &[u8], depth: usize) -> Result<(), Malformed> {
    json.push('{');
    for (index, member) in parts(list, 1).enumerate() {
        if json.len() > MAX_JSON_BYTES {
            return Ok(());
        }
        let (mut key, mut value) = (&b""[..], &b""[..]);
        for field in fields(member?) {
            match field? {
                (1, Wire::Bytes(bytes)) => key = bytes,
                (2, Wire::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        if index > 0 {
            json.push(',');
        }
        write_text(json, key)?;
        json.push(':');
        write_json(json, value, depth)?;
    }
    json.push('}');
    Ok(())
}

fn write_text(json: &mut String, bytes: &[u8]) -> Result<(), Malformed> {
    if bytes.len() > MAX_JSON_BYTES {
        return Err(Malformed::too_large());
    }
    // A text can always be written.
    json.push_str(&serde_json::to_string(&text(bytes)).unwrap_or_default());
    Ok(())
}

/// What identifies a log record: its resource and everything in it that is the same when it is sent again. Who passes it on
/// sets the observed time anew.
fn identified(resource: &Identity, message: &[u8]) -> Identity {
    let mut identity = resource.clone();
    for (number, value) in fields(message).map_while(Result::ok) {
        if matches!(number, OBSERVED_TIME | DROPPED_ATTRIBUTES) {
            continue;
        }
        identity.add(&number.to_le_bytes());
        match value {
            Wire::Varint(number) | Wire::Fixed64(number) => identity.add(&number.to_le_bytes()),
            Wire::Fixed32(number) => identity.add(&number.to_le_bytes()),
            Wire::Bytes(bytes) => identity.add(bytes),
        }
    }
    identity
}
