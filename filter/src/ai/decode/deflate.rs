//! `deflate`: zlib's format or, as many servers send, its content without header and checksum.
//!
//! # Format
//!
//! RFC 1951. In zlib's format (RFC 1950) the first byte has 8 in its lower half, and the first two bytes, as a number, are
//! a multiple of 31.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::budget::{Budget, Share};
use super::coding::{Coding, Limits, Sink, Stop};

/// Bytes that are decoded before they are passed on.
const OUTPUT: usize = 8 << 10;

/// The decoder state, shared by all formats of this family.
pub struct Inflate {
    state: Box<InflateState>,
    /// Its share of the budget, which does not change until it is returned.
    _share: Share,
}

impl Inflate {
    /// A state that expects zlib's header, or none.
    ///
    /// # Errors
    ///
    /// [`Stop::OverLimit`] when the share has no room for it.
    pub fn new(format: DataFormat, mut share: Share) -> Result<Self, Stop> {
        share.grow_to(size_of::<InflateState>())?;
        Ok(Self { state: InflateState::new_boxed(format), _share: share })
    }

    /// Starts again, after the end of the previous bytes.
    pub fn restart(&mut self) {
        self.state.reset(DataFormat::Raw);
    }

    /// Decodes bytes and returns how many belong to the stream, and whether it has ended with them.
    ///
    /// # Errors
    ///
    /// [`Stop::Damaged`] when they are not deflated, or the sink's error.
    pub fn decode(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(usize, bool), Stop> {
        let (mut output, mut read) = ([0; OUTPUT], 0);
        loop {
            let rest = bytes.get(read..).unwrap_or_default();
            let result = inflate(&mut self.state, rest, &mut output, MZFlush::None);
            read += result.bytes_consumed;
            let written = output.get(..result.bytes_written).unwrap_or_default();
            if !written.is_empty() {
                sink(written)?;
            }
            match result.status {
                Ok(MZStatus::StreamEnd) => return Ok((read, true)),
                // Nothing is left to read, and the output and the window had room for more.
                Ok(_)
                    if read >= bytes.len()
                        && written.len() < OUTPUT
                        && self.state.last_status() != TINFLStatus::HasMoreOutput =>
                {
                    return Ok((read, false));
                }
                Ok(_) => {}
                Err(MZError::Buf) => return Ok((read, false)),
                Err(_) => return Err(Stop::Damaged),
            }
        }
    }
}

/// The coding `deflate`.
pub struct Deflate {
    state: State,
    total: usize,
    budget: Budget,
}

enum State {
    /// The first byte, which waits for the second.
    Start(Option<u8>),
    Inside(Inflate),
    /// Bytes after the end are ignored.
    Over,
}

impl Deflate {
    pub(super) fn new(limits: &Limits, budget: &Budget) -> Self {
        Self { state: State::Start(None), total: limits.total_bytes, budget: budget.clone() }
    }

    fn start(&mut self, first: u8, second: u8) -> Result<Inflate, Stop> {
        let number = u16::from_be_bytes([first, second]);
        let is_zlib = first & 0x0f == 8 && number.is_multiple_of(31);
        // Web browsers ignore the checksum, too.
        let format = if is_zlib { DataFormat::ZLibIgnoreChecksum } else { DataFormat::Raw };
        Inflate::new(format, self.budget.share(self.total))
    }

    fn inside(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let State::Inside(inflate) = &mut self.state else { return Ok(()) };
        if inflate.decode(bytes, sink)?.1 {
            self.state = State::Over;
        }
        Ok(())
    }
}

impl Coding for Deflate {
    fn decode(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let State::Start(waiting) = self.state else { return self.inside(bytes, sink) };
        match (waiting, bytes) {
            (_, []) => Ok(()),
            (None, [first]) => {
                self.state = State::Start(Some(*first));
                Ok(())
            }
            (Some(first), [second, ..]) => {
                self.state = State::Inside(self.start(first, *second)?);
                self.inside(&[first], sink)?;
                self.inside(bytes, sink)
            }
            (None, [first, second, ..]) => {
                self.state = State::Inside(self.start(*first, *second)?);
                self.inside(bytes, sink)
            }
        }
    }
}
