//! The place in the order of time where a page ended, and its text form.
//!
//! The text is opaque to clients: a version, the direction, and the last record's time and key in hexadecimal, as in
//! `1d-64a1b2c3d4e5f-2a`.

use std::fmt;
use std::str::FromStr;

use gatelog_record::Timestamp;
use thiserror::Error;

use super::sort::Direction;

/// The place right after one stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The order in which the pages go on.
    pub direction: Direction,
    /// `start_time` of the last record before the place.
    pub time: Timestamp,
    /// The table's key of that record.
    pub id: i64,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no cursor: pass `next_cursor` of the page before")]
pub struct InvalidCursor;

const VERSION: &str = "1";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Ascending => 'a',
            Direction::Descending => 'd',
        };
        write!(f, "{VERSION}{direction}-{:x}-{:x}", self.time.as_micros(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('-');
        let (Some(head), Some(micros), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidCursor);
        };
        let direction = match head.strip_prefix(VERSION) {
            Some("a") => Direction::Ascending,
            Some("d") => Direction::Descending,
            _ => return Err(InvalidCursor),
        };
        let number = |text: &str| i64::from_str_radix(text, 16).map_err(|_| InvalidCursor);
        Ok(Self { direction, time: Timestamp::from_micros(number(micros)?), id: number(id)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_no_cursor_is_refused() {
        for text in ["", "1d", "1d-1", "1x-1-1", "2d-1-1", "1d-zz-1", "1d-1-1-1", "1d--1-1"] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in 1_000_000_i64..2_147_483_647_999_999, id in 0..i64::MAX, up: bool) {
            let direction = if up { Direction::Ascending } else { Direction::Descending };
            let cursor = Cursor { direction, time: Timestamp::from_micros(micros), id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }
}
