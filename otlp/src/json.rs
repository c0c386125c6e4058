//! Export requests in JSON, by OTLP's rules: lowerCamelCase names, 64-bit numbers as texts or numbers, ids in hexadecimal,
//! unknown members ignored.
//!
//! The members of an object may stand in any order, so a resource can follow the log records that belong to it: each part
//! of the body is read as a slice of it, and log records one by one.

use std::fmt;

use gatelog_record::{members, mend};
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};

use serde_json::value::RawValue;

use crate::found::Place;
use crate::identity::Identity;
use crate::log_record::LogRecord;
use crate::logs::{Logs, RequestError};
use crate::plain_json::{number, of_json, text, unquoted};
use crate::reader::Reader;
use crate::value::Value;

/// Deepest nesting of a value; what is deeper is `null`.
const MAX_DEPTH: usize = gatelog_record::limits::MAX_JSON_DEPTH;
/// Most bytes of the JSON of one value. No field of the record is as large.
const MAX_JSON_BYTES: usize = 1 << 20;

/// Reads a request.
///
/// # Errors
///
/// As for [`crate::request::read`].
pub fn read(body: &[u8], max_records: usize) -> Result<Logs<'_>, RequestError> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text.trim_start_matches(mend::BYTE_ORDER_MARK),
        Err(_) => {
            let (text, mended) = mend::utf8(body);
            return own(&text, max_records, mended);
        }
    };
    match request(text, max_records) {
        Err(RequestError::NotJson { source }) => match mend::json(text) {
            Some((text, mended)) => own(&text, max_records, mended),
            None => Err(RequestError::NotJson { source }),
        },
        read => read,
    }
}

/// Reads a repaired text, which the records cannot borrow from.
fn own<'a>(text: &str, max_records: usize, mended: usize) -> Result<Logs<'a>, RequestError> {
    let Logs { batch, ignored_attributes } = request(text, max_records)?;
    let mut owned = Logs { ignored_attributes, ..Logs::default() };
    owned.batch.records =
        batch.records.into_iter().map(|(index, record)| (index, record.into_owned())).collect();
    owned.batch.rejected = batch.rejected;
    owned.batch.values_lost = batch.values_lost + mended;
    Ok(owned)
}

fn request(text: &str, max_records: usize) -> Result<Logs<'_>, RequestError> {
    let not_json = |source| RequestError::NotJson { source };
    let mut reader = Reader::new(max_records);
    let mut too_many = None;
    // From here on it is known to be JSON.
    let body: &RawValue = serde_json::from_str(text).map_err(not_json)?;
    let list = part(body.get(), "resourceLogs", "resource_logs").map_err(not_json)?;
    let read = elements(list, &mut |resource_logs| {
        let mut of_resource = LogRecord::default();
        let mut identity = Identity::default();
        if let Some(resource) = part(resource_logs, "resource", "resource")? {
            identity.add(resource.as_bytes());
            key_values(&mut of_resource, Place::Resource, part(resource, "attributes", "attributes")?)?;
        }
        elements(part(resource_logs, "scopeLogs", "scope_logs")?, &mut |scope_logs| {
            elements(part(scope_logs, "logRecords", "log_records")?, &mut |log_record| {
                if let Err(error) = reader.begin() {
                    too_many = Some(error);
                    return Err(serde_json::Error::custom("more log records than allowed"));
                }
                let mut log = of_resource.clone();
                match self::log_record(&mut log, log_record) {
                    Ok(()) => reader.take(log, || identified(&identity, log_record)),
                    Err(error) => reader.reject(format!("it is no LogRecord: {}", cut(&error))),
                }
                Ok(())
            })
        })
    });
    match (read, too_many) {
        (_, Some(error)) => Err(error),
        (Err(source), None) => Err(not_json(source)),
        (Ok(()), None) => Ok(reader.finish()),
    }
}

fn log_record<'a>(log: &mut LogRecord<'a>, json: &'a str) -> Result<(), serde_json::Error> {
    for member in object(json)? {
        match unquoted(member.key) {
            "timeUnixNano" | "time_unix_nano" => log.time_nanos = nanos(member.value),
            "observedTimeUnixNano" | "observed_time_unix_nano" => log.observed_nanos = nanos(member.value),
            "traceId" | "trace_id" => log.set_trace_id(unquoted(member.value).to_owned()),
            "attributes" => key_values(log, Place::Attributes, Some(member.value))?,
            "body" => body(log, member.value)?,
            _ => {}
        }
    }
    Ok(())
}

fn body<'a>(log: &mut LogRecord<'a>, any_value: &'a str) -> Result<(), serde_json::Error> {
    if any_value == "null" {
        return Ok(());
    }
    for member in object(any_value)? {
        match unquoted(member.key) {
            "stringValue" | "string_value" => {
                if let Value::Text(text) = of_json(member.value) {
                    log.text_body(&text);
                }
            }
            "kvlistValue" | "kvlist_value" => {
                key_values(log, Place::Body, part(member.value, "values", "values")?)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads an array of `KeyValue`.
fn key_values<'a>(
    log: &mut LogRecord<'a>,
    place: Place,
    list: Option<&'a str>,
) -> Result<(), serde_json::Error> {
    elements(list, &mut |key_value| {
        let (mut key, mut value) = (String::new(), "null");
        for member in object(key_value)? {
            match unquoted(member.key) {
                "key" => key = serde_json::from_str(member.value)?,
                "value" => value = member.value,
                _ => {}
            }
        }
        log.attribute(place, &key, || any_value(value));
        Ok(())
    })
}

/// An `AnyValue`; `None` when it cannot be read.
fn any_value(json: &str) -> Option<Value<'_>> {
    if json == "null" {
        return Some(Value::Absent);
    }
    let mut value = Value::Absent;
    for member in object(json).ok()? {
        value = match unquoted(member.key) {
            "stringValue" | "string_value" | "bytesValue" | "bytes_value" => text(member.value)?,
            "boolValue" | "bool_value" => Value::Bool(member.value == "true"),
            "intValue" | "int_value" => Value::Int(unquoted(member.value).parse().ok()?),
            "doubleValue" | "double_value" => Value::Double(unquoted(member.value).parse().ok()?),
            "arrayValue" | "array_value" | "kvlistValue" | "kvlist_value" => {
                let mut plain = String::new();
                write_plain(&mut plain, json, 0)?;
                if plain.len() > MAX_JSON_BYTES { return None } else { Value::Json(plain.into()) }
            }
            _ => value,
        };
    }
    Some(value)
}

/// Writes an `AnyValue` as plain JSON. Nothing more is written when the text is over its bound.
fn write_plain(plain: &mut String, any_value: &str, depth: usize) -> Option<()> {
    let member = object(any_value).ok()?.next();
    let Some(member) = member.filter(|_| depth < MAX_DEPTH && plain.len() <= MAX_JSON_BYTES) else {
        plain.push_str("null");
        return Some(());
    };
    match unquoted(member.key) {
        "intValue" | "int_value" | "doubleValue" | "double_value" => match number(unquoted(member.value)) {
            Value::Int(number) => plain.push_str(&number.to_string()),
            Value::Double(number) => match serde_json::Number::from_f64(number) {
                Some(number) => plain.push_str(&number.to_string()),
                None => plain.push_str("null"),
            },
            _ => plain.push_str("null"),
        },
        "stringValue" | "string_value" | "boolValue" | "bool_value" | "bytesValue" | "bytes_value" => {
            if member.value.len() > MAX_JSON_BYTES {
                return None;
            }
            plain.push_str(member.value);
        }
        "arrayValue" | "array_value" => {
            write_list(plain, member.value, ['[', ']'], &mut |plain, element| {
                write_plain(plain, element, depth + 1)
            })?
        }
        "kvlistValue" | "kvlist_value" => {
            write_list(plain, member.value, ['{', '}'], &mut |plain, element| {
                plain.push_str(part(element, "key", "key").ok()?.unwrap_or("\"\""));
                plain.push(':');
                write_plain(plain, part(element, "value", "value").ok()?.unwrap_or("null"), depth + 1)
            })?
        }
        _ => plain.push_str("null"),
    }
    Some(())
}

fn write_list(
    plain: &mut String,
    list: &str,
    [open, close]: [char; 2],
    write: &mut dyn FnMut(&mut String, &str) -> Option<()>,
) -> Option<()> {
    let values = part(list, "values", "values").ok()?;
    plain.push(open);
    let mut is_first = true;
    elements(values, &mut |element| {
        if plain.len() > MAX_JSON_BYTES {
            return Ok(());
        }
        if !std::mem::take(&mut is_first) {
            plain.push(',');
        }
        write(plain, element).ok_or_else(|| serde_json::Error::custom("it is no AnyValue"))
    })
    .ok()?;
    plain.push(close);
    Some(())
}

/// What identifies a log record, see [`crate::protobuf`].
fn identified(resource: &Identity, log_record: &str) -> Identity {
    let mut identity = resource.clone();
    for member in members::members(log_record).into_iter().flatten() {
        if !matches!(
            unquoted(member.key),
            "observedTimeUnixNano" | "observed_time_unix_nano" | "droppedAttributesCount"
        ) {
            identity.add(member.key.as_bytes());
            identity.add(member.value.as_bytes());
        }
    }
    identity
}

/// Nanoseconds since 1970, as a text or a number; 0 when they cannot be read.
fn nanos(json: &str) -> u64 {
    unquoted(json).parse().unwrap_or_default()
}

fn object(json: &str) -> Result<impl Iterator<Item = members::ObjectMember<'_>>, serde_json::Error> {
    members::members(json).ok_or_else(|| serde_json::Error::custom("an object is expected"))
}

/// The value of a member by its name in lowerCamelCase or, as protobuf's JSON allows, by its name in the `.proto` file.
fn part<'a>(json: &'a str, name: &str, also: &str) -> Result<Option<&'a str>, serde_json::Error> {
    if json == "null" {
        return Ok(None);
    }
    let mut members = object(json)?;
    let found = members.find(|member| [name, also].contains(&unquoted(member.key)));
    Ok(found.map(|member| member.value).filter(|value| *value != "null"))
}

/// An error's text, no longer than a line.
fn cut(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}

/// Calls `each` for the elements of an array, one by one, so that they cost no memory together.
fn elements<'a>(
    array: Option<&'a str>,
    each: &mut dyn FnMut(&'a str) -> Result<(), serde_json::Error>,
) -> Result<(), serde_json::Error> {
    let Some(array) = array.filter(|array| *array != "null") else { return Ok(()) };
    let mut deserializer = serde_json::Deserializer::from_str(array);
    deserializer.deserialize_seq(Elements { each })
}

struct Elements<'e, 'a> {
    each: &'e mut dyn FnMut(&'a str) -> Result<(), serde_json::Error>,
}

impl<'a> Visitor<'a> for Elements<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element::<&'a RawValue>()? {
            (self.each)(element.get()).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
