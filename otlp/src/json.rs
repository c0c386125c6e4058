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
use crate::plain_json::{of_json, text, unquoted};
use crate::plain_value::plain_json;
use crate::reader::Reader;
use crate::value::Value;

/// 2 to the power of 64.
const NANOS_END: f64 = 18_446_744_073_709_551_616.0;

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
            "timeUnixNano" | "time_unix_nano" => log.time_nanos = nanos(member.value)?,
            "observedTimeUnixNano" | "observed_time_unix_nano" => log.observed_nanos = nanos(member.value)?,
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
            "boolValue" | "bool_value" => Value::Bool(unquoted(member.value).parse().ok()?),
            "intValue" | "int_value" => Value::Int(unquoted(member.value).parse().ok()?),
            "doubleValue" | "double_value" => Value::Double(unquoted(member.value).parse().ok()?),
            "arrayValue" | "array_value" | "kvlistValue" | "kvlist_value" => {
                Value::Json(plain_json(json)?.into())
            }
            _ => value,
        };
    }
    Some(value)
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

/// Nanoseconds since 1970, as a text or a number, which protobuf's JSON also writes with an exponent. A log record whose time
/// cannot be read is none: with the time of its arrival it would be another one each time it is sent.
fn nanos(json: &str) -> Result<u64, serde_json::Error> {
    let text = unquoted(json);
    if matches!(text, "" | "null") {
        return Ok(0);
    }
    let whole = |number: &f64| number.fract() == 0.0 && (0.0..NANOS_END).contains(number);
    let read = text.parse().ok().or_else(|| text.parse().ok().filter(whole).map(|number| number as u64));
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        serde_json::Error::custom(format!("the time `{shown}` is no number of nanoseconds since 1970"))
    })
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
