//! The fields of a record as attributes, by the table of names ([`crate::attributes`]).

use std::collections::HashSet;
use std::sync::OnceLock;

use gatelog_record::fields::FieldValue;
use gatelog_record::{AccessRecord, FIELDS, host_port, members};
use serde_json::value::RawValue;

use super::json::{Attributes, opening};
use crate::attributes::{Attribute, Conversion, OWN_PREFIX, PLACES, written_as};
use crate::grpc_status;

/// How one field is written.
struct Column {
    /// The rows of the table.
    attributes: Vec<OpenedAttribute>,
    /// The field under its own name: where the table has no row, and for a value that the rows cannot express.
    own_text: Vec<u8>,
    own_integer: Vec<u8>,
    /// The log record or its resource has a place of its own for the field.
    has_own_place: bool,
}

/// A row of the table with what precedes its value.
struct OpenedAttribute {
    name: &'static str,
    conversion: Conversion,
    opening: Vec<u8>,
}

/// Writes the fields of a record that have no place of their own.
pub(super) fn write(attributes: &mut Attributes<'_>, record: &AccessRecord<'_>) {
    for (column, value) in columns().iter().zip(record.values()) {
        if column.has_own_place || is_absent(value) {
            continue;
        }
        let is_written = column
            .attributes
            .iter()
            .filter(|attribute| write_row(attributes, attribute, value, record))
            .count()
            > 0;
        if !is_written {
            match value {
                FieldValue::Text(text) => attributes.opened_text(&column.own_text, text),
                FieldValue::Json(json) => attributes.opened_text(&column.own_text, json.get()),
                FieldValue::Integer(number) => attributes.opened_integer(&column.own_integer, number),
                FieldValue::Absent | FieldValue::Timestamp(_) => {}
            }
        }
    }
}

/// Envoy's `-` stands for an absent value.
fn is_absent(value: FieldValue<'_>) -> bool {
    matches!(value, FieldValue::Absent | FieldValue::Text("-"))
}

/// Writes a value under one name; false when it cannot be expressed so.
fn write_row(
    attributes: &mut Attributes<'_>,
    attribute: &OpenedAttribute,
    value: FieldValue<'_>,
    record: &AccessRecord<'_>,
) -> bool {
    let opening = &attribute.opening;
    match (attribute.conversion, value) {
        (Conversion::Same, FieldValue::Text(text)) => attributes.opened_text(opening, text),
        (Conversion::Same, FieldValue::Json(json)) => attributes.opened_text(opening, json.get()),
        // A request and its response have bytes and a status; zero says that nobody has counted.
        (Conversion::Same, FieldValue::Integer(0)) if is_zero_unknown(attribute.name) => {}
        (Conversion::Same, FieldValue::Integer(number)) => attributes.opened_integer(opening, number),
        (Conversion::Seconds, FieldValue::Integer(millis)) => {
            attributes.opened_double(opening, millis as f64 / 1e3);
        }
        (Conversion::Money, FieldValue::Integer(nano)) => {
            attributes.opened_double(opening, nano as f64 / 1e9)
        }
        (Conversion::Texts, FieldValue::Text(text)) => attributes.opened_texts(opening, text),
        (Conversion::UrlPath, FieldValue::Text(uri)) => {
            attributes.opened_text(opening, uri.split_once('?').map_or(uri, |(path, _)| path));
        }
        (Conversion::UrlQuery, FieldValue::Text(uri)) => match uri.split_once('?') {
            Some((_, query)) if !query.is_empty() => attributes.opened_text(opening, query),
            _ => return false,
        },
        (Conversion::Host, FieldValue::Text(text)) => {
            let host = split_port(text).map_or(text, |(host, _)| host);
            attributes.opened_text(opening, unbracketed(host));
        }
        (Conversion::Port, FieldValue::Text(text)) => match split_port(text) {
            Some((_, port)) => attributes.opened_integer(opening, port.into()),
            None => return false,
        },
        (Conversion::HttpVersion, FieldValue::Text(text)) => match text.strip_prefix("HTTP/") {
            Some(version) if !version.is_empty() => {
                attributes.opened_text(opening, version);
                attributes.text("network.protocol.name", "http");
            }
            _ => return false,
        },
        (Conversion::TlsVersion, FieldValue::Text(text)) => match text.strip_prefix("TLSv") {
            Some(version) if !version.is_empty() => {
                attributes.opened_text(opening, version);
                attributes.text("tls.protocol.name", "tls");
            }
            _ => return false,
        },
        (Conversion::Streamed, FieldValue::Text("stream")) => attributes.opened_flag(opening, true),
        (Conversion::Streamed, FieldValue::Text("normal")) => attributes.opened_flag(opening, false),
        (Conversion::GrpcStatus, FieldValue::Integer(code)) => match grpc_status::name(code) {
            Some(name) => attributes.opened_text(opening, name),
            None => return false,
        },
        (Conversion::Header, FieldValue::Json(json)) => {
            return write_headers(attributes, attribute.name, json.get(), record);
        }
        _ => return false,
    }
    true
}

fn is_zero_unknown(name: &str) -> bool {
    matches!(name, "http.response.status_code" | "http.request.size" | "http.response.size")
}

/// The host and the port of an authority or an address that has one.
fn split_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = host_port::split(text)?;
    Some((host, port.parse().ok()?))
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Writes each header of an object, and none twice: those that have a field of their own are there already.
fn write_headers(
    attributes: &mut Attributes<'_>,
    prefix: &str,
    json: &str,
    record: &AccessRecord<'_>,
) -> bool {
    let Some(headers) = members::members(json) else { return false };
    let mut names = HashSet::new();
    for (header, field) in
        [("x-request-id", &record.request_id), ("x-forwarded-for", &record.x_forwarded_for)]
    {
        if prefix == "http.request.header." && !is_absent(FieldValue::Text(field)) && !field.is_empty() {
            names.insert(header.to_owned());
        }
    }
    for header in headers {
        let Ok(name) = serde_json::from_str::<String>(header.key) else { continue };
        let name = name.to_ascii_lowercase();
        if names.contains(&name) {
            continue;
        }
        let values = match serde_json::from_str::<Vec<&RawValue>>(header.value) {
            Ok(values) => values.into_iter().map(RawValue::get).collect(),
            Err(_) => vec![header.value],
        };
        if !values.is_empty() && values.iter().all(|value| value.starts_with('"')) {
            attributes.quoted_texts(&format!("{prefix}{name}"), values);
            names.insert(name);
        }
    }
    true
}

fn columns() -> &'static [Column] {
    static COLUMNS: OnceLock<Vec<Column>> = OnceLock::new();
    COLUMNS.get_or_init(|| {
        let column = |field: &gatelog_record::Field| {
            let own = format!("{OWN_PREFIX}{}", field.name);
            Column {
                attributes: written_as(field.name).map(opened).collect(),
                own_text: opening(&own, "stringValue"),
                own_integer: opening(&own, "intValue"),
                has_own_place: PLACES.iter().any(|(name, _)| *name == field.name),
            }
        };
        FIELDS.iter().map(column).collect()
    })
}

fn opened(attribute: &Attribute) -> OpenedAttribute {
    let is_number = gatelog_record::fields::field(attribute.field).is_some_and(|field| {
        matches!(field.kind, gatelog_record::Kind::Integer | gatelog_record::Kind::Count)
    });
    let member = match attribute.conversion {
        Conversion::Seconds | Conversion::Money => "doubleValue",
        Conversion::Texts | Conversion::Header => "arrayValue",
        Conversion::Streamed => "boolValue",
        Conversion::Port => "intValue",
        Conversion::Same if is_number => "intValue",
        _ => "stringValue",
    };
    let (name, conversion) = (attribute.name, attribute.conversion);
    OpenedAttribute { name, conversion, opening: opening(name, member) }
}
