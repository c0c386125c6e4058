//! A log record as it is read: the values that its attributes, its body and its resource have for fields of the record.

use std::borrow::Cow;

use gatelog_record::{AccessRecord, Timestamp, higress};

use crate::access_line;
use crate::attributes;
use crate::fill::Filler;
use crate::found::{Found, Place};
use crate::identity::Identity;
use crate::plain_json;
use crate::value::Value;

/// Most values of one log record that are kept. A record has fewer names.
const MAX_VALUES: usize = 512;
/// The fields that make a log record an access record, if it has one of them itself.
const OF_ACCESS: &[&str] = &[
    "method",
    "path",
    "response_code",
    "ai_log",
    "model",
    "response_model",
    "provider",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "chat_id",
    "mcp_server",
    "mcp_tool",
];
/// Longest id that the record keeps as it is.
const MAX_ID_CHARS: usize = 36;

/// What was read of a log record.
#[derive(Clone, Debug, Default)]
pub struct LogRecord<'a> {
    /// `time_unix_nano`, 0 when absent: for Envoy, when the request began.
    pub time_nanos: u64,
    /// `observed_time_unix_nano`, 0 when absent.
    pub observed_nanos: u64,
    trace_id: String,
    found: Vec<Found<'a>>,
    ignored: usize,
    lost: usize,
}

impl<'a> LogRecord<'a> {
    /// Keeps an attribute whose name stands for a field of the record; any other is counted as ignored, and its value is
    /// not read. A value that cannot be read is counted as lost.
    pub fn attribute(&mut self, place: Place, name: &str, value: impl FnOnce() -> Option<Value<'a>>) {
        let known = attributes::find(name).filter(|_| self.found.len() < MAX_VALUES);
        let Some((rank, attribute)) = known else {
            // The resource describes the sender, and most of it says nothing about the request.
            self.ignored += usize::from(place != Place::Resource);
            return;
        };
        let Some(value) = value() else {
            self.lost += 1;
            return;
        };
        let suffix = name.get(attribute.name.len()..).unwrap_or_default().to_ascii_lowercase();
        self.found.push(Found { place, rank, attribute, suffix, value });
    }

    /// Reads a text body: the JSON object of an access log, or a line of one. Any other text is left out.
    pub fn text_body(&mut self, body: &str) {
        if body.trim_start().starts_with('{') {
            plain_json::members_of(body, |name, value| self.attribute(Place::Body, name, || Some(value)));
        } else if let Some(values) = access_line::read(body) {
            for (name, value) in values {
                self.attribute(Place::Body, name, || Some(value));
            }
        }
    }

    /// Sets the trace id, in hexadecimal. One that is empty or all zeros is left out, and any other that is none is lost.
    pub fn set_trace_id(&mut self, hex: String) {
        if hex.bytes().all(|byte| byte == b'0') {
            return;
        }
        if hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.trace_id = hex.to_ascii_lowercase();
        } else {
            self.lost += 1;
        }
    }

    /// Attributes of the log record that the record has no place for.
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// The access record, and the number of values that are lost.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn into_record(
        mut self,
        identity: impl FnOnce() -> Identity,
    ) -> Result<(AccessRecord<'a>, usize), String> {
        let is_access = self.found.iter().any(|found| {
            found.place != Place::Resource
                && OF_ACCESS.contains(&found.attribute.field)
                && !found.value.is_absent()
        });
        if !is_access {
            return Err("it is no access record: it has no method, path or status, and no AI model or tokens, in its \
                        attributes or its body"
                .to_owned());
        }
        let mut record = AccessRecord { trace_id: Cow::Owned(self.trace_id), ..AccessRecord::default() };
        self.found.sort_by_key(|found| (found.place, found.rank));
        let mut filler = Filler::new(&mut record);
        for found in self.found {
            filler.fill(found);
        }
        let lost = self.lost + filler.finish();
        let time = [self.time_nanos, self.observed_nanos].into_iter().find(|nanos| *nanos > 0);
        if let Some(nanos) = time {
            set_time(&mut record, nanos)?;
        }
        set_id(&mut record, time, identity);
        derive(&mut record);
        Ok((record, lost))
    }
}

/// Sets when the request began from the log record's time, unless an attribute says it. Of the same time, the finer holds:
/// Envoy writes milliseconds into texts.
fn set_time(record: &mut AccessRecord<'_>, nanos: u64) -> Result<(), String> {
    let time = Timestamp::from_nanos(nanos);
    if u64::try_from(time.as_micros()) != Ok(nanos / 1_000) {
        return Err(format!(
            "time_unix_nano: {nanos} is not between {} and {}",
            Timestamp::MIN,
            Timestamp::MAX
        ));
    }
    if record.start_time.is_none_or(|start| start.as_millis() == time.as_millis()) {
        record.start_time = Some(time);
    }
    Ok(())
}

/// Gives the record the id that it brings or, when it brings none or one that the record cannot keep, one that follows from
/// its content. A log record without any time could be another with the same content, so it gets none here.
fn set_id(record: &mut AccessRecord<'_>, time: Option<u64>, identity: impl FnOnce() -> Identity) {
    let id = &*record.record_id;
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if id.is_empty() {
        if let Some(nanos) = time.or(record.start_time.map(|_| 0)) {
            let mut identity = identity();
            identity.add(&nanos.to_le_bytes());
            record.record_id = identity.id().into();
        }
    } else if !is_plain || id.len() > MAX_ID_CHARS {
        let mut identity = Identity::default();
        identity.add(id.as_bytes());
        record.record_id = identity.id().into();
    }
}

/// Fills what follows from other fields, as the filter does.
fn derive(record: &mut AccessRecord<'_>) {
    if record.route.is_empty() {
        record.route = record.route_name.clone();
    }
    if record.api.is_empty() {
        record.api = higress::api(&record.route_name).unwrap_or_default().to_owned().into();
    }
    if record.service.is_empty() {
        record.service = higress::service(&record.upstream_cluster).to_owned().into();
    }
    if let (None, Some(input), Some(output)) =
        (record.total_tokens, record.input_tokens, record.output_tokens)
    {
        record.total_tokens = Some(input.saturating_add(output));
    }
}
