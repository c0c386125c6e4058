//! A point in time with microsecond precision: RFC 3339 in UTC on the wire, an integer in memory.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

pub(crate) mod forms;

/// Microseconds since 1970-01-01T00:00:00Z.
///
/// Envoy's clock has nanoseconds, MySQL's `TIMESTAMP(6)` has microseconds. Microseconds are the finest
/// precision that every database keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

/// A text that is not an RFC 3339 date and time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("\"{text}\" is not an RFC 3339 time such as 2026-01-31T12:00:00.000Z")]
pub struct InvalidTimestamp {
    /// The text, cut to 64 characters.
    pub text: String,
}

impl Timestamp {
    /// The earliest time that every database stores: the start of MySQL's `TIMESTAMP`.
    pub const MIN: Self = Self { micros: 1_000_000 };
    /// The latest time that every database stores: 2038-01-19T03:14:07.999999Z, the end of MySQL's `TIMESTAMP`.
    pub const MAX: Self = Self { micros: 2_147_483_647_999_999 };

    /// A time from microseconds since the epoch, clamped to [`Timestamp::MIN`]..=[`Timestamp::MAX`].
    pub fn from_micros(micros: i64) -> Self {
        Self { micros: micros.clamp(Self::MIN.micros, Self::MAX.micros) }
    }

    /// A time from nanoseconds since the epoch, the unit of Envoy's attributes and clock.
    pub fn from_nanos(nanos: u64) -> Self {
        Self::from_micros(i64::try_from(nanos / 1_000).unwrap_or(i64::MAX))
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.micros
    }

    /// Milliseconds since the epoch, rounded down.
    pub fn as_millis(self) -> i64 {
        self.micros.div_euclid(1_000)
    }

    /// The text of the time, as [`fmt::Display`] gives it, in ASCII.
    pub fn to_rfc3339(self) -> [u8; 27] {
        // `from_micros` keeps the value well inside jiff's range.
        let time = jiff::Timestamp::from_microsecond(self.micros).unwrap_or_default();
        let time = jiff::tz::Offset::UTC.to_datetime(time);
        let digit = |value: i32, unit: i32| b'0' + (value / unit % 10).unsigned_abs() as u8;
        let two = |value: i8| [digit(value.into(), 10), digit(value.into(), 1)];
        let year = |unit| digit(time.year().into(), unit);
        let micro = |unit| digit(time.subsec_nanosecond(), 1_000 * unit);
        let ([m, n], [d, e]) = (two(time.month()), two(time.day()));
        let ([h, i], [j, k], [s, t]) = (two(time.hour()), two(time.minute()), two(time.second()));
        let [u, v, w, x, y, z] = [100_000, 10_000, 1_000, 100, 10, 1].map(micro);
        let [a, b, c, f] = [1_000, 100, 10, 1].map(year);
        #[rustfmt::skip]
        let text = [a, b, c, f, b'-', m, n, b'-', d, e, b'T', h, i, b':', j, k, b':', s, t, b'.', u, v, w, x, y, z, b'Z'];
        text
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with exactly six fractional digits: `2026-01-31T12:00:00.000000Z`. The fixed width makes
    /// texts sort in the order of their times.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.to_rfc3339()).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339 with any offset. A time outside [`Timestamp::MIN`]..=[`Timestamp::MAX`] is clamped to the
    /// nearer end, which suits the bounds of a query. [`crate::json`] reads the time of a record and refuses such a
    /// time.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self::from_micros(time.as_microsecond()))
            .map_err(|_| InvalidTimestamp { text: text.chars().take(64).collect() })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_with_six_digits() {
        let time = Timestamp::from_micros(1_769_860_800_120_000);
        assert_eq!(time.to_string(), "2026-01-31T12:00:00.120000Z");
    }

    #[test]
    fn the_text_is_the_one_that_jiff_writes() {
        for micros in (0..2_147_483_647_999_999).step_by(7_654_321_987_654) {
            let time = Timestamp::from_micros(micros);
            let expected = jiff::Timestamp::from_microsecond(time.as_micros()).unwrap();
            assert_eq!(time.to_string(), format!("{expected:.6}"));
        }
    }

    #[test]
    fn an_offset_is_read_and_turned_into_utc() {
        let time: Timestamp = "2026-01-31T20:00:00+08:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T12:00:00.000000Z");
    }

    #[test]
    fn a_text_that_is_not_a_time_is_quoted_in_the_error() {
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("\"yesterday\""), "{error}");
    }

    #[test]
    fn a_time_beyond_what_databases_store_moves_to_the_end_of_the_range() {
        assert_eq!("9999-01-01T00:00:00Z".parse::<Timestamp>(), Ok(Timestamp::MAX));
        assert_eq!("1950-01-01T00:00:00Z".parse::<Timestamp>(), Ok(Timestamp::MIN));
        assert_eq!(Timestamp::from_nanos(u64::MAX), Timestamp::MAX);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for micros in [1_000_000, 1_769_860_800_000_001, 2_147_483_647_999_999] {
            let time = Timestamp::from_micros(micros);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
