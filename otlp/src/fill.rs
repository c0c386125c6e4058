//! Puts values into the fields of a record, converted as the table says. Of several values for a field, the first that can
//! be used holds.

use std::borrow::Cow;

use gatelog_record::fields::Member;
use gatelog_record::{AccessRecord, read_timestamp};
use serde_json::value::RawValue;

use crate::attributes::{Attribute, Conversion};
use crate::found::Found;
use crate::grpc_status;
use crate::value::{Value, whole};

/// Fields in which `-` is a value of its own.
const DASH_IS_A_VALUE: &[&str] = &["response_flags", "route_name"];
/// Most captured headers of one record.
const MAX_HEADERS: usize = 256;

/// Fills a record.
pub struct Filler<'r, 'a> {
    record: &'r mut AccessRecord<'a>,
    /// The fields that have a value, and the row that it came by.
    filled: Vec<(&'static str, Conversion)>,
    /// Headers as texts, by the field that they belong to.
    headers: Vec<(&'static str, String, String)>,
    lost: usize,
}

impl<'r, 'a> Filler<'r, 'a> {
    /// Fills `record`; what it has already stays.
    pub fn new(record: &'r mut AccessRecord<'a>) -> Self {
        let filled = if record.trace_id.is_empty() { vec![] } else { vec![("trace_id", Conversion::Same)] };
        Self { record, filled, headers: Vec::new(), lost: 0 }
    }

    /// Uses a value, if its field has none yet.
    pub fn fill(&mut self, found: Found<'a>) {
        let Found { attribute, suffix, value, .. } = found;
        let Attribute { field, conversion, .. } = attribute;
        let dash = value.is_absent() && DASH_IS_A_VALUE.contains(&field);
        let dash = dash && matches!(&value, Value::Text(text) if text.trim() == "-");
        if (value.is_absent() && !dash) || conversion == Conversion::Money {
            return;
        }
        if conversion == Conversion::Header {
            if self.headers.len() < MAX_HEADERS {
                self.headers.push((field, suffix, value.into_text().unwrap_or_default().into_owned()));
            } else {
                self.lost += 1;
            }
            return;
        }
        match (self.by(field), conversion) {
            (Some(Conversion::Host), Conversion::Port)
            | (Some(Conversion::UrlPath), Conversion::UrlQuery) => {
                self.append(attribute, value);
            }
            (Some(_), _) => {}
            (None, Conversion::Port) => {}
            (None, Conversion::UrlQuery) => self.lost += 1,
            (None, _) if self.set(attribute, value) => self.filled.push((field, conversion)),
            (None, _) => self.lost += 1,
        }
    }

    /// Ends the filling and returns how many values could not be used.
    pub fn finish(mut self) -> usize {
        for field in ["request_headers", "response_headers"] {
            if self.by(field).is_none() {
                self.set_headers(field);
            }
        }
        self.lost
    }

    /// The conversion of the value that the field has.
    fn by(&self, field: &str) -> Option<Conversion> {
        self.filled.iter().find(|(filled, _)| *filled == field).map(|(_, conversion)| *conversion)
    }

    fn set(&mut self, attribute: Attribute, value: Value<'a>) -> bool {
        let Some(member) = self.record.member_mut(attribute.field) else { return false };
        match member {
            Member::Timestamp(time) => {
                let read = value.into_text().and_then(|text| read_timestamp(&text).ok());
                *time = read.or(*time);
                read.is_some()
            }
            Member::Text(text) => {
                let converted = text_of(attribute, value);
                let is_used = converted.is_some();
                *text = converted.unwrap_or_default();
                is_used
            }
            Member::Integer(number) => {
                let converted = number_of(attribute.conversion, &value);
                *number = converted.unwrap_or_default();
                converted.is_some()
            }
            Member::Count(number) => {
                *number = number_of(attribute.conversion, &value);
                number.is_some()
            }
            Member::Json(json) => {
                *json = json_of(value).map(Cow::Owned);
                json.is_some()
            }
        }
    }

    /// Appends a port to a host, or a query string to a path.
    fn append(&mut self, attribute: Attribute, value: Value<'a>) {
        let Some(Member::Text(text)) = self.record.member_mut(attribute.field) else { return };
        let Some(more) = value.into_text() else { return };
        if attribute.conversion == Conversion::UrlQuery {
            // A path that brings its query string has it already.
            if !text.contains('?') {
                *text = Cow::Owned(format!("{text}?{}", more.strip_prefix('?').unwrap_or(&more)));
            }
        } else if !(attribute.field == "authority" && matches!(&*more, "80" | "443")) {
            let is_address = text.contains(':') && !text.starts_with('[');
            *text =
                Cow::Owned(if is_address { format!("[{text}]:{more}") } else { format!("{text}:{more}") });
        }
        let filled = self.filled.iter_mut().find(|(filled, _)| *filled == attribute.field);
        if let Some((_, conversion)) = filled {
            *conversion = attribute.conversion;
        }
    }

    fn set_headers(&mut self, field: &str) {
        let headers = self.headers.iter().filter(|(of, ..)| *of == field);
        let mut first = serde_json::Map::new();
        for (_, name, text) in headers {
            first.entry(name).or_insert_with(|| text.as_str().into());
        }
        if first.is_empty() {
            return;
        }
        if let Some(Member::Json(json)) = self.record.member_mut(field) {
            *json = serde_json::value::to_raw_value(&first).ok().map(Cow::Owned);
        }
    }
}

fn text_of<'a>(attribute: Attribute, value: Value<'a>) -> Option<Cow<'a, str>> {
    if attribute.conversion == Conversion::Streamed {
        return streamed(value);
    }
    let text = trimmed(value.into_text()?);
    match attribute.conversion {
        Conversion::HttpVersion => Some(http_version(text)),
        Conversion::TlsVersion if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Some(Cow::Owned(format!("TLSv{text}")))
        }
        Conversion::TraceParent => trace_id(&text).map(|id| Cow::Owned(id.to_owned())),
        Conversion::Url => Some(Cow::Owned(path_of(&text).to_owned())),
        _ if text.is_empty() => None,
        _ => Some(text),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn streamed(value: Value<'_>) -> Option<Cow<'static, str>> {
    let is_streamed = match value {
        Value::Bool(streamed) => streamed,
        Value::Text(text) => match text.trim() {
            "true" | "stream" => true,
            "false" | "normal" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Cow::Borrowed(if is_streamed { "stream" } else { "normal" }))
}

fn http_version(version: Cow<'_, str>) -> Cow<'_, str> {
    match &*version {
        "1.0" => Cow::Borrowed("HTTP/1.0"),
        "1.1" => Cow::Borrowed("HTTP/1.1"),
        "2" | "2.0" => Cow::Borrowed("HTTP/2"),
        "3" | "3.0" => Cow::Borrowed("HTTP/3"),
        _ => version,
    }
}

/// The trace id of a `traceparent`.
fn trace_id(parent: &str) -> Option<&str> {
    let id = parent.split('-').nth(1)?;
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && id.bytes().any(|byte| byte != b'0')).then_some(id)
}

/// The path and the query string of a URL.
fn path_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    let rest = rest.split('#').next().unwrap_or_default();
    rest.find(['/', '?']).and_then(|begin| rest.get(begin..)).unwrap_or("/")
}

fn number_of(conversion: Conversion, value: &Value<'_>) -> Option<i64> {
    match conversion {
        Conversion::Seconds => whole((value.as_number()? * 1_000.0).round()),
        Conversion::Resends => value.as_integer()?.checked_add(1),
        Conversion::GrpcStatus => match value {
            Value::Text(text) => value.as_integer().or_else(|| grpc_status::code(text.trim())),
            _ => value.as_integer(),
        },
        _ => value.as_integer(),
    }
}

/// The JSON of a value; a text that is a JSON object stands for the object.
fn json_of(value: Value<'_>) -> Option<Box<RawValue>> {
    match value {
        Value::Json(json) => RawValue::from_string(json.into_owned()).ok(),
        Value::Text(text) if text.trim_start().starts_with('{') => {
            let object = RawValue::from_string(text.trim().to_owned());
            object.or_else(|_| serde_json::value::to_raw_value(&text)).ok()
        }
        Value::Text(text) => serde_json::value::to_raw_value(&text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_its_path_and_query() {
        for (url, path) in [
            ("https://a.b/c?d=e#f", "/c?d=e"),
            ("https://a.b", "/"),
            ("https://a.b?x=1", "?x=1"),
            ("/c?d", "/c?d"),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }

    #[test]
    fn a_trace_id_is_taken_from_a_traceparent_only() {
        for (parent, id) in [
            (
                "00-463ac35c9f6413ad48485a3953bb6124-0020000000000001-01",
                Some("463ac35c9f6413ad48485a3953bb6124"),
            ),
            ("00-00000000000000000000000000000000-0020000000000001-01", None),
            ("463ac35c9f6413ad48485a3953bb6124", None),
            ("00-xyz", None),
        ] {
            assert_eq!(trace_id(parent), id, "{parent}");
        }
    }
}
