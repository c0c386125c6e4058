//! Captures headers and bodies for the record: only those that operators name, up to a limit, and not when the
//! request refuses.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use gatelog_record::json::write::ObjectWriter;
use gatelog_redact::Redact;
use serde_json::value::RawValue;

use crate::ai::body_format::BodyFormat;
use crate::ai::decode::Budget;
use crate::ai::usage::declared;
use crate::host::headers::Headers;

/// The configuration of capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// `capture.request_headers`: names, lower case.
    pub request_headers: Vec<String>,
    /// `capture.response_headers`: names, lower case.
    pub response_headers: Vec<String>,
    /// `capture.request_body_bytes`: bytes from the start of the request's body.
    pub request_body_bytes: usize,
    /// `capture.response_body_bytes`: bytes from the start of the response's body.
    pub response_body_bytes: usize,
    /// `capture.max_total_bytes`: bytes of all captured bodies that the VM holds at the same time.
    pub max_total_bytes: usize,
    /// `capture.refusal_header`: name of the request header that refuses, lower case.
    pub refusal_header: String,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            request_body_bytes: 0,
            response_body_bytes: 0,
            max_total_bytes: Self::MAX_TOTAL_BYTES,
            refusal_header: "x-gatelog-capture".to_owned(),
        }
    }
}

impl Capture {
    /// The default of `capture.max_total_bytes`.
    pub const MAX_TOTAL_BYTES: usize = 16 << 20;

    /// True when any header is captured.
    pub fn has_headers(&self) -> bool {
        !self.request_headers.is_empty() || !self.response_headers.is_empty()
    }

    /// True when any body is captured.
    pub fn has_bodies(&self) -> bool {
        self.request_body_bytes > 0 || self.response_body_bytes > 0
    }

    /// True when the request refuses capture.
    pub fn is_refused(&self, request: &Headers<'_>) -> bool {
        request.get(&self.refusal_header).is_some_and(|value| {
            let value = value.trim_ascii();
            ["off", "false", "no", "0"].iter().any(|no| value.eq_ignore_ascii_case(no.as_bytes()))
        })
    }
}

/// The named headers as a JSON object, with secrets redacted; `None` when there are none of them. Several values of
/// one name are a list, as in Kong's log, because a comma may be part of a value.
pub fn headers(wanted: &[String], headers: &Headers<'_>, redact: &Redact) -> Option<Box<RawValue>> {
    let mut json = Vec::new();
    let mut object = ObjectWriter::new(&mut json);
    for name in wanted {
        let values = headers.iter().filter(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value);
        let values: Vec<Cow<'_, str>> = values.map(String::from_utf8_lossy).collect();
        let values: Vec<Cow<'_, str>> = values.iter().map(|value| redact.header(name, value)).collect();
        match values.as_slice() {
            [] => {}
            [one] => object.text(name, one),
            several => object.texts(name, several),
        }
    }
    if !object.finish() {
        return None;
    }
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

/// True for text bodies: `text/…`, JSON, event streams, and forms that are not multipart.
pub fn is_text(content_type: &[u8]) -> bool {
    let starts_with = |kind: &str| {
        content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
    };
    starts_with("text/")
        || starts_with("application/x-www-form-urlencoded")
        || declared(content_type).is_some_and(|format| format != BodyFormat::AwsEventStream)
}

/// Bytes that the captured bodies of all streams in a VM currently take.
#[derive(Clone, Debug, Default)]
pub struct HeldBytes {
    /// Bytes of the copies.
    copies: Rc<Cell<usize>>,
    /// Bytes of their decoders.
    pub decoders: Budget,
}

/// The start of a body.
#[derive(Debug)]
pub struct BodyCopy {
    bytes: Vec<u8>,
    limit: usize,
    held: HeldBytes,
    max_total: usize,
    /// This copy's share of `held`.
    room: usize,
    is_short: bool,
}

impl BodyCopy {
    /// A copy of at most `limit` bytes, or fewer when all copies together would take more than `max_total`.
    pub fn new(limit: usize, held: &HeldBytes, max_total: usize) -> Self {
        Self { bytes: Vec::new(), limit, held: held.clone(), max_total, room: 0, is_short: false }
    }

    /// True at the limit, or when there is no room for more.
    pub fn is_full(&self) -> bool {
        self.is_short || self.bytes.len() >= self.limit
    }

    /// True when bytes are missing because all copies together were too large.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// Adds the next chunk.
    pub fn take(&mut self, chunk: &[u8]) {
        let len = self.bytes.len();
        let left = self.limit.saturating_sub(len);
        let wanted = chunk.get(..left).unwrap_or(chunk);
        if len + wanted.len() > self.room {
            self.grow(len + wanted.len());
        }
        let taken = wanted.get(..self.room.saturating_sub(len)).unwrap_or(wanted);
        self.is_short |= taken.len() < wanted.len();
        self.bytes.extend_from_slice(taken);
    }

    /// Reserves `needed` bytes, or as many as `max_total` allows.
    fn grow(&mut self, needed: usize) {
        let held = self.held.copies.get();
        let most = self.room + self.max_total.saturating_sub(held);
        let room = (self.room * 2).min(self.limit).max(needed).min(most);
        self.bytes.reserve_exact(room.saturating_sub(self.bytes.len()));
        self.held.copies.set(held + room - self.room);
        self.room = room;
    }

    /// The text, without a character cut at the limit.
    pub fn text(&self) -> Cow<'_, str> {
        let whole = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.bytes.len(),
        };
        String::from_utf8_lossy(self.bytes.get(..whole).unwrap_or_default())
    }
}

impl Drop for BodyCopy {
    fn drop(&mut self) {
        self.held.copies.set(self.held.copies.get().saturating_sub(self.room));
    }
}

#[cfg(test)]
mod tests {
    use gatelog_redact::REDACTED;

    use super::*;

    #[test]
    fn named_headers_are_captured_and_secrets_stay_hidden() {
        let map: Headers<'_> = [
            ("accept", &b"text/html"[..]),
            ("authorization", b"Bearer s3cr3t"),
            ("x-a", b"1"),
            ("x-a", b"2\"\x01\xff"),
            ("referer", b"/p?token=s3cr3t&a=1"),
            ("x-b", b"unwanted"),
        ]
        .into_iter()
        .collect();
        let wanted = ["x-a", "authorization", "referer", "x-missing"].map(str::to_owned);
        let captured = headers(&wanted, &map, &Redact::default()).unwrap();
        let object: serde_json::Value = serde_json::from_str(captured.get()).unwrap();
        assert_eq!(
            object,
            serde_json::json!({
                "x-a": ["1", "2\"\u{1}\u{fffd}"],
                "authorization": REDACTED,
                "referer": "/p?token=REDACTED&a=1",
            })
        );
        assert!(headers(&["x-missing".to_owned()], &map, &Redact::default()).is_none());
    }

    #[test]
    fn a_request_can_refuse() {
        let capture = Capture::default();
        for (value, refused) in [
            ("off", true),
            (" OFF ", true),
            ("false", true),
            ("0", true),
            ("no", true),
            ("on", false),
            ("", false),
        ] {
            let map: Headers<'_> = [("x-gatelog-capture", value.as_bytes())].into_iter().collect();
            assert_eq!(capture.is_refused(&map), refused, "{value}");
        }
        assert!(!capture.is_refused(&Headers::default()));
    }

    #[test]
    fn only_text_is_captured() {
        for (content_type, expected) in [
            ("text/plain; charset=utf-8", true),
            ("TEXT/HTML", true),
            ("application/json", true),
            ("application/problem+json", true),
            ("text/event-stream", true),
            ("application/octet-stream", false),
            ("application/x-www-form-urlencoded", true),
            ("multipart/form-data", false),
            ("", false),
        ] {
            assert_eq!(is_text(content_type.as_bytes()), expected, "{content_type}");
        }
    }

    #[test]
    fn a_copy_ends_at_its_limit_on_a_whole_character() {
        let mut copy = BodyCopy::new(6, &HeldBytes::default(), 100);
        copy.take("añ".as_bytes());
        assert!(!copy.is_full());
        copy.take("bé€".as_bytes());
        assert!(copy.is_full());
        assert_eq!(copy.text(), "añbé");
        let mut copy = BodyCopy::new(10, &HeldBytes::default(), 100);
        copy.take(b"a\xffb");
        assert_eq!(copy.text(), "a\u{fffd}b");
        assert!(!copy.is_short());
    }

    #[test]
    fn all_copies_together_stay_within_the_limit_and_return_their_memory() {
        let held = HeldBytes::default();
        let mut copies: Vec<BodyCopy> = (0..10).map(|_| BodyCopy::new(30, &held, 100)).collect();
        for _ in 0..10 {
            copies.iter_mut().for_each(|copy| copy.take(b"1234567"));
            assert!(held.copies.get() <= 100);
            assert!(copies.iter().map(|copy| copy.bytes.capacity()).sum::<usize>() <= 100);
        }
        assert!(copies.iter().all(BodyCopy::is_full));
        let whole = copies.iter().filter(|copy| !copy.is_short()).all(|copy| copy.bytes.len() == 30);
        assert!(whole && copies.iter().any(BodyCopy::is_short));
        drop(copies);
        assert_eq!(held.copies.get(), 0);
    }
}
