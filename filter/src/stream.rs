//! One request and its response, from the first callback to the last: its settings, and the bodies that are read.
//!
//! The stream keeps the request headers as they arrive, because plugins and the router may change them. Only a
//! request with a JSON or form body can be an AI call, so without rules and capture any other stream reads nothing
//! else from the gateway before its end.

use std::borrow::Cow;
use std::rc::Rc;

use crate::ai::body_format::BodyFormat;
use crate::ai::decode::{Decoder, Stop};
use crate::ai::paths;
use crate::ai::usage::{BodyReader, Findings, Side, declared, is_streamed};
use crate::capture::{self, BodyCopy, HeldBytes};
use crate::collect::request_headers;
use crate::config::settings::Settings;
use crate::host::headers::Headers;
use crate::host::{Body, Exchange, HeaderMap, Instant};
use crate::observe::metric::Metric;
use crate::observe::metrics::Metrics;

/// The state of one stream.
#[derive(Debug, Default)]
pub struct Stream {
    /// The settings, with the number of their configuration; none until they are chosen.
    scope: Option<(u32, Option<Rc<Settings>>)>,
    /// The request headers as they arrived.
    arrived: Option<Headers<'static>>,
    is_recorded: bool,
    /// The response may be that of an AI call.
    candidate: bool,
    request: Option<BodyReader>,
    response: Option<BodyReader>,
    /// What takes the codings off the bodies; none where they have none.
    request_decoder: Option<Decoder>,
    response_decoder: Option<Decoder>,
    request_end: RequestEnd,
    /// The response's body may be captured.
    capture: bool,
    request_copy: Option<BodyCopy>,
    response_copy: Option<BodyCopy>,
    headers_at: Option<Instant>,
    /// The request's body is in an encoding that is not read.
    is_request_opaque: bool,
    /// The response's is; true when it says that it is a stream.
    opaque_response: Option<bool>,
    /// When the first part of the response's body came, where it is encoded.
    first_encoded: Option<Instant>,
    first_token: Option<Instant>,
    ai_path: bool,
    /// The request body is a multipart form, as for uploads of audio and images.
    form: bool,
}

/// When the last of the request came to the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestEnd {
    /// It did not, or nobody said so.
    #[default]
    Unknown,
    /// The request had no body.
    WithHeaders,
    /// With the last part of the body.
    At(Instant),
}

/// Bytes of a chunk that are read at once, so that large chunks do not grow the VM's memory.
const SLICE: usize = 64 << 10;

impl Stream {
    /// The settings of the stream; none when nothing is recorded. `choose` runs the first time, and again after
    /// `configuration` has changed.
    pub fn settings(
        &mut self,
        configuration: u32,
        choose: impl FnOnce() -> Option<Rc<Settings>>,
    ) -> Option<Rc<Settings>> {
        if self.scope.as_ref().is_none_or(|(of, _)| *of != configuration) {
            self.scope = Some((configuration, choose().filter(|settings| settings.enabled)));
        }
        self.scope.as_ref().and_then(|(_, settings)| settings.clone())
    }

    /// Marks the stream as recorded; false when it already is.
    pub fn record_once(&mut self) -> bool {
        !std::mem::replace(&mut self.is_recorded, true)
    }

    /// True once a filter of the stream makes its record; never of a stream that only the access logger reports.
    pub fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    /// The request headers arrived.
    pub fn on_request_headers(
        &mut self,
        host: &impl Exchange,
        settings: &Settings,
        metrics: &mut Metrics,
        held: &HeldBytes,
        end: bool,
    ) {
        let headers = host.headers(HeaderMap::Request);
        if end {
            self.request_end = RequestEnd::WithHeaders;
        }
        let detect = settings.ai.detection && !end;
        if detect || settings.capture.has_bodies() {
            self.look_at_request(&headers, settings, metrics, held, end);
        }
        self.arrived = Some(request_headers::small(headers));
    }

    fn look_at_request(
        &mut self,
        headers: &Headers<'_>,
        settings: &Settings,
        metrics: &mut Metrics,
        held: &HeldBytes,
        end: bool,
    ) {
        let detect = settings.ai.detection && !end;
        let content_type = headers.get("content-type").unwrap_or_default();
        self.capture = settings.capture.has_bodies() && !settings.capture.is_refused(headers);
        let limit = settings.capture.request_body_bytes;
        let copy = self.capture && limit > 0 && !end && capture::is_text(content_type);
        let format = declared(content_type);
        self.ai_path = detect && is_ai_path(headers);
        let json = detect && (format == Some(BodyFormat::Json) || may_be_read(content_type, self.ai_path));
        let decoder = (json || copy).then(|| decoder(headers, settings, held)).flatten();
        if decoder.as_ref().is_some_and(|decoder| !decoder.is_known()) {
            self.is_request_opaque = json;
            metrics.add(Metric::BodiesSkippedEncoding, 1);
        } else {
            self.request_decoder = decoder;
            self.request_copy = copy.then(|| BodyCopy::new(limit, held, settings.capture.max_total_bytes));
            if json {
                let window = (!self.ai_path).then_some(settings.ai.window_bytes);
                self.request = Some(BodyReader::new(Side::Request, format, window));
            }
        }
        if detect {
            self.form = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
            self.candidate = self.ai_path || self.form || json;
            if !json {
                metrics.add(Metric::BodiesSkippedType, 1);
            }
        }
    }

    /// A chunk of the request body passes.
    pub fn on_request_body(&mut self, host: &impl Exchange, size: usize) {
        let Self { request, request_copy, request_decoder, .. } = self;
        read_chunk(request, request_copy, request_decoder, host, Body::Request, size);
    }

    /// The last chunk of the request body has passed.
    pub fn on_request_end(&mut self, host: &impl Exchange) {
        self.request_end = RequestEnd::At(host.monotonic());
    }

    /// The response headers arrived.
    pub fn on_response_headers(
        &mut self,
        host: &impl Exchange,
        settings: &Settings,
        metrics: &mut Metrics,
        held: &HeldBytes,
        end: bool,
    ) {
        // Headers of a 1xx response may come before the final ones.
        self.headers_at = (!settings.omitted.has("time_to_headers")).then(|| host.monotonic());
        let limit = settings.capture.response_body_bytes;
        let capture = self.capture && limit > 0;
        if end || !(self.candidate || capture) {
            return;
        }
        let headers = host.headers(HeaderMap::Response);
        let content_type = headers.get("content-type").unwrap_or_default();
        let format = declared(content_type);
        let known = self.ai_path || self.request().is_some_and(|body| body.model.is_some());
        let copy = capture && capture::is_text(content_type);
        let read = self.candidate && (format.is_some() || may_be_read(content_type, known));
        if self.candidate && !read {
            metrics.add(Metric::BodiesSkippedType, 1);
        }
        self.response_decoder = (read || copy).then(|| decoder(&headers, settings, held)).flatten();
        if self.response_decoder.as_ref().is_some_and(|decoder| !decoder.is_known()) {
            self.opaque_response = read.then(|| format.is_some_and(is_streamed));
            metrics.add(Metric::BodiesSkippedEncoding, 1);
            return;
        }
        self.response_copy = copy.then(|| BodyCopy::new(limit, held, settings.capture.max_total_bytes));
        let window = (!known).then_some(settings.ai.window_bytes);
        self.response = read.then(|| BodyReader::new(Side::Response, format, window));
        if let Some(response) = &mut self.response {
            response.read_headers(&headers);
        }
    }

    /// A chunk of the response body passes.
    pub fn on_response_body(&mut self, host: &impl Exchange, size: usize) {
        if self.response_decoder.is_some() && self.first_encoded.is_none() && size > 0 {
            self.first_encoded = Some(host.monotonic());
        }
        let Self { response, response_copy, response_decoder, .. } = self;
        read_chunk(response, response_copy, response_decoder, host, Body::Response, size);
        if self.first_token.is_none() && self.response().is_some_and(|body| body.is_generating) {
            self.first_token = Some(host.monotonic());
        }
    }

    /// The request headers as they arrived; none when the filter never saw them.
    pub fn arrived(&self) -> Option<&Headers<'static>> {
        self.arrived.as_ref()
    }

    /// What the request body contained.
    pub fn request(&self) -> Option<&Findings> {
        self.request.as_ref().map(BodyReader::findings)
    }

    /// What the response body contained.
    pub fn response(&self) -> Option<&Findings> {
        self.response.as_ref().map(BodyReader::findings)
    }

    /// The start of the request's body, when it was captured.
    pub fn request_text(&self) -> Cow<'_, str> {
        self.request_copy.as_ref().map(BodyCopy::text).unwrap_or_default()
    }

    /// The start of the response's body, when it was captured.
    pub fn response_text(&self) -> Cow<'_, str> {
        self.response_copy.as_ref().map(BodyCopy::text).unwrap_or_default()
    }

    /// How many bodies are captured in part only, because all captured bodies together take too much memory.
    pub fn short_copies(&self) -> usize {
        [&self.request_copy, &self.response_copy].into_iter().flatten().filter(|copy| copy.is_short()).count()
    }

    /// Why compressed bodies were not read to their end.
    pub fn stops(&self) -> impl Iterator<Item = Stop> {
        [&self.request_decoder, &self.response_decoder].into_iter().flatten().filter_map(Decoder::stopped)
    }

    /// True when the response's body was not read to its end because of what it decodes to.
    pub fn is_response_cut(&self) -> bool {
        self.response_decoder.as_ref().is_some_and(|decoder| decoder.stopped().is_some())
    }

    /// When the last of the request came to the filter.
    pub fn request_end(&self) -> RequestEnd {
        self.request_end
    }

    /// When the response headers arrived.
    pub fn headers_at(&self) -> Option<Instant> {
        self.headers_at
    }

    /// When the first part of a streamed answer came that carries something generated. Of a stream of which nothing can be
    /// read, the first part stands for it.
    pub fn first_token(&self) -> Option<Instant> {
        let is_unread = self.response_decoder.as_ref().is_some_and(|decoder| !decoder.has_decoded());
        self.first_token.or(self.first_encoded.filter(|_| is_unread)).filter(|_| self.is_streamed())
    }

    /// True when the answer comes in parts that a client shows one after another.
    pub fn is_streamed(&self) -> bool {
        self.response.as_ref().map_or(self.opaque_response == Some(true), BodyReader::is_streamed)
    }

    /// True when the answer is JSON or a stream of it, as far as can be seen.
    pub fn has_answer(&self) -> bool {
        self.response.as_ref().map_or(self.opaque_response.is_some(), |body| !body.is_unknown())
    }

    /// True when the request's body is in an encoding that is not read, or not read to its end.
    pub fn is_request_opaque(&self) -> bool {
        let is_cut = || self.request_decoder.as_ref().is_some_and(|decoder| decoder.stopped().is_some());
        self.is_request_opaque || (self.request.is_some() && is_cut())
    }

    /// True when the path is one of AI providers and the request has a body.
    pub fn is_on_ai_path(&self) -> bool {
        self.ai_path
    }

    /// True when the request uploads a form to a path of AI providers.
    pub fn is_ai_upload(&self) -> bool {
        self.ai_path && self.form
    }
}

/// True when the request's path is one of AI providers, or Higress's model router has found its model.
pub(crate) fn is_ai_path(headers: &Headers<'_>) -> bool {
    headers.get("x-higress-llm-model").is_some()
        || headers.get(":path").is_some_and(|path| paths::is_ai_path(&String::from_utf8_lossy(path)))
}

/// True when a body whose type says nothing, or on an AI path even something wrong, may be JSON or a stream of it.
fn may_be_read(content_type: &[u8], known: bool) -> bool {
    let starts = |start: &str| {
        content_type.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
    };
    let is_media = || ["multipart/", "audio/", "image/", "video/"].into_iter().any(starts);
    content_type.is_empty() || starts("text/plain") || (known && !is_media())
}

/// What takes the codings off a body with these headers; none when it has none.
fn decoder(headers: &Headers<'_>, settings: &Settings, held: &HeldBytes) -> Option<Decoder> {
    let mut values =
        headers.iter().filter(|(name, _)| *name == b"content-encoding").map(|(_, value)| value).peekable();
    values.peek()?;
    let names = values.collect::<Vec<_>>().join(&b","[..]);
    let names = String::from_utf8_lossy(&names);
    Some(Decoder::with_limits(Some(&names), &settings.ai.decode, &held.decoders))
}

fn read_chunk(
    reader: &mut Option<BodyReader>,
    copy: &mut Option<BodyCopy>,
    decoder: &mut Option<Decoder>,
    host: &impl Exchange,
    body: Body,
    size: usize,
) {
    let mut start = 0;
    while start < size {
        let mut reader = reader.as_mut().filter(|reader| !reader.is_done());
        let mut copy = copy.as_mut().filter(|copy| !copy.is_full());
        let is_over = decoder.as_ref().is_some_and(Decoder::is_over);
        if is_over || (reader.is_none() && copy.is_none()) {
            return;
        }
        let Some(bytes) = host.body(body, start, SLICE.min(size - start)) else { return };
        if bytes.is_empty() {
            return;
        }
        // Answers whether more is wanted.
        let mut take = |bytes: &[u8]| {
            if let Some(reader) = &mut reader {
                reader.read(bytes);
            }
            if let Some(copy) = copy.as_mut().filter(|copy| !copy.is_full()) {
                copy.take(bytes);
            }
            reader.as_ref().is_some_and(|reader| !reader.is_done())
                || copy.as_ref().is_some_and(|copy| !copy.is_full())
        };
        match decoder {
            Some(decoder) => decoder.feed_while(&bytes, &mut take),
            None => {
                take(&bytes);
            }
        }
        start += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    fn settings(config: &str) -> Rc<Settings> {
        let config = format!(r#"{{"collector_cluster":"c",{config}}}"#);
        crate::config::Config::parse(config.as_bytes()).unwrap().global.unwrap()
    }

    fn detecting() -> Rc<Settings> {
        settings(r#""ai":{"window_bytes":1024}"#)
    }

    fn host(path: &str, request: &[(&str, &str)], response: &[(&str, &str)]) -> MockHost {
        let mut headers = vec![(":method", "POST"), (":path", path)];
        headers.extend(request);
        MockHost::new().with_request(&headers).with_response(response)
    }

    #[test]
    fn only_bodies_that_can_tell_something_are_read_and_the_others_are_counted() {
        let json = [("content-type", "application/json")];
        let opaque = [("content-type", "application/json"), ("content-encoding", "compress")];
        let html = [("content-type", "text/html")];
        let form = [("content-type", "multipart/form-data; boundary=x")];
        let identity = [("content-type", "text/event-stream"), ("content-encoding", "identity")];
        for (name, path, request, response, reads, encoded, other) in [
            ("chat", "/v1/chat/completions", &json[..], &json[..], (true, true), 0, 0),
            ("stream", "/v1/chat/completions", &json, &identity, (true, true), 0, 0),
            ("compressed answer", "/v1/chat/completions", &json, &opaque, (true, false), 1, 0),
            ("compressed request", "/x", &opaque, &json, (false, true), 1, 0),
            ("page", "/x", &json, &html, (true, false), 0, 1),
            ("upload", "/x", &html, &json, (false, false), 0, 1),
            ("audio", "/v1/audio/transcriptions", &form, &json, (false, true), 0, 1),
        ] {
            let (host, mut metrics, mut stream) =
                (host(path, request, response), Metrics::default(), Stream::default());
            stream.on_request_headers(&host, &detecting(), &mut metrics, &HeldBytes::default(), false);
            stream.on_request_body(&host, 10);
            stream.on_response_headers(&host, &detecting(), &mut metrics, &HeldBytes::default(), false);
            stream.on_response_body(&host, 10);
            metrics.flush(&host);
            assert_eq!((stream.request().is_some(), stream.response().is_some()), reads, "{name}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedEncoding), encoded, "{name}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedType), other, "{name}");
        }
    }

    #[test]
    fn large_chunks_are_read_in_slices_and_only_as_far_as_they_matter() {
        let json = [("content-type", "application/json")];
        let body = format!(r#"{{"model":"m","x":"{}"}}"#, "x".repeat(10 * SLICE));
        let (host, mut stream) = (host("/v1/chat/completions", &json, &json), Stream::default());
        stream.on_request_headers(&host, &detecting(), &mut Metrics::default(), &HeldBytes::default(), false);
        host.set_body(body.as_bytes());
        stream.on_request_body(&host, body.len());
        assert_eq!(stream.request().and_then(|found| found.model.as_deref()), Some("m"));
        assert_eq!(host.asked(), ["headers Request", "body Request"]);
        stream.on_response_headers(
            &host,
            &detecting(),
            &mut Metrics::default(),
            &HeldBytes::default(),
            false,
        );
        stream.on_response_body(&host, body.len());
        assert_eq!(host.asked().iter().filter(|asked| *asked == "body Response").count(), 11);
    }

    #[test]
    fn nothing_but_the_headers_is_asked_when_detection_is_off_or_there_is_no_body() {
        let json = [("content-type", "application/json")];
        for (settings, end) in [(settings(r#""ai":{"detection":false}"#), false), (detecting(), true)] {
            let (host, mut stream) = (host("/v1/chat/completions", &json, &json), Stream::default());
            stream.on_request_headers(&host, &settings, &mut Metrics::default(), &HeldBytes::default(), end);
            stream.on_request_body(&host, 10);
            stream.on_response_headers(
                &host,
                &settings,
                &mut Metrics::default(),
                &HeldBytes::default(),
                false,
            );
            stream.on_response_body(&host, 10);
            assert_eq!(host.asked(), ["headers Request"]);
        }
    }

    #[test]
    fn bodies_are_captured_as_far_as_configured_unless_they_are_no_text_or_the_request_refuses() {
        let settings = settings(r#""capture":{"request_body_bytes":4,"response_body_bytes":100}"#);
        let text = [("content-type", "text/plain")];
        let opaque = [("content-type", "text/plain"), ("content-encoding", "compress")];
        let refusing = [("content-type", "text/plain"), ("x-gatelog-capture", "off")];
        let binary = [("content-type", "application/octet-stream")];
        for (name, request, response, end, expected, encoded) in [
            ("text", &text[..], &text[..], false, ("01234567".get(..4), Some("01234567")), 0),
            ("no request body", &[], &text, true, (None, Some("01234567")), 0),
            ("compressed", &opaque, &opaque, false, (None, None), 2),
            ("refused", &refusing, &text, false, (None, None), 0),
            ("binary", &binary, &binary, false, (None, None), 0),
        ] {
            let (host, mut metrics, mut stream) =
                (host("/x", request, response), Metrics::default(), Stream::default());
            stream.on_request_headers(&host, &settings, &mut metrics, &HeldBytes::default(), end);
            host.set_body(b"01234567");
            if !end {
                stream.on_request_body(&host, 8);
            }
            stream.on_response_headers(&host, &settings, &mut metrics, &HeldBytes::default(), false);
            stream.on_response_body(&host, 8);
            metrics.flush(&host);
            let expected = (expected.0.unwrap_or(""), expected.1.unwrap_or(""));
            assert_eq!((&*stream.request_text(), &*stream.response_text()), expected, "{name}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedEncoding), encoded, "{name}");
        }
    }
}
