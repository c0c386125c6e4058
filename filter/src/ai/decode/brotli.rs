//! `br`: Brotli.
//!
//! # Format
//!
//! RFC 7932. The first bits give the window: 10 to 24 bits, that is up to 16 MB.

use brotli_decompressor::{
    Allocator, BrotliDecoderTakeOutput, BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode,
    SliceWrapper, SliceWrapperMut,
};

use super::budget::{Budget, Share};
use super::coding::{Coding, Limits, Sink, Stop};

/// Bytes that are decoded before they are passed on.
const OUTPUT: usize = 8 << 10;
/// Approximate size of the state besides the window: tables of Huffman codes for each kind of symbol.
const TABLES: usize = 64 << 10;

/// The coding `br`.
pub struct Brotli {
    /// `None` before the first byte and after the end.
    state: Option<Box<State>>,
    is_over: bool,
    window: usize,
    share: Share,
}

type State = BrotliState<Heap, Heap, Heap>;

impl Brotli {
    pub(super) fn new(limits: &Limits, budget: &Budget) -> Self {
        let share = budget.share(limits.total_bytes);
        Self { state: None, is_over: false, window: limits.window_bytes, share }
    }

    fn start(&mut self, first: u8) -> Result<Box<State>, Stop> {
        let window = 1_usize << window_bits(first);
        if window > self.window {
            return Err(Stop::OverLimit);
        }
        self.share.grow_to(window + TABLES)?;
        Ok(Box::new(BrotliState::new_strict(Heap, Heap, Heap)))
    }
}

impl Coding for Brotli {
    fn decode(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let Some(first) = bytes.first().filter(|_| !self.is_over) else { return Ok(()) };
        let mut state = match self.state.take() {
            Some(state) => state,
            None => self.start(*first)?,
        };
        let (mut left, mut read, mut total) = (bytes.len(), 0, 0);
        let mut output = [0; OUTPUT];
        loop {
            let (mut room, mut written) = (OUTPUT, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut read,
                bytes,
                &mut room,
                &mut written,
                &mut output,
                &mut total,
                &mut state,
            );
            let written = output.get(..written).unwrap_or_default();
            if !written.is_empty() {
                sink(written)?;
            }
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => {
                    // The decoder may have held back some bytes, to pass them on with the next ones.
                    let mut count = 0;
                    let rest = BrotliDecoderTakeOutput(&mut state, &mut count);
                    if !rest.is_empty() {
                        sink(rest)?;
                    }
                    self.state = Some(state);
                    return Ok(());
                }
                BrotliResult::ResultSuccess => {
                    self.is_over = true;
                    return Ok(());
                }
                BrotliResult::ResultFailure => return Err(Stop::Damaged),
            }
        }
    }
}

/// Bits of the window, from the first byte of a body (RFC 7932, 9.1).
fn window_bits(first: u8) -> u32 {
    match (first & 1, first >> 1 & 7, first >> 4 & 7) {
        (0, ..) => 16,
        (_, 0, 0) => 17,
        (_, 0, bits) => 8 + u32::from(bits),
        (_, bits, _) => 17 + u32::from(bits),
    }
}

/// Gives the decoder memory from the global allocator.
struct Heap;

/// A block of this memory.
struct Cells<T>(Box<[T]>);

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> SliceWrapper<T> for Cells<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Cells<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

macro_rules! allocators {
    ($( $cell:ty ),+) => { $(
        impl Allocator<$cell> for Heap {
            type AllocatedMemory = Cells<$cell>;

            fn alloc_cell(&mut self, count: usize) -> Cells<$cell> {
                Cells(vec![<$cell>::default(); count].into_boxed_slice())
            }

            fn free_cell(&mut self, _: Cells<$cell>) {}
        }
    )+ };
}

allocators!(u8, u32, HuffmanCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_gives_the_window() {
        for (first, bits) in
            [(0b0, 16), (0b1, 17), (0b11, 18), (0b1111, 24), (0b0010_0001, 10), (0b0111_0001, 15)]
        {
            assert_eq!(window_bits(first), bits, "{first:#b}");
        }
    }
}
