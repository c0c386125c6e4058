//! The decoded content of a frame, as far back as the frame may refer to it.

use crate::ai::decode::budget::Share;
use crate::ai::decode::coding::Stop;

/// Bytes that a block may decode to.
pub const MAX_BLOCK: usize = 128 << 10;

/// Smallest step in bytes by which memory grows.
const LEAST: usize = 4 << 10;

/// The end of the decoded content.
pub struct History {
    bytes: Vec<u8>,
    /// Bytes that must be kept.
    window: usize,
    /// Start of the bytes that were not passed on yet.
    new: usize,
    share: Share,
    /// Bytes of the share that are not for the history.
    others: usize,
}

impl History {
    /// An empty history; `share` counts its memory and `others` bytes more.
    pub fn new(share: Share, others: usize) -> Self {
        Self { bytes: Vec::new(), window: 0, new: 0, share, others }
    }

    /// Begins a frame with a new window.
    pub fn restart(&mut self, window: usize) {
        self.bytes.clear();
        (self.window, self.new) = (window, 0);
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.make_room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Adds the same byte many times.
    pub fn fill(&mut self, byte: u8, count: usize) -> Result<(), Stop> {
        self.make_room(count)?;
        self.bytes.resize(self.bytes.len() + count, byte);
        Ok(())
    }

    /// Adds a copy of `length` bytes that start `offset` bytes before the end; they may overlap the copy.
    pub fn repeat(&mut self, offset: usize, length: usize) -> Result<(), Stop> {
        self.make_room(length)?;
        let start = self.bytes.len().checked_sub(offset).filter(|_| offset > 0).ok_or(Stop::Damaged)?;
        let mut left = length;
        while left > 0 {
            // The copied bytes are part of the repeated ones, so each round copies more.
            let part = (self.bytes.len() - start).min(left);
            self.bytes.extend_from_within(start..start + part);
            left -= part;
        }
        Ok(())
    }

    /// Takes the bytes added since the last call, and leaves room for more.
    pub fn take_new(&mut self) -> &[u8] {
        let new = std::mem::replace(&mut self.new, self.bytes.len());
        self.bytes.get(new..).unwrap_or_default()
    }

    /// Makes room for `more` bytes: first by dropping content older than the window, then by allocating.
    fn make_room(&mut self, more: usize) -> Result<(), Stop> {
        let needed = self.bytes.len() + more;
        if needed <= self.bytes.capacity() {
            return Ok(());
        }
        let old = self.bytes.len().saturating_sub(self.window).min(self.new);
        // Moving the window costs its length, so it must be worth it.
        if old > self.window / 2 && old >= more.max(LEAST) {
            self.bytes.drain(..old);
            self.new -= old;
            return self.make_room(more);
        }
        let largest = self.window + self.window / 2 + MAX_BLOCK;
        let room = needed.max((self.bytes.capacity() * 3 / 2).max(LEAST).min(largest));
        self.share.grow_to(self.others + room)?;
        self.bytes.reserve_exact(room - self.bytes.len());
        Ok(())
    }
}
