//! The forms in which clients write the time of a record: RFC 3339, a date and time without a zone, or a number since
//! 1970.

use jiff::tz::TimeZone;
use thiserror::Error;

use super::Timestamp;
use crate::date_time;

/// Largest numbers read as seconds, milliseconds and microseconds.
const SECONDS: u64 = 99_999_999_999;
const MILLIS: u64 = 99_999_999_999_999;
const MICROS: u64 = 99_999_999_999_999_999;

/// Why a value cannot be the time of a record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadableTime {
    /// The form is unknown.
    #[error(
        "\"{text}\" is not a time such as 2026-01-31T12:00:00Z, 2026-01-31 12:00:00 (UTC) or 1769860800 (since 1970)"
    )]
    NoTime {
        /// The value, cut to 64 characters.
        text: String,
    },
    /// It is outside the range that every database stores.
    #[error(
        "\"{text}\" is not between {} and {}, the times that every database stores",
        Timestamp::MIN,
        Timestamp::MAX
    )]
    OutOfRange {
        /// The value, cut to 64 characters.
        text: String,
    },
}

/// Reads a time in any of these forms:
///
/// - RFC 3339 with any offset;
/// - the same without an offset, which means UTC, or with a space for the `T`: `2026-01-31 12:00:00.5`, `2026-01-31`,
///   `20260131120000`;
/// - a number since 1970, in seconds, milliseconds, microseconds or nanoseconds by its size, with or without a fraction.
///
/// # Errors
///
/// [`UnreadableTime`]. A time outside the range that every database stores is refused, never clamped.
pub fn read(text: &str) -> Result<Timestamp, UnreadableTime> {
    let text = text.trim();
    let micros = if is_number(text) { number(text) } else { date(text) };
    let shown = || text.chars().take(64).collect();
    let micros = micros.ok_or_else(|| UnreadableTime::NoTime { text: shown() })?;
    in_range(micros).ok_or_else(|| UnreadableTime::OutOfRange { text: shown() })
}

/// A time from a number since 1970, with its unit inferred from its size: seconds below 10¹¹, milliseconds below
/// 10¹⁴, microseconds below 10¹⁷, otherwise nanoseconds.
///
/// # Errors
///
/// [`UnreadableTime::OutOfRange`].
pub fn from_epoch(number: i64) -> Result<Timestamp, UnreadableTime> {
    in_range(micros(number)).ok_or_else(|| UnreadableTime::OutOfRange { text: number.to_string() })
}

/// Like [`from_epoch`], for a number that may have a fraction.
///
/// # Errors
///
/// [`UnreadableTime::OutOfRange`].
pub fn from_fractional_epoch(number: f64) -> Result<Timestamp, UnreadableTime> {
    // The cast saturates, and the largest number is out of range too.
    let micros = (number * micros_in_unit(number.abs())).round() as i64;
    in_range(micros).ok_or_else(|| UnreadableTime::OutOfRange { text: number.to_string() })
}

fn in_range(micros: i64) -> Option<Timestamp> {
    let time = Timestamp::from_micros(micros);
    (time.as_micros() == micros).then_some(time)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn number(text: &str) -> Option<i64> {
    if text.contains('.') {
        let number: f64 = text.parse().ok()?;
        return Some((number * micros_in_unit(number.abs())).round() as i64);
    }
    let micros = micros(text.parse().ok()?);
    // Fourteen digits are either milliseconds of a distant year or MySQL's form of a date without separators.
    if in_range(micros).is_none()
        && text.len() == "20260131120000".len()
        && let Some((day, time)) = text.split_at_checked("20260131".len())
    {
        return date(&format!("{day}T{time}"));
    }
    Some(micros)
}

fn micros(number: i64) -> i64 {
    match number.unsigned_abs() {
        0..=SECONDS => number.saturating_mul(1_000_000),
        size if size <= MILLIS => number.saturating_mul(1_000),
        size if size <= MICROS => number,
        _ => number / 1_000,
    }
}

fn micros_in_unit(size: f64) -> f64 {
    match size as u64 {
        0..=SECONDS => 1e6,
        size if size <= MILLIS => 1e3,
        size if size <= MICROS => 1.0,
        _ => 1e-3,
    }
}

fn date(text: &str) -> Option<i64> {
    date_time::read(text, &TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_form() {
        for (text, expected) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T20:00:00.25+08:00", "2026-01-31T12:00:00.250000Z"),
            ("2026-01-31 12:00:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00", "2026-01-31T12:00:00.000000Z"),
            (" 2026-01-31 12:00:00.123456789 ", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31 12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("20260131120000", "2026-01-31T12:00:00.000000Z"),
            ("1769860800", "2026-01-31T12:00:00.000000Z"),
            ("1769860800.25", "2026-01-31T12:00:00.250000Z"),
            ("1769860800123", "2026-01-31T12:00:00.123000Z"),
            ("1769860800123456", "2026-01-31T12:00:00.123456Z"),
            ("1769860800123456789", "2026-01-31T12:00:00.123456Z"),
            ("1", "1970-01-01T00:00:01.000000Z"),
            ("2147483647999", "2038-01-19T03:14:07.999000Z"),
        ] {
            assert_eq!(read(text).map(|time| time.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_their_texts_are() {
        assert_eq!(from_epoch(1_769_860_800), read("1769860800"));
        assert_eq!(from_epoch(1_769_860_800_123), read("1769860800123"));
        assert_eq!(from_fractional_epoch(1_769_860_800.25), read("1769860800.25"));
    }

    #[test]
    fn a_time_that_databases_do_not_store_is_refused_and_never_moved() {
        for text in [
            "1969-12-31T23:59:59Z",
            "2038-01-19 03:14:08",
            "9999-01-01",
            "0",
            "-5",
            "2147483648",
            "9223372036854775807",
        ] {
            assert_eq!(read(text), Err(UnreadableTime::OutOfRange { text: text.into() }));
        }
        assert!(from_epoch(i64::MIN).is_err() && from_epoch(i64::MAX).is_err());
        for number in [0.5, -1.5, 1e300, f64::INFINITY, f64::NAN] {
            assert!(from_fractional_epoch(number).is_err(), "{number}");
        }
    }

    #[test]
    fn a_value_that_is_not_a_time_is_quoted_in_the_error_up_to_a_length() {
        for text in ["yesterday", "1.2.3", "99999999999999999999", "2026-02-30 00:00:00", "inf", "-", "é"] {
            assert_eq!(read(text), Err(UnreadableTime::NoTime { text: text.into() }));
        }
        let error = read(&"x".repeat(1_000_000)).unwrap_err().to_string();
        assert!(error.len() < 250, "{error}");
    }
}
