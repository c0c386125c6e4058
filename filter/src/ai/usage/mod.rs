//! Model and token usage of AI calls, found in the bodies as their chunks pass.
//!
//! ```text
//! chunk ─▶ BodyReader ─▶ (EventStream │ Frames) ─▶ Scanner ─▶ Findings ─▶ Usage
//! ```
//!
//! Only the key or short value being read is buffered, and for AWS's format the current frame, so the memory of a stream
//! does not depend on its body, and a body may be split at any byte.
//!
//! - [`keys`]: the values that matter, with a line for each path.
//! - [`scanner`]: walks JSON and reports them.
//! - [`findings`]: keeps them.
//! - [`counts`]: the combined meaning of the counts, for each provider.
//! - [`event_stream`]: the JSON texts inside server-sent events.
//! - [`base64_payload`]: the JSON texts inside the frames of Bedrock's invoke streams.

pub mod base64_payload;
pub mod counts;
pub mod event_stream;
pub mod findings;
pub mod keys;
pub mod scanner;

pub use counts::Usage;
pub use findings::{Findings, Source};

use crate::ai::aws_event_stream::Frames;
use crate::ai::body_format::{BodyFormat, sniff};
use crate::host::headers::Headers;
use event_stream::{EventStream, Piece};
use keys::{ANSWER, HEADERS, REQUEST};
use scanner::Scanner;

/// Bytes that may precede the sign of a body's format, not counting blank lines.
const MAX_HEAD: usize = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The format that a content type declares; `None` when the format is not supported.
pub fn declared(content_type: &[u8]) -> Option<BodyFormat> {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
    if is("application/json") || is("text/json") {
        return Some(BodyFormat::Json);
    }
    if is("text/event-stream") {
        return Some(BodyFormat::EventStream);
    }
    if is("application/x-ndjson") || is("application/ndjson") || is("application/jsonl") {
        return Some(BodyFormat::JsonLines);
    }
    if is("application/vnd.amazon.eventstream") {
        return Some(BodyFormat::AwsEventStream);
    }
    let suffix = essence.len().checked_sub("+json".len()).and_then(|start| essence.get(start..));
    suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json")).then_some(BodyFormat::Json)
}

/// True when a body of this format arrives in parts that a client shows one after another.
pub fn is_streamed(format: BodyFormat) -> bool {
    matches!(format, BodyFormat::EventStream | BodyFormat::JsonLines | BodyFormat::AwsEventStream)
}

/// The text without leading white space and byte order marks.
fn without_marks(mut head: &[u8]) -> &[u8] {
    loop {
        let rest = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
        if rest.len() == head.len() {
            return rest;
        }
        head = rest;
    }
}

/// The body that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The request's body: reading stops once the model or the MCP tool is known.
    Request,
    /// The response's body: usage comes last, so everything is read.
    Response,
}

/// Reads one body as its chunks pass.
#[derive(Debug)]
pub struct BodyReader {
    side: Side,
    declared: Option<BodyFormat>,
    framing: Framing,
    scanner: Scanner,
    findings: Findings,
    /// Bytes that may still pass before a sign of an AI call is required.
    window: Option<usize>,
    done: bool,
}

/// How the JSON texts of a body are separated.
#[derive(Debug)]
enum Framing {
    /// Not known yet; holds the bytes so far.
    Head(Vec<u8>),
    /// Read directly by the scanner; says whether it is an array.
    Plain {
        is_array: bool,
    },
    Events(EventStream),
    Frames(Frames),
}

impl BodyReader {
    /// A reader that gives up after `window` bytes without a sign of an AI call; without a window it reads to the
    /// end. `declared` is the format from the content type, used where the first bytes are inconclusive.
    pub fn new(side: Side, declared: Option<BodyFormat>, window: Option<usize>) -> Self {
        let tree = if side == Side::Request { &REQUEST } else { &ANSWER };
        Self {
            side,
            declared,
            framing: Framing::Head(Vec::new()),
            scanner: Scanner::new(tree),
            findings: Findings::default(),
            window,
            done: false,
        }
    }

    /// True when further chunks cannot add anything.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// True when the body is in none of the formats that are read.
    pub fn is_unknown(&self) -> bool {
        self.done && matches!(self.framing, Framing::Head(_))
    }

    /// The values found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// True when the response arrived in parts that a client shows one after another.
    pub fn is_streamed(&self) -> bool {
        match self.framing {
            Framing::Head(_) => self.declared.is_some_and(is_streamed),
            Framing::Events(_) | Framing::Frames(_) => true,
            // Only Gemini streams an array, and only line formats have several texts without one.
            Framing::Plain { is_array: true } => self.findings.is_answer,
            Framing::Plain { is_array: false } => {
                self.declared == Some(BodyFormat::JsonLines) || self.findings.has_several_documents()
            }
        }
    }

    /// Reads the headers with counts.
    pub fn read_headers(&mut self, headers: &Headers<'_>) {
        for (name, kind) in HEADERS {
            if let Some(count) = headers.get(name) {
                self.findings.take_count(kind, count);
            }
        }
    }

    /// Reads a chunk.
    pub fn read(&mut self, chunk: &[u8]) {
        // Reading stops at a fixed byte of the body, however it is split into chunks.
        let Some(window) = self.window else { return self.read_on(chunk) };
        let (within, beyond) = chunk.split_at_checked(window).unwrap_or((chunk, &[]));
        self.read_on(within);
        self.window = Some(window - within.len());
        if window == within.len() {
            if self.findings.is_ai() {
                self.window = None;
                self.read_on(beyond);
            } else {
                self.done = true;
            }
        }
    }

    fn read_on(&mut self, mut bytes: &[u8]) {
        while let Framing::Head(head) = &mut self.framing
            && !self.done
            && !bytes.is_empty()
        {
            let (taken, rest) = bytes.split_at_checked(MAX_HEAD - head.len()).unwrap_or((bytes, &[]));
            bytes = rest;
            head.extend_from_slice(taken);
            // There may be many blank lines, which keep a connection alive.
            let says_nothing = head.len() - without_marks(head).len();
            head.drain(..says_nothing);
            let format = match sniff(head) {
                None if head.len() < MAX_HEAD => continue,
                None | Some(BodyFormat::Unknown) => self.declared.unwrap_or(BodyFormat::Unknown),
                Some(format) => format,
            };
            let head = std::mem::take(head);
            self.begin(format);
            self.scan(&head);
        }
        self.scan(bytes);
    }

    fn begin(&mut self, format: BodyFormat) {
        self.framing = match format {
            BodyFormat::Json | BodyFormat::JsonLines => Framing::Plain { is_array: false },
            BodyFormat::JsonArray => Framing::Plain { is_array: true },
            BodyFormat::EventStream => Framing::Events(EventStream::default()),
            BodyFormat::AwsEventStream => Framing::Frames(Frames::default()),
            BodyFormat::Unknown => {
                self.done = true;
                return;
            }
        };
    }

    fn scan(&mut self, bytes: &[u8]) {
        if self.done || bytes.is_empty() {
            return;
        }
        let Self { side, framing, scanner, findings, window, done, .. } = self;
        let with_question = window.is_some();
        let mut take = |found: scanner::Found<'_>| {
            if !*done {
                findings.take(&found);
                *done = *side == Side::Request && findings.is_request_known(with_question);
            }
        };
        match framing {
            Framing::Head(_) => {}
            Framing::Plain { .. } => scanner.read(bytes, &mut take),
            Framing::Events(events) => events.read(bytes, &mut |piece| match piece {
                Piece::Data(data) => scanner.read(data, &mut take),
                Piece::End => scanner.reset(),
            }),
            Framing::Frames(frames) => frames.feed(bytes, &mut |_, payload| {
                let inside = base64_payload::inside(payload);
                scanner.reset();
                scanner.read(inside.as_deref().unwrap_or(payload), &mut take);
            }),
        }
    }
}

#[cfg(test)]
mod tests;
