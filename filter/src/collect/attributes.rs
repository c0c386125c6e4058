//! The data that every record needs from a stream: the request headers and the batch of attributes, as typed
//! values.

use std::borrow::Cow;
use std::time::Duration;

use crate::collect::attribute_batch::{AttributeBatch, BatchAnswer};
use crate::collect::request_headers::{Name, RequestHeaders};
use crate::collect::sampling::Candidate;
use crate::collect::trace_id::TraceId;
use crate::host::attribute::AttributeDialect;
use crate::host::attribute_values::{Attribute, AttributeValues};
use crate::host::headers::Headers;
use crate::host::{Exchange, HeaderMap, Instant, Time};
use crate::stream::Stream;

/// The gateway's raw responses.
#[derive(Debug)]
pub struct AttributeAnswer<'h> {
    request: Headers<'h>,
    batch: BatchAnswer<'h>,
}

impl<'h> AttributeAnswer<'h> {
    /// Reads the request headers and attributes of the current stream.
    pub fn read(batch: &mut AttributeBatch, dialect: &mut AttributeDialect, host: &'h impl Exchange) -> Self {
        Self { request: host.headers(HeaderMap::Request), batch: batch.read(dialect, host) }
    }
}

/// The interpreted responses.
#[derive(Debug)]
pub struct Attributes<'a> {
    /// The request headers that a record needs.
    pub headers: RequestHeaders<'a>,
    /// The request headers at the end of the stream; empty when the gateway no longer has them.
    pub last_headers: &'a Headers<'a>,
    /// When the request began.
    pub start: Time,
    /// When the request began, on the monotonic clock.
    pub started: Instant,
    /// From the start of the request to the end of the response.
    pub duration: Duration,
    /// From the start of the request to the response headers: as the filter saw them come, else as the gateway measures.
    pub time_to_headers: Option<Duration>,
    /// Mask of response flags.
    pub flags: i64,
    /// Status that the client received; 0 for none.
    pub code: i64,
    values: AttributeValues<'a>,
}

impl<'a> Attributes<'a> {
    /// Interprets the response to `batch` for the stream that ends at `now`.
    pub fn new(
        answer: &'a AttributeAnswer<'_>,
        stream: &'a Stream,
        batch: &AttributeBatch,
        host: &impl Exchange,
        now: Instant,
    ) -> Self {
        let values = batch.values(&answer.batch);
        let number = |attribute| values.integer(attribute).and_then(|number| u64::try_from(number).ok());
        let start = number(Attribute::Start).map(Time);
        let duration = number(Attribute::Duration).map(Duration::from_nanos);
        // The start is on the wall clock and the duration is not, so neither is computed from the other where both are
        // known.
        let (start, duration) = match (start, duration) {
            (Some(start), Some(duration)) => (start, duration),
            (Some(start), None) => (start, host.wall_time().since(start)),
            (None, Some(duration)) => (host.wall_time().minus(duration), duration),
            (None, None) => (host.wall_time(), Duration::ZERO),
        };
        let started = now.minus(duration);
        Self {
            headers: RequestHeaders::of(stream.arrived(), &answer.request),
            last_headers: &answer.request,
            start,
            started,
            time_to_headers: stream
                .headers_at()
                .map(|at| at.since(started))
                .or_else(|| host.time_to_response()),
            duration,
            flags: values.integer(Attribute::Flags).unwrap_or(0),
            code: values.integer(Attribute::Code).unwrap_or(0),
            values,
        }
    }

    /// The input of the sampling decision.
    pub fn candidate(&self) -> Candidate<'a> {
        Candidate {
            id: self.headers.get(Name::RequestId).or_else(|| self.headers.trace_id().map(TraceId::raw)),
            status: self.code,
            flags: self.flags,
            duration: self.duration,
        }
    }

    /// When the stream ended.
    pub fn end(&self) -> Time {
        self.start.plus(self.duration)
    }

    /// A text; empty when the stream lacks the attribute.
    pub fn text(&self, attribute: Attribute) -> Cow<'a, str> {
        text(Some(self.values.bytes(attribute)))
    }

    /// A number; `None` when the stream lacks the attribute.
    pub fn integer(&self, attribute: Attribute) -> Option<i64> {
        self.values.integer(attribute)
    }
}

/// The text of a value; empty for `None`. Bytes that are not UTF-8 are replaced.
// Not inlined: thirty copies of it would make one large function.
#[inline(never)]
pub fn text(value: Option<&[u8]>) -> Cow<'_, str> {
    // Reads plain ASCII faster than the lossy conversion does.
    let text =
        |bytes| std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    value.map(text).unwrap_or_default()
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The text; empty for `None`.
pub fn borrowed(text: &Option<String>) -> Cow<'_, str> {
    text.as_deref().unwrap_or_default().into()
}
