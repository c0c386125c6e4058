//! Tables of finite state entropy, with which Zstandard codes everything but literals (RFC 8878, 4.1).

use super::bits::{Backward, Forward};
use crate::ai::decode::coding::Stop;

/// The meaning of a state.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    symbol: u8,
    /// Bits to read for the next state.
    bits: u8,
    /// The base that is added to the bits.
    base: u16,
}

/// A table with a power of two of states.
#[derive(Clone, Debug, Default)]
pub struct Table {
    cells: Vec<Cell>,
    accuracy: u32,
}

/// The current position in a table.
#[derive(Clone, Copy, Debug)]
pub struct State(usize);

/// Symbols beyond this number do not exist.
const MAX_SYMBOLS: usize = 256;

impl Table {
    /// The table of a distribution: how many of the `1 << accuracy` states each symbol has, -1 for less than one.
    pub fn new(distribution: &[i16], accuracy: u32) -> Result<Self, Stop> {
        let size = 1_usize << accuracy;
        let mut cells = vec![Cell::default(); size];
        let mut next = [0_u16; MAX_SYMBOLS];
        let mut end = size;
        let mut place =
            |at: usize, symbol: u8| cells.get_mut(at).map(|cell| cell.symbol = symbol).ok_or(Stop::Damaged);
        for ((probability, next), symbol) in distribution.iter().zip(&mut next).zip(0_u8..=u8::MAX) {
            if *probability == -1 {
                end = end.checked_sub(1).ok_or(Stop::Damaged)?;
                place(end, symbol)?;
                *next = 1;
            } else {
                *next = u16::try_from(*probability).map_err(|_| Stop::Damaged)?;
            }
        }
        let (step, mask, mut at) = ((size >> 1) + (size >> 3) + 3, size - 1, 0);
        for (probability, symbol) in distribution.iter().zip(0_u8..=u8::MAX) {
            for _ in 0..*probability.max(&0) {
                place(at, symbol)?;
                at = (at + step) & mask;
                while at >= end {
                    at = (at + step) & mask;
                }
            }
        }
        if at != 0 {
            return Err(Stop::Damaged);
        }
        for cell in &mut cells {
            let next = next.get_mut(usize::from(cell.symbol)).ok_or(Stop::Damaged)?;
            let bits =
                accuracy.checked_sub(next.checked_ilog2().ok_or(Stop::Damaged)?).ok_or(Stop::Damaged)?;
            cell.bits = u8::try_from(bits).map_err(|_| Stop::Damaged)?;
            let base = (u32::from(*next) << bits).checked_sub(1 << accuracy).ok_or(Stop::Damaged)?;
            cell.base = u16::try_from(base).map_err(|_| Stop::Damaged)?;
            *next += 1;
        }
        Ok(Self { cells, accuracy })
    }

    /// A table with one state, which always means `symbol`.
    pub fn of_one(symbol: u8) -> Self {
        Self { cells: vec![Cell { symbol, ..Cell::default() }], accuracy: 0 }
    }

    /// A table from its description, and the length of the description in bytes.
    pub fn read(bytes: &[u8], max_accuracy: u32, max_symbols: usize) -> Result<(Self, usize), Stop> {
        let mut bits = Forward::new(bytes);
        let accuracy = bits.read(4)? + 5;
        if accuracy > max_accuracy {
            return Err(Stop::Damaged);
        }
        let mut distribution: Vec<i16> = Vec::new();
        let mut remaining = 1_u32 << accuracy;
        while remaining > 0 {
            let probability = read_probability(&mut bits, remaining)?;
            remaining = remaining.checked_sub(u32::from(probability.unsigned_abs())).ok_or(Stop::Damaged)?;
            distribution.push(probability);
            let mut repeats = probability == 0;
            while repeats {
                let zeros = bits.read(2)?;
                distribution.resize(distribution.len() + zeros as usize, 0);
                repeats = zeros == 3 && distribution.len() <= max_symbols;
            }
            if distribution.len() > max_symbols {
                return Err(Stop::Damaged);
            }
        }
        Ok((Self::new(&distribution, accuracy)?, bits.bytes_read()))
    }

    /// The first state.
    pub fn start(&self, bits: &mut Backward<'_>) -> State {
        State(usize::try_from(bits.read(self.accuracy)).unwrap_or(usize::MAX))
    }

    /// The meaning of a state.
    pub fn symbol(&self, state: State) -> u8 {
        self.cell(state).symbol
    }

    /// The next state.
    pub fn next(&self, state: State, bits: &mut Backward<'_>) -> State {
        let cell = self.cell(state);
        let more = usize::try_from(bits.read(cell.bits.into())).unwrap_or(usize::MAX);
        State(usize::from(cell.base) + more)
    }

    /// Every state that the bits can encode has a cell.
    fn cell(&self, state: State) -> Cell {
        self.cells.get(state.0).copied().unwrap_or_default()
    }
}

/// The probability of a symbol when `remaining` states have no symbol yet. Values take as many bits as necessary, the
/// smaller ones one bit less.
fn read_probability(bits: &mut Forward<'_>, remaining: u32) -> Result<i16, Stop> {
    let count = (remaining + 1).ilog2() + 1;
    let value = bits.read(count)?;
    let low = value & ((1 << (count - 1)) - 1);
    let threshold = (1 << count) - 1 - (remaining + 1);
    let value = if low < threshold {
        bits.back();
        low
    } else if value >= 1 << (count - 1) {
        value - threshold
    } else {
        value
    };
    i16::try_from(i64::from(value) - 1).map_err(|_| Stop::Damaged)
}
