//! Huffman codes, with which Zstandard codes literals (RFC 8878, 4.2).

use super::bits::Backward;
use super::fse;
use crate::ai::decode::coding::Stop;

/// Bits of the longest code.
const MAX_BITS: u32 = 11;
/// Accuracy of the table that codes the weights.
const WEIGHTS_ACCURACY: u32 = 6;
/// The weights of all symbols but the last, which follows from the others.
const MAX_WEIGHTS: usize = 255;

/// The meaning of the next bits.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    symbol: u8,
    bits: u8,
}

/// A cell for each sequence of bits of the longest code's length.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    cells: Vec<Cell>,
    bits: u32,
}

impl Codes {
    /// The codes from their description, and the length of the description in bytes.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Stop> {
        let (head, rest) = bytes.split_first().ok_or(Stop::Damaged)?;
        let (weights, length) = if *head < 128 {
            let length = usize::from(*head);
            (coded_weights(rest.get(..length).ok_or(Stop::Damaged)?)?, length)
        } else {
            let count = usize::from(*head) - 127;
            let length = count.div_ceil(2);
            let halves =
                rest.get(..length).ok_or(Stop::Damaged)?.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
            (halves.take(count).collect(), length)
        };
        Ok((Self::of(weights)?, 1 + length))
    }

    /// A symbol of weight `w` has `1 << (w - 1)` cells; the total number of cells is a power of two, which gives the last
    /// weight.
    fn of(mut weights: Vec<u8>) -> Result<Self, Stop> {
        let cells_of = |weight: u8| match weight {
            0 => Some(0_u32),
            1..=16 => Some(1 << (weight - 1)),
            _ => None,
        };
        let mut sum = 0_u32;
        for weight in &weights {
            sum = sum.saturating_add(cells_of(*weight).ok_or(Stop::Damaged)?);
        }
        let bits = sum.checked_ilog2().ok_or(Stop::Damaged)? + 1;
        let left = (1_u32 << bits) - sum;
        if bits > MAX_BITS || !left.is_power_of_two() {
            return Err(Stop::Damaged);
        }
        weights.push(u8::try_from(left.ilog2() + 1).map_err(|_| Stop::Damaged)?);
        let mut cells = Vec::with_capacity(1 << bits);
        for weight in 1..=MAX_BITS as u8 + 1 {
            for (symbol, _) in (0_u8..=u8::MAX).zip(&weights).filter(|(_, of)| **of == weight) {
                let bits =
                    u8::try_from(bits + 1).unwrap_or(u8::MAX).checked_sub(weight).ok_or(Stop::Damaged)?;
                let count = cells_of(weight).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
                cells.resize(cells.len() + count, Cell { symbol, bits });
            }
        }
        if cells.len() == 1 << bits { Ok(Self { cells, bits }) } else { Err(Stop::Damaged) }
    }

    /// True before any codes were read.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Decodes `count` literals, which take all of `bytes`.
    pub fn decode(&self, bytes: &[u8], count: usize, out: &mut Vec<u8>) -> Result<(), Stop> {
        let mut bits = Backward::new(bytes)?;
        for _ in 0..count {
            let next = usize::try_from(bits.peek(self.bits)).unwrap_or(usize::MAX);
            let cell = self.cells.get(next).ok_or(Stop::Damaged)?;
            bits.skip(cell.bits.into());
            if bits.left() < 0 {
                return Err(Stop::Damaged);
            }
            out.push(cell.symbol);
        }
        if bits.left() == 0 { Ok(()) } else { Err(Stop::Damaged) }
    }
}

/// Weights that are coded by two states in turn, up to the end of the bits.
fn coded_weights(bytes: &[u8]) -> Result<Vec<u8>, Stop> {
    let (table, length) = fse::Table::read(bytes, WEIGHTS_ACCURACY, MAX_BITS as usize + 2)?;
    let mut bits = Backward::new(bytes.get(length..).unwrap_or_default())?;
    let (mut state, mut other) = (table.start(&mut bits), table.start(&mut bits));
    let mut weights = Vec::new();
    while weights.len() < MAX_WEIGHTS {
        weights.push(table.symbol(state));
        state = table.next(state, &mut bits);
        // There were not enough bits for another weight, so the last one is the other state's.
        if bits.left() < 0 {
            weights.push(table.symbol(other));
            return if weights.len() <= MAX_WEIGHTS { Ok(weights) } else { Err(Stop::Damaged) };
        }
        std::mem::swap(&mut state, &mut other);
    }
    Err(Stop::Damaged)
}
