//! Decodes compressed bodies as their chunks pass, only for the filter; the traffic is unchanged.
//!
//! ```text
//! chunk ─▶ Decoder ─▶ last coding ─▶ … ─▶ first coding ─▶ bounds ─▶ reader
//! ```
//!
//! A body may be split at any byte, and content that a chunk completes is passed on at once. Memory is bounded by the
//! window of the coding, and the windows of all bodies together by a [`Budget`]. The decoded size is bounded in total
//! and as a multiple of the input, because a few kilobytes can decode to gigabytes. At a bound, or at bytes that are
//! invalid for the coding, reading stops; the exchange is not affected.
//!
//! - [`budget`]: the memory of all bodies of a VM.
//! - [`coding`]: the interface of a coding, and the limits.
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

/// Bytes that any body may decode to, whatever its ratio, because short repetitive texts are not bombs.
const FREE_OF_RATIO: usize = 1 << 20;
/// More combined codings than any sender applies.
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
    /// A decoder for the value of a `content-encoding` header, with the default limits.
    pub fn new(content_encoding: Option<&str>) -> Self {
        Self::with_limits(content_encoding, &Limits::default(), &Budget::default())
    }

    /// A decoder with other limits, whose window counts towards `budget`.
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

    /// False when a coding is unknown, so that the body cannot be read.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// True when something was decoded.
    pub fn has_decoded(&self) -> bool {
        self.decoded > 0
    }

    /// True when no more is read.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Why reading stopped before the end of the body; `None` when it did not.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Reads the next chunk of the body and passes on its content, in one or more pieces.
    pub fn feed(&mut self, chunk: &[u8], out: &mut dyn FnMut(&[u8])) {
        self.feed_while(chunk, &mut |bytes| {
            out(bytes);
            true
        });
    }

    /// Like [`Decoder::feed`], until `out` returns that it has enough, because a small chunk may decode to a
    /// lot.
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
            // The cut at the limit does not depend on how the body is split.
            has_enough = !out(bytes.get(..room).unwrap_or(bytes));
            if has_enough || bytes.len() > room { Err(Stop::OverLimit) } else { Ok(()) }
        };
        if let Err(stop) = run(codings, chunk, &mut bounded) {
            self.stopped = Some(stop).filter(|_| !has_enough);
            self.end();
        }
    }

    /// Stops reading and returns the memory.
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

/// Undoes the codings, the last one first.
fn run(codings: &mut [Box<dyn Coding>], bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
    match codings.split_last_mut() {
        None => sink(bytes),
        Some((last, before)) => last.decode(bytes, &mut |decoded| run(before, decoded, sink)),
    }
}
