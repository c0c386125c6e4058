//! One request and its response, from the first callback to the last: which bodies are looked at, and how far.
//!
//! Only a request that carries a JSON or form body can be an AI call, so nothing at all is asked of the gateway for
//! any other request before it is complete.

use crate::config::Ai;
use crate::headers::Headers;
use crate::host::{Body, HeaderMap, Host, Time};
use crate::metrics::{Metric, Metrics};
use crate::names;
use crate::usage::{BodyReader, Findings, Format, Side};

/// The state of one stream.
#[derive(Debug, Default)]
pub struct Exchange {
    /// The response may be that of an AI call.
    candidate: bool,
    request: Option<BodyReader>,
    response: Option<BodyReader>,
    streamed: bool,
    first_part: Option<Time>,
    ai_path: bool,
}

/// Bytes of a chunk that are read at once, so that large chunks do not grow the VM's memory.
const SLICE: usize = 64 << 10;

impl Exchange {
    /// The request's headers have come.
    pub fn on_request_headers(&mut self, host: &impl Host, ai: &Ai, metrics: &mut Metrics, end: bool) {
        if end || !ai.detection {
            return;
        }
        let headers = host.headers(HeaderMap::Request);
        let content_type = headers.get("content-type").unwrap_or_default();
        self.ai_path = headers
            .get("x-envoy-original-path")
            .or_else(|| headers.get(":path"))
            .is_some_and(|path| names::is_ai_path(&String::from_utf8_lossy(path)));
        let form = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
        match Format::of(content_type) {
            Some(Format::Json) if is_encoded(&headers) => metrics.add(Metric::BodiesSkippedEncoding, 1),
            Some(Format::Json) => {
                let window = (!self.ai_path).then_some(ai.window_bytes);
                self.request = Some(BodyReader::new(Side::Request, Format::Json, window));
            }
            _ => metrics.add(Metric::BodiesSkippedType, 1),
        }
        self.candidate = self.ai_path || form || Format::of(content_type) == Some(Format::Json);
    }

    /// A chunk of the request's body passes.
    pub fn on_request_body(&mut self, host: &impl Host, size: usize) {
        if let Some(reader) = &mut self.request {
            read_chunk(reader, host, Body::Request, size);
        }
    }

    /// The response's headers have come.
    pub fn on_response_headers(&mut self, host: &impl Host, ai: &Ai, metrics: &mut Metrics, end: bool) {
        if end || !self.candidate {
            return;
        }
        let headers = host.headers(HeaderMap::Response);
        let Some(format) = Format::of(headers.get("content-type").unwrap_or_default()) else {
            metrics.add(Metric::BodiesSkippedType, 1);
            return;
        };
        self.streamed = format == Format::EventStream;
        if is_encoded(&headers) {
            metrics.add(Metric::BodiesSkippedEncoding, 1);
            return;
        }
        let known = self.ai_path || self.request.as_ref().is_some_and(|body| body.findings().model.is_some());
        let window = (!known).then_some(ai.window_bytes);
        self.response = Some(BodyReader::new(Side::Response, format, window));
    }

    /// A chunk of the response's body passes.
    pub fn on_response_body(&mut self, host: &impl Host, size: usize) {
        if self.streamed && self.first_part.is_none() && size > 0 {
            self.first_part = Some(host.now());
        }
        if let Some(reader) = &mut self.response {
            read_chunk(reader, host, Body::Response, size);
        }
    }

    /// What the request's body told.
    pub fn request(&self) -> Option<&Findings> {
        self.request.as_ref().map(BodyReader::findings)
    }

    /// What the response's body told.
    pub fn response(&self) -> Option<&Findings> {
        self.response.as_ref().map(BodyReader::findings)
    }

    /// When the first part of a streamed answer came.
    pub fn first_part(&self) -> Option<Time> {
        self.first_part
    }

    /// True when the answer is an event stream.
    pub fn is_streamed(&self) -> bool {
        self.streamed
    }

    /// True when the request may be an AI call, by its body.
    pub fn is_candidate(&self) -> bool {
        self.candidate
    }

    /// True when the bodies or the path tell of an AI call.
    pub fn is_ai(&self) -> bool {
        self.ai_path || self.response().is_some_and(Findings::is_ai)
    }
}

fn is_encoded(headers: &Headers) -> bool {
    headers
        .get("content-encoding")
        .is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"))
}

fn read_chunk(reader: &mut BodyReader, host: &impl Host, body: Body, size: usize) {
    let mut start = 0;
    while start < size && !reader.is_done() {
        let Some(bytes) = host.body(body, start, SLICE.min(size - start)) else { return };
        if bytes.is_empty() {
            return;
        }
        reader.read(&bytes);
        start += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::mock::MockHost;

    const AI: Ai = Ai { detection: true, window_bytes: 1_024 };

    fn host(path: &str, request: &[(&str, &str)], response: &[(&str, &str)]) -> MockHost {
        let mut headers = vec![(":method", "POST"), (":path", path)];
        headers.extend(request);
        MockHost::new().with_request(&headers).with_response(response)
    }

    #[test]
    fn only_bodies_that_can_tell_something_are_read_and_the_others_are_counted() {
        let json = [("content-type", "application/json")];
        let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
        let html = [("content-type", "text/html")];
        let form = [("content-type", "multipart/form-data; boundary=x")];
        let identity = [("content-type", "text/event-stream"), ("content-encoding", "identity")];
        for (name, path, request, response, reads, encoded, other) in [
            ("chat", "/v1/chat/completions", &json[..], &json[..], (true, true), 0, 0),
            ("stream", "/v1/chat/completions", &json, &identity, (true, true), 0, 0),
            ("compressed answer", "/v1/chat/completions", &json, &gzip, (true, false), 1, 0),
            ("compressed request", "/x", &gzip, &json, (false, true), 1, 0),
            ("page", "/x", &json, &html, (true, false), 0, 1),
            ("upload", "/x", &html, &json, (false, false), 0, 1),
            ("audio", "/v1/audio/transcriptions", &form, &json, (false, true), 0, 1),
        ] {
            let (host, mut metrics, mut exchange) =
                (host(path, request, response), Metrics::default(), Exchange::default());
            exchange.on_request_headers(&host, &AI, &mut metrics, false);
            exchange.on_request_body(&host, 10);
            exchange.on_response_headers(&host, &AI, &mut metrics, false);
            exchange.on_response_body(&host, 10);
            metrics.flush(&host);
            assert_eq!((exchange.request().is_some(), exchange.response().is_some()), reads, "{name}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedEncoding), encoded, "{name}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedType), other, "{name}");
        }
    }

    #[test]
    fn large_chunks_are_read_in_slices_and_only_as_far_as_they_matter() {
        let json = [("content-type", "application/json")];
        let body = format!(r#"{{"model":"m","x":"{}"}}"#, "x".repeat(10 * SLICE));
        let (host, mut exchange) = (host("/v1/chat/completions", &json, &json), Exchange::default());
        exchange.on_request_headers(&host, &AI, &mut Metrics::default(), false);
        host.set_body(body.as_bytes());
        exchange.on_request_body(&host, body.len());
        assert_eq!(exchange.request().and_then(|found| found.model.as_deref()), Some("m"));
        assert_eq!(host.asked(), ["headers Request", "body Request"]);
        exchange.on_response_headers(&host, &AI, &mut Metrics::default(), false);
        exchange.on_response_body(&host, body.len());
        assert_eq!(host.asked().iter().filter(|asked| *asked == "body Response").count(), 11);
    }

    #[test]
    fn nothing_is_asked_when_detection_is_off_or_there_is_no_body() {
        let json = [("content-type", "application/json")];
        for (ai, end) in [(Ai { detection: false, ..AI }, false), (AI, true)] {
            let (host, mut exchange) = (host("/v1/chat/completions", &json, &json), Exchange::default());
            exchange.on_request_headers(&host, &ai, &mut Metrics::default(), end);
            exchange.on_request_body(&host, 10);
            exchange.on_response_headers(&host, &ai, &mut Metrics::default(), false);
            exchange.on_response_body(&host, 10);
            assert_eq!(host.asked(), [] as [&str; 0]);
        }
    }
}
