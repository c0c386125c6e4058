//! `zstd`: Zstandard, decoded block by block.
//!
//! Written for streams: crates that decode Zstandard in safe Rust hold back the last window of decoded content until the
//! frame ends, so a stream's events would all arrive at its end, and those of a truncated stream never.
//!
//! # Format
//!
//! RFC 8878. A body is a sequence of frames: a magic number, a header that gives the window, blocks of at most 128 KiB that
//! begin with three bytes, and perhaps a checksum, which is ignored. Frames with another magic number are skipped.
//! Dictionaries are not supported, because the filter cannot have them.
//!
//! Some proxies name the coding but send the body uncompressed; the magic number shows this.

use super::budget::Budget;
use super::coding::{Coding, Limits, Sink, Stop};

mod bits;
mod block;
mod fse;
mod history;
mod huffman;
mod tables;

use block::Blocks;
use history::{History, MAX_BLOCK};

const MAGIC: u32 = 0xfd2f_b528;
/// Magic numbers of frames to skip, without the lowest four bits.
const SKIPPED: u32 = 0x184d_2a50;
/// Bytes before each block.
const BLOCK_HEADER: usize = 3;
/// Approximate size of the tables and literals of a frame, besides its window.
const TABLES: usize = 192 << 10;

/// The coding `zstd`.
pub struct Zstd {
    state: State,
    /// Bytes of an incomplete part.
    pending: Vec<u8>,
    frame: Option<Box<Frame>>,
    window: usize,
    total: usize,
    budget: Budget,
    is_first: bool,
}

struct Frame {
    blocks: Blocks,
    history: History,
}

/// The next part.
#[derive(Clone, Copy, Debug)]
enum State {
    Magic,
    /// The length of a frame to skip.
    SkipLength,
    Skip(usize),
    /// The byte that gives the length of the header.
    Descriptor,
    /// The rest of the header, by the descriptor.
    Header(u8),
    /// Whether a checksum follows the last block.
    BlockHeader(bool),
    Block {
        kind: u32,
        size: usize,
        is_last: bool,
        has_checksum: bool,
    },
    Checksum,
    /// The body is not Zstandard at all.
    Plain,
}

impl State {
    /// Bytes of the part, which must be complete.
    fn needs(self) -> usize {
        match self {
            Self::Magic | Self::SkipLength | Self::Checksum => 4,
            Self::Descriptor => 1,
            Self::Header(descriptor) => header_length(descriptor),
            Self::BlockHeader(_) => BLOCK_HEADER,
            // One byte is repeated as often as the size says.
            Self::Block { kind: 1, .. } => 1,
            Self::Block { size, .. } => size,
            Self::Skip(_) | Self::Plain => 0,
        }
    }
}

impl Zstd {
    pub(super) fn new(limits: &Limits, budget: &Budget) -> Self {
        Self {
            state: State::Magic,
            pending: Vec::new(),
            frame: None,
            window: limits.window_bytes,
            total: limits.total_bytes,
            budget: budget.clone(),
            is_first: true,
        }
    }

    /// Reads a complete part and returns the next one.
    fn take(&mut self, part: &[u8], sink: &mut Sink<'_>) -> Result<State, Stop> {
        Ok(match self.state {
            State::Magic => match number(part) {
                MAGIC => State::Descriptor,
                skipped if skipped & !0xf == SKIPPED => State::SkipLength,
                _ if self.is_first => {
                    sink(part)?;
                    State::Plain
                }
                _ => return Err(Stop::Damaged),
            },
            State::SkipLength => State::Skip(usize::try_from(number(part)).unwrap_or(usize::MAX)),
            State::Descriptor => State::Header(part.first().copied().unwrap_or_default()),
            State::Header(descriptor) => {
                self.start_frame(descriptor, part)?;
                State::BlockHeader(descriptor >> 2 & 1 == 1)
            }
            State::BlockHeader(has_checksum) => {
                let header = number(part);
                let size = usize::try_from(header >> 3).unwrap_or(usize::MAX);
                if size > MAX_BLOCK {
                    return Err(Stop::Damaged);
                }
                State::Block { kind: header >> 1 & 3, size, is_last: header & 1 == 1, has_checksum }
            }
            State::Block { kind, size, is_last, has_checksum } => {
                self.block(kind, size, part, sink)?;
                match (is_last, has_checksum) {
                    (false, _) => State::BlockHeader(has_checksum),
                    (true, true) => State::Checksum,
                    (true, false) => State::Magic,
                }
            }
            State::Checksum => State::Magic,
            other @ (State::Skip(_) | State::Plain) => other,
        })
    }

    fn start_frame(&mut self, descriptor: u8, header: &[u8]) -> Result<(), Stop> {
        let is_single = descriptor >> 5 & 1 == 1;
        let (window, rest) =
            if is_single { (None, header) } else { (header.first(), header.get(1..).unwrap_or_default()) };
        let dictionary_length = dictionary_length(descriptor);
        let (dictionary, size) = rest.split_at_checked(dictionary_length).unwrap_or((rest, &[]));
        // Bit 3 is reserved, and a dictionary is not available.
        if descriptor >> 3 & 1 == 1 || dictionary.iter().any(|byte| *byte != 0) {
            return Err(Stop::Damaged);
        }
        let size = size.iter().rev().fold(0_u64, |size, byte| size << 8 | u64::from(*byte));
        let window = match window {
            Some(window) => {
                let base = 1_u64 << (10 + (window >> 3));
                base + base / 8 * u64::from(window & 7)
            }
            // The whole content is the window; a two-byte size omits the values that one byte can express.
            None if content_size_length(descriptor) == 2 => size + 256,
            None => size,
        };
        let window =
            usize::try_from(window).ok().filter(|window| *window <= self.window).ok_or(Stop::OverLimit)?;
        let frame = match self.frame.take() {
            Some(frame) => frame,
            None => Box::new(Frame {
                blocks: Blocks::new(),
                history: History::new(self.budget.share(self.total), TABLES),
            }),
        };
        let frame = self.frame.insert(frame);
        frame.blocks = Blocks::new();
        frame.history.restart(window);
        self.is_first = false;
        Ok(())
    }

    fn block(&mut self, kind: u32, size: usize, part: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let Frame { blocks, history } = self.frame.as_deref_mut().ok_or(Stop::Damaged)?;
        match (kind, part) {
            (0, _) => history.push(part)?,
            (1, [byte, ..]) => history.fill(*byte, size)?,
            (2, _) => blocks.decode(part, history)?,
            _ => return Err(Stop::Damaged),
        }
        let new = history.take_new();
        if new.is_empty() { Ok(()) } else { sink(new) }
    }
}

impl Coding for Zstd {
    fn decode(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        loop {
            match self.state {
                State::Plain if bytes.is_empty() => return Ok(()),
                State::Plain => return sink(bytes),
                State::Skip(left) => {
                    let skipped = left.min(bytes.len());
                    bytes = bytes.get(skipped..).unwrap_or_default();
                    self.state = State::Skip(left - skipped);
                    if left > skipped {
                        return Ok(());
                    }
                    self.state = State::Magic;
                    self.is_first = false;
                    continue;
                }
                _ => {}
            }
            let needs = self.state.needs();
            if self.pending.is_empty() && bytes.len() >= needs {
                let (part, rest) = bytes.split_at_checked(needs).unwrap_or((bytes, &[]));
                self.state = self.take(part, sink)?;
                bytes = rest;
                continue;
            }
            let (more, rest) =
                bytes.split_at_checked(needs.saturating_sub(self.pending.len())).unwrap_or((bytes, &[]));
            self.pending.extend_from_slice(more);
            bytes = rest;
            if self.pending.len() < needs {
                return Ok(());
            }
            let mut part = std::mem::take(&mut self.pending);
            self.state = self.take(&part, sink)?;
            // Blocks of a stream are small, so their memory is kept for the next one; that of a large block
            // is not.
            if part.capacity() <= 4 << 10 {
                part.clear();
                self.pending = part;
            }
        }
    }
}

/// Bytes of a frame's header after the descriptor.
fn header_length(descriptor: u8) -> usize {
    let window = usize::from(descriptor >> 5 & 1 == 0);
    window + dictionary_length(descriptor) + content_size_length(descriptor)
}

fn dictionary_length(descriptor: u8) -> usize {
    match descriptor & 3 {
        3 => 4,
        length => length.into(),
    }
}

fn content_size_length(descriptor: u8) -> usize {
    match descriptor >> 6 {
        0 => usize::from(descriptor >> 5 & 1),
        exponent => 1 << exponent,
    }
}

/// Up to four bytes as a number, little endian.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
