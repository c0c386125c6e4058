//! Compressed bodies decoded as their chunks pass, for the filter's own reading; the traffic stays as it is.
//!
//! ```text
//! chunk ─▶ Decoder ─▶ last coding ─▶ … ─▶ first coding ─▶ bounds ─▶ reader
//! ```
//!
//! A body may be split at any byte, and what a chunk completes is handed on at once. Memory is bounded by the window of
//! the coding, and the windows of all bodies together by a [`Budget`]. What is decoded is bounded in total and as a
//! multiple of what came, because a few kilobytes can decode to gigabytes. At a bound, or at bytes that are not what the
//! coding says, the reading ends; the exchange does not notice.
//!
//! - [`budget`]: the memory of all bodies of a VM.
//! - [`coding`]: what a coding is, and how far one is followed.
//! - [`gzip`], [`deflate`], [`zstd`], [`brotli`]: one coding each.

use std::fmt;

pub mod brotli;
pub mod budget;
pub mod coding;
pub mod deflate;
pub mod gzip;
pub mod zstd;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use coding::{Limits, Stop};

use brotli::Brotli;
use coding::{Coding, Sink};
use deflate::Deflate;
use gzip::Gzip;
use zstd::Zstd;

/// Bytes that any body may decode to, whatever its ratio: short texts that repeat themselves are no bomb.
const FREE_OF_RATIO: usize = 1 << 20;
/// More codings, one on top of another, than any sender applies.
const MAX_CODINGS: usize = 3;

/// Decodes one body.
pub struct Decoder {
    /// In the order in which the sender applied them.
    codings: Vec<Box<dyn Coding>>,
    /// False when one of the codings is not known.
    is_known: bool,
    limits: Limits,
    came: usize,
    decoded: usize,
    stopped: Option<Stop>,
    is_over: bool,
}

impl Decoder {
    /// A decoder for the value of a `content-encoding` header, with the limits that hold when nothing is said.
    pub fn new(content_encoding: Option<&str>) -> Self {
        Self::with_limits(content_encoding, &Limits::default(), &Budget::default())
    }

    /// A decoder with other limits, whose window counts in `budget`.
    pub fn with_limits(content_encoding: Option<&str>, limits: &Limits, budget: &Budget) -> Self {
        let mut codings: Vec<Box<dyn Coding>> = Vec::new();
        let mut is_known = true;
        let names = content_encoding.unwrap_or_default().split(',').map(str::trim);
        for name in names.filter(|name| !name.is_empty()) {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            match () {
                () if is("identity") => {}
                () if codings.len() == MAX_CODINGS => is_known = false,
                () if is("gzip") || is("x-gzip") => codings.push(Box::new(Gzip::new(limits, budget))),
                () if is("deflate") => codings.push(Box::new(Deflate::new(limits, budget))),
                () if is("zstd") => codings.push(Box::new(Zstd::new(limits, budget))),
                () if is("br") => codings.push(Box::new(Brotli::new(limits, budget))),
                () => is_known = false,
            }
        }
        Self {
            codings,
            is_known,
            limits: limits.clone(),
            came: 0,
            decoded: 0,
            stopped: None,
            is_over: !is_known,
        }
    }

    /// False when a coding is not known, so that nothing of the body can be read.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// True when something was decoded.
    pub fn has_decoded(&self) -> bool {
        self.decoded > 0
    }

    /// True when nothing more is read.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Why the reading ended before the body did; none when it did not.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Takes the next chunk of the body and hands its content on, in as many pieces as it comes.
    pub fn feed(&mut self, chunk: &[u8], out: &mut dyn FnMut(&[u8])) {
        self.feed_while(chunk, &mut |bytes| {
            out(bytes);
            true
        });
    }

    /// As [`Decoder::feed`], until `out` answers that it has enough: a small chunk may hold a lot.
    pub fn feed_while(&mut self, chunk: &[u8], out: &mut dyn FnMut(&[u8]) -> bool) {
        if self.is_over {
            return;
        }
        let Self { codings, limits, came, decoded, .. } = self;
        *came = came.saturating_add(chunk.len());
        let most = match codings.as_slice() {
            [] => usize::MAX,
            _ => limits.body_bytes.min(came.saturating_mul(limits.ratio).max(FREE_OF_RATIO)),
        };
        let mut has_enough = false;
        let mut bounded = |bytes: &[u8]| {
            let room = most.saturating_sub(*decoded);
            *decoded = decoded.saturating_add(bytes.len());
            // What ends at the limit does not depend on the pieces in which it comes.
            has_enough = !out(bytes.get(..room).unwrap_or(bytes));
            if has_enough || bytes.len() > room { Err(Stop::OverLimit) } else { Ok(()) }
        };
        if let Err(stop) = run(codings, chunk, &mut bounded) {
            self.stopped = Some(stop).filter(|_| !has_enough);
            self.end();
        }
    }

    /// Ends the reading and gives its memory back.
    pub fn end(&mut self) {
        self.is_over = true;
        self.codings = Vec::new();
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("codings", &self.codings.len())
            .field("is_known", &self.is_known)
            .field("came", &self.came)
            .field("decoded", &self.decoded)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// Takes the codings off, the last one first.
fn run(codings: &mut [Box<dyn Coding>], bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
    match codings.split_last_mut() {
        None => sink(bytes),
        Some((last, before)) => last.decode(bytes, &mut |decoded| run(before, decoded, sink)),
    }
}
