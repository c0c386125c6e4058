//! Reads one body as its chunks pass.

use crate::ai::usage::event_stream::{EventStream, Piece};
use crate::ai::usage::findings::Findings;
use crate::ai::usage::keys::Key;
use crate::ai::usage::scanner::{Scalar, Scanner};

/// How a body carries JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON text, or several one after another.
    Json,
    /// Server-sent events with a JSON text each.
    EventStream,
}

impl Format {
    /// The format of a `content-type`; none when it is neither.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
        if is("application/json") {
            return Some(Self::Json);
        }
        if is("text/event-stream") {
            return Some(Self::EventStream);
        }
        let suffix = essence.len().checked_sub("+json".len()).and_then(|start| essence.get(start..));
        let json = is("text/json")
            || is("application/x-ndjson")
            || is("application/jsonl")
            || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json"));
        json.then_some(Self::Json)
    }
}

/// Which body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The request's: nothing more is read once the model, or the MCP tool, is known.
    Request,
    /// The response's: usage comes last, so everything is read.
    Response,
}

/// Reads one body as its chunks pass.
#[derive(Debug)]
pub struct BodyReader {
    side: Side,
    events: Option<EventStream>,
    scanner: Scanner,
    findings: Findings,
    /// Bytes that may still pass without a sign of an AI call.
    window: Option<usize>,
    done: bool,
}

impl BodyReader {
    /// A reader that gives up after `window` bytes without a sign of an AI call; without a window it reads to the
    /// end.
    pub fn new(side: Side, format: Format, window: Option<usize>) -> Self {
        Self {
            side,
            events: (format == Format::EventStream).then(EventStream::default),
            scanner: Scanner::default(),
            findings: Findings::default(),
            window,
            done: false,
        }
    }

    /// True when further chunks make no difference.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Reads a chunk.
    pub fn read(&mut self, chunk: &[u8]) {
        // The decision is made at a fixed byte of the body, so that it does not depend on the chunks.
        let Some(window) = self.window else { return self.scan(chunk) };
        let (within, beyond) = chunk.split_at_checked(window).unwrap_or((chunk, &[]));
        self.scan(within);
        self.window = Some(window - within.len());
        if window == within.len() {
            if self.findings.is_ai() {
                self.window = None;
                self.scan(beyond);
            } else {
                self.done = true;
            }
        }
    }

    fn scan(&mut self, bytes: &[u8]) {
        if self.done {
            return;
        }
        let Self { side, events, scanner, findings, done, .. } = self;
        let mut take = |path: &[Key], key, value: &Scalar<'_>| {
            if !*done {
                findings.take(path, key, value);
                *done = *side == Side::Request && findings.is_request_known();
            }
        };
        match events {
            None => scanner.read(bytes, &mut take),
            Some(events) => events.read(bytes, &mut |piece| match piece {
                Piece::Data(data) => scanner.read(data, &mut take),
                Piece::End => scanner.reset(),
            }),
        }
    }
}
