//! The three kinds of numbers that a sequence consists of, and how they are coded (RFC 8878, 3.1.1.3.2.1).

use super::bits::Backward;
use super::fse::Table;
use crate::ai::decode::coding::Stop;

/// One kind of number.
pub struct Kind {
    max_accuracy: u32,
    /// The number of codes.
    codes: usize,
    /// The default table.
    predefined: &'static [i16],
    predefined_accuracy: u32,
    /// Codes below this number stand for themselves plus `base`.
    plain: u8,
    base: usize,
    /// For each further code, the smallest number and the count of additional bits.
    long: &'static [(usize, u32)],
}

/// The number of literals at the start of a sequence.
pub const LITERAL_LENGTHS: Kind = Kind {
    max_accuracy: 9,
    codes: 36,
    predefined: &[
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1,
        -1, -1, -1,
    ],
    predefined_accuracy: 6,
    plain: 16,
    base: 0,
    long: &[
        (16, 1),
        (18, 1),
        (20, 1),
        (22, 1),
        (24, 2),
        (28, 2),
        (32, 3),
        (40, 3),
        (48, 4),
        (64, 6),
        (128, 7),
        (256, 8),
        (512, 9),
        (1_024, 10),
        (2_048, 11),
        (4_096, 12),
        (8_192, 13),
        (16_384, 14),
        (32_768, 15),
        (65_536, 16),
    ],
};

/// The number of bytes repeated after the literals.
pub const MATCH_LENGTHS: Kind = Kind {
    max_accuracy: 9,
    codes: 53,
    predefined: &[
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    predefined_accuracy: 6,
    plain: 32,
    base: 3,
    long: &[
        (35, 1),
        (37, 1),
        (39, 1),
        (41, 1),
        (43, 2),
        (47, 2),
        (51, 3),
        (59, 3),
        (67, 4),
        (83, 4),
        (99, 5),
        (131, 7),
        (259, 8),
        (515, 9),
        (1_027, 10),
        (2_051, 11),
        (4_099, 12),
        (8_195, 13),
        (16_387, 14),
        (32_771, 15),
        (65_539, 16),
    ],
};

/// The distance back to these bytes, with as many bits as the code says.
pub const OFFSETS: Kind = Kind {
    max_accuracy: 8,
    codes: 32,
    predefined: &[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    predefined_accuracy: 5,
    plain: 32,
    base: 0,
    long: &[],
};

impl Kind {
    /// Stores the table of a block in `table`, unless the previous block's table is reused, and returns the remaining
    /// bytes.
    pub fn read<'b>(&self, mode: u8, bytes: &'b [u8], table: &mut Option<Table>) -> Result<&'b [u8], Stop> {
        match mode {
            0 => {
                *table = Some(Table::new(self.predefined, self.predefined_accuracy)?);
                Ok(bytes)
            }
            1 => {
                let (code, rest) = bytes.split_first().ok_or(Stop::Damaged)?;
                if usize::from(*code) >= self.codes {
                    return Err(Stop::Damaged);
                }
                *table = Some(Table::of_one(*code));
                Ok(rest)
            }
            2 => {
                let (read, length) = Table::read(bytes, self.max_accuracy, self.codes)?;
                *table = Some(read);
                bytes.get(length..).ok_or(Stop::Damaged)
            }
            _ => Ok(bytes),
        }
    }

    /// The number for a code and its additional bits.
    pub fn value(&self, code: u8, bits: &mut Backward<'_>) -> Result<usize, Stop> {
        let Some(index) = code.checked_sub(self.plain) else { return Ok(usize::from(code) + self.base) };
        let (least, count) = self.long.get(usize::from(index)).ok_or(Stop::Damaged)?;
        usize::try_from(bits.read(*count)).map(|more| least + more).map_err(|_| Stop::Damaged)
    }
}
