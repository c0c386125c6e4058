//! `gzip`: a header, deflated bytes, and a checksum that is ignored; several members may follow one another.
//!
//! # Format
//!
//! RFC 1952: the bytes 31 and 139, the method (8), flags, six bytes; then, depending on the flags, a field preceded by
//! its length in two bytes, a name and a comment that end with NUL, and a checksum of two bytes. Eight bytes follow the
//! deflated ones.
//!
//! Some servers and proxies name the coding but send the body uncompressed. No text begins like a gzip file, so the
//! first byte shows this.

use miniz_oxide::DataFormat;

use super::budget::Budget;
use super::coding::{Coding, Limits, Sink, Stop};
use super::deflate::Inflate;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes before the parts that depend on the flags.
const FIXED: usize = 10;
/// Offset of the flags.
const FLAGS: usize = 3;
const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
/// Checksum and length of the content.
const TRAILER: usize = 8;

/// The coding `gzip`.
pub struct Gzip {
    state: State,
    inflate: Option<Inflate>,
    total: usize,
    budget: Budget,
    is_first: bool,
}

#[derive(Clone, Copy)]
enum State {
    /// The number of bytes of the fixed header read so far, and the flags.
    Header(usize, u8),
    /// The parts given by these flags are still to come.
    Parts(u8),
    /// The lower byte of the extra field's length, once read.
    ExtraLength(u8, Option<u8>),
    /// Bytes to skip, then the parts of the flags.
    Skip(u8, usize),
    /// A text up to its NUL, then the parts of the flags.
    Text(u8),
    Content,
    /// Bytes of the trailer that are still to come.
    Trailer(usize),
    /// The body is not gzip at all.
    Plain,
    /// Bytes after the end are ignored.
    Over,
}

impl Gzip {
    pub(super) fn new(limits: &Limits, budget: &Budget) -> Self {
        let state = State::Header(0, 0);
        Self { state, inflate: None, total: limits.total_bytes, budget: budget.clone(), is_first: true }
    }

    /// Reads a byte of the header.
    fn header(&mut self, byte: u8) -> Result<(), Stop> {
        self.state = match self.state {
            State::Header(0, _) if byte != MAGIC[0] && self.is_first => State::Plain,
            // Zeros and other bytes after the last member are padding.
            State::Header(0, _) if byte != MAGIC[0] => State::Over,
            State::Header(at, _) if MAGIC.get(at).is_some_and(|magic| *magic != byte) => {
                return Err(Stop::Damaged);
            }
            State::Header(FLAGS, _) => State::Header(FLAGS + 1, byte),
            State::Header(at, flags) if at + 1 == FIXED => State::Parts(flags),
            State::Header(at, flags) => State::Header(at + 1, flags),
            State::ExtraLength(flags, None) => State::ExtraLength(flags, Some(byte)),
            State::ExtraLength(flags, Some(low)) => {
                State::Skip(flags, usize::from(u16::from_le_bytes([low, byte])))
            }
            State::Skip(flags, left) if left > 1 => State::Skip(flags, left - 1),
            State::Skip(flags, _) => State::Parts(flags),
            State::Text(flags) if byte != 0 => State::Text(flags),
            State::Text(flags) => State::Parts(flags),
            State::Trailer(left) if left > 1 => State::Trailer(left - 1),
            State::Trailer(_) => State::Header(0, 0),
            other => other,
        };
        // States that need no byte move on.
        loop {
            self.state = match self.state {
                State::Skip(flags, 0) => State::Parts(flags),
                State::Parts(flags) if flags & HAS_EXTRA != 0 => State::ExtraLength(flags & !HAS_EXTRA, None),
                State::Parts(flags) if flags & HAS_NAME != 0 => State::Text(flags & !HAS_NAME),
                State::Parts(flags) if flags & HAS_COMMENT != 0 => State::Text(flags & !HAS_COMMENT),
                State::Parts(flags) if flags & HAS_CHECKSUM != 0 => State::Skip(flags & !HAS_CHECKSUM, 2),
                State::Parts(_) => return self.begin(),
                _ => return Ok(()),
            };
        }
    }

    fn begin(&mut self) -> Result<(), Stop> {
        match &mut self.inflate {
            Some(inflate) => inflate.restart(),
            None => self.inflate = Some(Inflate::new(DataFormat::Raw, self.budget.share(self.total))?),
        }
        self.is_first = false;
        self.state = State::Content;
        Ok(())
    }
}

impl Coding for Gzip {
    fn decode(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        while let Some((first, rest)) = bytes.split_first() {
            match (self.state, &mut self.inflate) {
                (State::Plain, _) => return sink(bytes),
                (State::Over, _) => return Ok(()),
                (State::Content, Some(inflate)) => {
                    let (read, is_over) = inflate.decode(bytes, sink)?;
                    if !is_over {
                        return Ok(());
                    }
                    self.state = State::Trailer(TRAILER);
                    bytes = bytes.get(read..).unwrap_or_default();
                }
                _ => {
                    self.header(*first)?;
                    // The byte that showed that this is not gzip belongs to the body.
                    if !matches!(self.state, State::Plain) {
                        bytes = rest;
                    }
                }
            }
        }
        Ok(())
    }
}
