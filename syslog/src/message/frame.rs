//! Syslog messages: the header of RFC 5424 or RFC 3164, and the framings of RFC 6587 for a stream.
//!
//! ```text
//! RFC 5424         <14>1 2026-01-31T12:00:00.120000Z gateway-1 kong 1 - - {…}
//! RFC 3164         <14>Jan 31 12:00:00 gateway-1 kong[1]: {…}
//! octet counting   78 <14>Jan 31 12:00:00 gateway-1 kong[1]: {…}
//! newline          <14>Jan 31 12:00:00 gateway-1 kong[1]: {…}⏎
//! ```
//!
//! RFC 5424: no message id and no structured data; the text has no byte order mark, which receivers would store as part of
//! the JSON. RFC 3164: the time does not name its zone, and receivers assume their own, so the receivers' zone can be set.
//! Newline: no message contains a line feed, because JSON escapes it and a header has none.

use std::fmt::Write as _;
use std::str::FromStr;

use gatelog_record::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value};

use super::truncate::encode_within;

/// The form of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderFormat {
    /// RFC 5424.
    Rfc5424,
    /// RFC 3164, the form in which Kong's messages reach a log file. The default.
    #[default]
    Rfc3164,
}

impl FromStr for HeaderFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rfc5424" => Ok(Self::Rfc5424),
            "rfc3164" => Ok(Self::Rfc3164),
            _ => Err(format!("\"{text}\" is neither rfc3164 nor rfc5424")),
        }
    }
}

/// How messages are separated on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each message begins with its length in bytes and a space (RFC 6587, section 3.4.1): for TCP.
    OctetCounting,
    /// Each message ends with a line feed (RFC 6587, section 3.4.2): for TCP.
    Newline,
    /// Each message is a separate datagram (RFC 5426): for UDP.
    Datagram,
}

impl FromStr for Framing {
    type Err = String;

    /// Reads the name of a stream's framing.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "octet_counting" => Ok(Self::OctetCounting),
            "newline" => Ok(Self::Newline),
            _ => Err(format!("\"{text}\" is neither octet_counting nor newline")),
        }
    }
}

/// How the sink writes its messages.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Form of the header.
    pub format: HeaderFormat,
    /// How messages are separated.
    pub framing: Framing,
    /// The zone of the messages' times.
    pub zone: TimeZone,
    /// Name of the sending host; `None` takes the gateway instance of each record.
    pub hostname: Option<String>,
    /// Name of the program; Kong's is `kong`.
    pub app_name: String,
    /// Process id; empty for none.
    pub process_id: String,
    /// Most bytes of one message, including the header but not the framing.
    pub max_message_bytes: usize,
}

/// Messages in the order of sending, ready for the wire.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    /// The offset at which each message ends.
    ends: Vec<usize>,
}

/// Longest host name in a header, as DNS and RFC 5424 allow.
const MAX_HOSTNAME_BYTES: usize = 255;

impl Frame {
    /// Appends a message. `priority` opens it, `time` is its timestamp, `instance` is the gateway that the record
    /// names. Returns whether the log had to be cut.
    pub fn write(
        &self,
        messages: &mut Messages,
        priority: u8,
        time: Timestamp,
        instance: &str,
        log: Map<String, Value>,
    ) -> bool {
        let host = printable(self.hostname.as_deref().unwrap_or(instance), MAX_HOSTNAME_BYTES);
        let (time, offset) = self.local(time);
        let header = match self.format {
            HeaderFormat::Rfc5424 => self.rfc5424(priority, time, offset, &host),
            HeaderFormat::Rfc3164 => self.rfc3164(priority, time, &host),
        };
        let start = messages.bytes.len();
        messages.bytes.extend_from_slice(header.as_bytes());
        let room = self.max_message_bytes.saturating_sub(header.len());
        let cut = encode_within(log, room, &mut messages.bytes);
        match self.framing {
            Framing::OctetCounting => {
                let length = format!("{} ", messages.bytes.len() - start);
                messages.bytes.splice(start..start, length.into_bytes());
            }
            Framing::Newline => messages.bytes.push(b'\n'),
            Framing::Datagram => {}
        }
        messages.ends.push(messages.bytes.len());
        cut
    }

    /// The local time of the messages, and its offset from UTC.
    fn local(&self, time: Timestamp) -> (DateTime, Offset) {
        // A `Timestamp` is always within jiff's range; the epoch is only a fallback.
        let time = jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let offset = self.zone.to_offset(time);
        (offset.to_datetime(time), offset)
    }

    fn rfc5424(&self, priority: u8, time: DateTime, offset: Offset, host: &str) -> String {
        let nil = |text| if str::is_empty(text) { "-" } else { text };
        let (host, app, process) = (nil(host), nil(&self.app_name), nil(&self.process_id));
        let zone = if offset == Offset::UTC { "Z".to_owned() } else { offset_text(offset) };
        format!("<{priority}>1 {time:.6}{zone} {host} {app} {process} - - ")
    }

    fn rfc3164(&self, priority: u8, time: DateTime, host: &str) -> String {
        // Without a host, receivers would take the tag for the host.
        let host = if host.is_empty() { "localhost" } else { host };
        let mut header = format!("<{priority}>{} {host} {}", month_day_time(time), self.app_name);
        if !self.process_id.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(header, "[{}]", self.process_id);
        }
        header.push_str(": ");
        header
    }
}

impl Messages {
    /// The number of messages.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no messages.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The size of all messages in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The messages from `first` on, each as sent.
    pub fn iter_from(&self, first: usize) -> impl Iterator<Item = &[u8]> {
        let mut start = self.start_of(first);
        self.ends.iter().skip(first).map(move |end| {
            let message = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            message
        })
    }

    /// The bytes of all messages from `first` on.
    pub fn bytes_from(&self, first: usize) -> &[u8] {
        self.bytes.get(self.start_of(first)..).unwrap_or_default()
    }

    /// The number of messages from `first` on that are complete within the first `bytes` of
    /// [`Self::bytes_from`].
    pub fn whole_within(&self, first: usize, bytes: usize) -> usize {
        let end = self.start_of(first).saturating_add(bytes);
        self.ends.iter().skip(first).take_while(|message_end| **message_end <= end).count()
    }

    fn start_of(&self, index: usize) -> usize {
        match index.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(self.bytes.len()),
        }
    }
}

/// `Jan 31 12:00:00`: RFC 3164's time, its day padded with a space.
fn month_day_time(time: DateTime) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(time.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"Jan");
    format!("{month} {:>2} {:02}:{:02}:{:02}", time.day(), time.hour(), time.minute(), time.second())
}

/// `+08:00`: RFC 3339's offset, in whole minutes.
fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The start of `text` as a word of a header; every character that could end the word or is not allowed in a host
/// name becomes `-`.
fn printable(text: &str, max_bytes: usize) -> String {
    text.chars()
        .take(max_bytes)
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') { char } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frame(format: HeaderFormat, framing: Framing) -> Frame {
        Frame {
            format,
            framing,
            zone: TimeZone::UTC,
            hostname: None,
            app_name: "kong".into(),
            process_id: "1".into(),
            max_message_bytes: 1_024,
        }
    }

    fn write(frame: &Frame, instance: &str) -> String {
        let mut messages = Messages::default();
        let time = Timestamp::from_micros(1_770_292_800_120_000);
        let Value::Object(log) = json!({"a": "/"}) else { panic!() };
        frame.write(&mut messages, 14, time, instance, log);
        String::from_utf8(messages.bytes_from(0).to_vec()).unwrap()
    }

    #[test]
    fn headers_are_those_of_the_rfcs() {
        let mut new = frame(HeaderFormat::Rfc5424, Framing::Datagram);
        assert_eq!(
            write(&new, "gateway-1"),
            r#"<14>1 2026-02-05T12:00:00.120000Z gateway-1 kong 1 - - {"a":"\/"}"#
        );
        assert_eq!(write(&new, ""), r#"<14>1 2026-02-05T12:00:00.120000Z - kong 1 - - {"a":"\/"}"#);
        new.process_id.clear();
        assert_eq!(write(&new, "h"), r#"<14>1 2026-02-05T12:00:00.120000Z h kong - - - {"a":"\/"}"#);
        let mut old = frame(HeaderFormat::Rfc3164, Framing::Datagram);
        assert_eq!(write(&old, "gateway-1"), r#"<14>Feb  5 12:00:00 gateway-1 kong[1]: {"a":"\/"}"#);
        old.process_id.clear();
        old.hostname = Some("h".into());
        assert_eq!(write(&old, "gateway-1"), r#"<14>Feb  5 12:00:00 h kong: {"a":"\/"}"#);
        old.hostname = None;
        assert_eq!(write(&old, ""), r#"<14>Feb  5 12:00:00 localhost kong: {"a":"\/"}"#);
    }

    #[test]
    fn times_use_the_offset_and_only_the_newer_form_states_it() {
        for (seconds, new, old) in [
            (8 * 3_600, "2026-02-05T20:00:00.120000+08:00", "Feb  5 20:00:00"),
            (-(3 * 3_600 + 30 * 60), "2026-02-05T08:30:00.120000-03:30", "Feb  5 08:30:00"),
            (12 * 3_600, "2026-02-06T00:00:00.120000+12:00", "Feb  6 00:00:00"),
        ] {
            for (format, time) in [(HeaderFormat::Rfc5424, new), (HeaderFormat::Rfc3164, old)] {
                let mut frame = frame(format, Framing::Datagram);
                frame.zone = TimeZone::fixed(Offset::from_seconds(seconds).unwrap());
                let message = write(&frame, "h");
                assert!(message.contains(&format!("{time} h kong")), "{message}");
            }
        }
    }

    #[test]
    fn an_instance_that_is_not_a_host_name_becomes_one() {
        let old = frame(HeaderFormat::Rfc3164, Framing::Datagram);
        let message = write(&old, "router~10.0.0.1~gw x.ns");
        assert_eq!(message, r#"<14>Feb  5 12:00:00 router-10.0.0.1-gw-x.ns kong[1]: {"a":"\/"}"#);
    }

    #[test]
    fn a_stream_counts_the_bytes_of_each_message() {
        let message = write(&frame(HeaderFormat::Rfc3164, Framing::OctetCounting), "gé");
        let (length, rest) = message.split_once(' ').unwrap();
        assert_eq!(length.parse(), Ok(rest.len()));
    }

    #[test]
    fn a_line_feed_ends_each_message_and_occurs_in_none() {
        let frame = frame(HeaderFormat::Rfc3164, Framing::Newline);
        let mut messages = Messages::default();
        for text in ["a\nb", "\r\n", "\u{0}\u{7f}\u{85}\u{2028}", ""] {
            let Value::Object(log) = json!({"a": text}) else { panic!() };
            frame.write(&mut messages, 14, Timestamp::MIN, "h\n", log);
        }
        assert_eq!(messages.len(), 4);
        for message in messages.iter_from(0) {
            let ends: Vec<usize> = (0..message.len()).filter(|at| message[*at] == b'\n').collect();
            assert_eq!(ends, [message.len() - 1]);
            assert!(message.starts_with(b"<14>Jan"));
        }
    }

    #[test]
    fn the_bound_holds_for_the_whole_message() {
        let frame = frame(HeaderFormat::Rfc5424, Framing::Datagram);
        let mut messages = Messages::default();
        let Value::Object(log) = json!({"request": {"uri": "/x".repeat(5_000)}}) else { panic!() };
        assert!(frame.write(&mut messages, 191, Timestamp::MAX, &"h".repeat(300), log));
        assert!(messages.bytes_from(0).len() <= 1_024);
    }

    #[test]
    fn messages_are_found_by_number_and_by_bytes() {
        let frame = frame(HeaderFormat::Rfc3164, Framing::OctetCounting);
        let mut messages = Messages::default();
        for number in 0..3 {
            let Value::Object(log) = json!({"n": number}) else { panic!() };
            frame.write(&mut messages, 14, Timestamp::MIN, "h", log);
        }
        let each: Vec<&[u8]> = messages.iter_from(0).collect();
        assert_eq!((messages.len(), each.len()), (3, 3));
        assert_eq!(messages.iter_from(2).collect::<Vec<_>>(), [each[2]]);
        assert_eq!(messages.bytes_from(1), [each[1], each[2]].concat());
        assert_eq!(messages.whole_within(0, each[0].len() + each[1].len() - 1), 1);
        assert_eq!(messages.whole_within(1, each[1].len() + each[2].len()), 2);
        assert_eq!(messages.bytes_from(3), b"");
    }
}
