//! The two ways in which Zstandard reads bits: forward for the descriptions of tables, backward for everything else.

use crate::ai::decode::coding::Stop;

/// Reads bits from the first byte on, the lowest bit of each byte first.
pub struct Forward<'b> {
    bytes: &'b [u8],
    bit: usize,
}

impl<'b> Forward<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, bit: 0 }
    }

    /// The next `count` bits, at most 16.
    pub fn read(&mut self, count: u32) -> Result<u32, Stop> {
        let end = self.bit + count as usize;
        if end > self.bytes.len() * 8 {
            return Err(Stop::Damaged);
        }
        let word = load(self.bytes, self.bit / 8);
        let bits = word >> (self.bit % 8) & mask(count);
        self.bit = end;
        Ok(bits as u32)
    }

    /// Returns the last bit to the input.
    pub fn back(&mut self) {
        self.bit = self.bit.saturating_sub(1);
    }

    /// Bytes that were read, the last one perhaps partially.
    pub fn bytes_read(&self) -> usize {
        self.bit.div_ceil(8)
    }
}

/// Reads bits backward from the last byte. Its highest set bit only marks where the bits begin.
pub struct Backward<'b> {
    bytes: &'b [u8],
    /// Bits that are left; negative when more were read than exist.
    left: isize,
}

impl<'b> Backward<'b> {
    pub fn new(bytes: &'b [u8]) -> Result<Self, Stop> {
        let last = bytes.last().filter(|last| **last != 0).ok_or(Stop::Damaged)?;
        let marked = 7_usize.saturating_sub(last.leading_zeros() as usize);
        let left = isize::try_from((bytes.len() - 1) * 8 + marked).map_err(|_| Stop::Damaged)?;
        Ok(Self { bytes, left })
    }

    /// Bits that are left; negative when more were read than exist.
    pub fn left(&self) -> isize {
        self.left
    }

    /// The next `count` bits, at most 56, without consuming them. Missing bits are zero.
    pub fn peek(&self, count: u32) -> u64 {
        let start = self.left - count as isize;
        match usize::try_from(start) {
            Ok(start) => load(self.bytes, start / 8) >> (start % 8) & mask(count),
            Err(_) => {
                let missing = u32::try_from(-start).unwrap_or(u32::MAX);
                let there = count.saturating_sub(missing);
                if there == 0 { 0 } else { (load(self.bytes, 0) & mask(there)) << missing }
            }
        }
    }

    /// Consumes bits.
    pub fn skip(&mut self, count: u32) {
        self.left -= count as isize;
    }

    /// The next `count` bits, at most 56.
    pub fn read(&mut self, count: u32) -> u64 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }
}

fn mask(count: u32) -> u64 {
    (1 << count) - 1
}

/// Eight bytes from `at` on, little endian; zeros after the end.
fn load(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(word) = rest.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_forward_and_returned() {
        let mut bits = Forward::new(&[0b1010_0110, 0b1]);
        assert_eq!((bits.read(3), bits.read(4)), (Ok(0b110), Ok(0b0100)));
        bits.back();
        assert_eq!((bits.read(3), bits.bytes_read()), (Ok(0b110), 2));
        assert_eq!(bits.read(8), Err(Stop::Damaged));
    }

    #[test]
    fn bits_are_read_backward_from_the_mark_and_zeros_follow() {
        let mut bits = Backward::new(&[0b1100_0001, 0b0000_1101]).unwrap();
        assert_eq!((bits.left(), bits.read(3), bits.read(4)), (11, 0b101, 0b1100));
        assert_eq!((bits.peek(6), bits.read(6), bits.left()), (0b000100, 0b000100, -2));
        assert_eq!((bits.peek(9), Backward::new(&[1, 0]).err()), (0, Some(Stop::Damaged)));
    }
}
