//! A compressed block: literals, and sequences that combine them with earlier content (RFC 8878, 3.1.1.3).

use super::bits::Backward;
use super::fse::Table;
use super::history::{History, MAX_BLOCK};
use super::huffman::Codes;
use super::tables;
use crate::ai::decode::coding::Stop;

/// The state that a block may reuse from the previous one.
pub struct Blocks {
    codes: Codes,
    literal_lengths: Option<Table>,
    offsets: Option<Table>,
    match_lengths: Option<Table>,
    /// The last three offsets, the latest first.
    last_offsets: [usize; 3],
    literals: Vec<u8>,
}

impl Blocks {
    /// The state at the beginning of a frame.
    pub fn new() -> Self {
        Self {
            codes: Codes::default(),
            literal_lengths: None,
            offsets: None,
            match_lengths: None,
            last_offsets: [1, 4, 8],
            literals: Vec::new(),
        }
    }

    /// Decodes a block after the history.
    pub fn decode(&mut self, bytes: &[u8], history: &mut History) -> Result<(), Stop> {
        let length = self.read_literals(bytes)?;
        let rest = bytes.get(length..).ok_or(Stop::Damaged)?;
        let (count, length) = sequence_count(rest)?;
        if count == 0 {
            // Only literals; the rest of the block is then empty.
            return history.push(&self.literals);
        }
        let mut rest = rest.get(length..).ok_or(Stop::Damaged)?;
        let (modes, after) = rest.split_first().ok_or(Stop::Damaged)?;
        rest = after;
        for (table, kind, mode) in [
            (&mut self.literal_lengths, &tables::LITERAL_LENGTHS, modes >> 6),
            (&mut self.offsets, &tables::OFFSETS, modes >> 4 & 3),
            (&mut self.match_lengths, &tables::MATCH_LENGTHS, modes >> 2 & 3),
        ] {
            rest = kind.read(mode, rest, table)?;
        }
        self.run(count, Backward::new(rest)?, history)
    }

    /// Reads the literals and returns how many bytes they take.
    fn read_literals(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        let head = load(bytes);
        let (kind, format) = (head & 3, head >> 2 & 3);
        self.literals.clear();
        if kind < 2 {
            let (size, length) = match format {
                1 => (head >> 4 & 0xfff, 2),
                3 => (head >> 4 & 0xf_ffff, 3),
                _ => (head >> 3 & 0x1f, 1),
            };
            let size = bounded(size)?;
            let rest = bytes.get(length..).ok_or(Stop::Damaged)?;
            if kind == 0 {
                self.literals.extend_from_slice(rest.get(..size).ok_or(Stop::Damaged)?);
                return Ok(length + size);
            }
            self.literals.resize(size, *rest.first().ok_or(Stop::Damaged)?);
            return Ok(length + 1);
        }
        let (bits, length) = match format {
            0 | 1 => (10, 3),
            2 => (14, 4),
            _ => (18, 5),
        };
        let mask = (1 << bits) - 1;
        let (size, packed) = (bounded(head >> 4 & mask)?, bounded(head >> (4 + bits) & mask)?);
        let mut coded = bytes.get(length..length + packed).ok_or(Stop::Damaged)?;
        if kind == 2 {
            let (codes, taken) = Codes::read(coded)?;
            self.codes = codes;
            coded = coded.get(taken..).ok_or(Stop::Damaged)?;
        } else if self.codes.is_empty() {
            return Err(Stop::Damaged);
        }
        if format == 0 {
            self.codes.decode(coded, size, &mut self.literals)?;
        } else {
            self.read_four_streams(coded, size)?;
        }
        Ok(length + packed)
    }

    /// Three of the four streams have a quarter of the literals each, rounded up, and are preceded by their
    /// sizes.
    fn read_four_streams(&mut self, bytes: &[u8], size: usize) -> Result<(), Stop> {
        let (sizes, mut rest) = bytes.split_first_chunk::<6>().ok_or(Stop::Damaged)?;
        let part = size.div_ceil(4);
        for pair in sizes.as_chunks::<2>().0 {
            let (stream, after) =
                rest.split_at_checked(usize::from(u16::from_le_bytes(*pair))).ok_or(Stop::Damaged)?;
            self.codes.decode(stream, part, &mut self.literals)?;
            rest = after;
        }
        let last = size.checked_sub(3 * part).ok_or(Stop::Damaged)?;
        self.codes.decode(rest, last, &mut self.literals)
    }

    /// Runs the sequences.
    fn run(&mut self, count: usize, mut bits: Backward<'_>, history: &mut History) -> Result<(), Stop> {
        let (Some(literal_lengths), Some(offsets), Some(match_lengths)) =
            (&self.literal_lengths, &self.offsets, &self.match_lengths)
        else {
            return Err(Stop::Damaged);
        };
        let mut literals = self.literals.as_slice();
        let mut literal_state = literal_lengths.start(&mut bits);
        let mut offset_state = offsets.start(&mut bits);
        let mut match_state = match_lengths.start(&mut bits);
        let mut room = MAX_BLOCK;
        for index in 0..count {
            let offset_bits = u32::from(offsets.symbol(offset_state));
            let offset = (1_u64 << offset_bits) + bits.read(offset_bits);
            let length = tables::MATCH_LENGTHS.value(match_lengths.symbol(match_state), &mut bits)?;
            let own = tables::LITERAL_LENGTHS.value(literal_lengths.symbol(literal_state), &mut bits)?;
            if index + 1 < count {
                literal_state = literal_lengths.next(literal_state, &mut bits);
                match_state = match_lengths.next(match_state, &mut bits);
                offset_state = offsets.next(offset_state, &mut bits);
            }
            if bits.left() < 0 {
                return Err(Stop::Damaged);
            }
            room = room.checked_sub(own + length).ok_or(Stop::Damaged)?;
            let (before, after) = literals.split_at_checked(own).ok_or(Stop::Damaged)?;
            history.push(before)?;
            literals = after;
            history.repeat(offset_of(&mut self.last_offsets, offset, own == 0)?, length)?;
        }
        if bits.left() != 0 || literals.len() > room {
            return Err(Stop::Damaged);
        }
        history.push(literals)
    }
}

/// The offset for a value: the first three values stand for the last offsets, shifted by one when the sequence has no
/// literals.
fn offset_of(last: &mut [usize; 3], value: u64, is_shifted: bool) -> Result<usize, Stop> {
    let [first, second, third] = *last;
    let offset = match value + u64::from(is_shifted) {
        _ if value > 3 => usize::try_from(value - 3).map_err(|_| Stop::Damaged)?,
        1 => return Ok(first),
        2 => {
            *last = [second, first, third];
            return Ok(second);
        }
        3 => third,
        _ => first.checked_sub(1).filter(|offset| *offset > 0).ok_or(Stop::Damaged)?,
    };
    *last = [offset, first, second];
    Ok(offset)
}

/// The number of sequences, and the bytes that it takes.
fn sequence_count(bytes: &[u8]) -> Result<(usize, usize), Stop> {
    match *bytes {
        [few @ 0..128, ..] => Ok((few.into(), 1)),
        [255, low, high, ..] => Ok((usize::from(u16::from_le_bytes([low, high])) + 0x7f00, 3)),
        [high, low, ..] => Ok(((usize::from(high) - 128) << 8 | usize::from(low), 2)),
        _ => Err(Stop::Damaged),
    }
}

fn bounded(size: u64) -> Result<usize, Stop> {
    usize::try_from(size).ok().filter(|size| *size <= MAX_BLOCK).ok_or(Stop::Damaged)
}

/// The first bytes as a number, little endian.
fn load(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}
