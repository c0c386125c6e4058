//! Times as clients write them in a query string.
//!
//! Accepted: RFC 3339; `2026-03-27 10:00:00` and `2026-03-27T10:00:00`, with a fraction, without seconds, or the date
//! alone, all in UTC; and a number since the Unix epoch whose length tells its unit: 10 digits are seconds, 13
//! milliseconds, 16 microseconds. In a query string an unescaped `+` means a blank, so a blank before the offset is
//! read as `+`.

use gatelog_record::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// What a time may look like, for error messages.
pub const EXPECTED: &str =
    "a time such as 2026-01-31T12:00:00Z, 2026-01-31 12:00:00 (UTC) or 1769860800000 (milliseconds)";

/// Reads a time; `None` if it is none.
pub fn parse(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return epoch(text);
    }
    let text = with_plus(text);
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    let time = Offset::UTC.to_timestamp(local).ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

fn epoch(digits: &str) -> Option<Timestamp> {
    let number: i64 = digits.parse().ok()?;
    let micros = match digits.len() {
        10 => number.checked_mul(1_000_000)?,
        13 => number.checked_mul(1_000)?,
        16 => number,
        _ => return None,
    };
    Some(Timestamp::from_micros(micros))
}

/// The text with the `+` of its offset back: `…10:00:00 08:00` becomes `…10:00:00+08:00`.
fn with_plus(text: &str) -> String {
    const OFFSET: &str = " 08:00";
    const DATE_AND_MINUTE: usize = "2026-01-31 12:00".len();
    let offset_at = text.len().saturating_sub(OFFSET.len());
    match text.split_at_checked(offset_at) {
        Some((time, offset)) if time.len() >= DATE_AND_MINUTE && offset.starts_with(' ') => {
            format!("{time}+{}", offset.trim_start())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, expected) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000Z"),
            ("2026-01-31T20:00:00+08:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T20:00:00 08:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31 20:00:00 08:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31 07:00:00-05:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31 12:00:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31 12:00:00.123456", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31 12:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("1769860800", "2026-01-31T12:00:00.000000Z"),
            ("1769860800123", "2026-01-31T12:00:00.123000Z"),
            ("1769860800123456", "2026-01-31T12:00:00.123456Z"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "now", "12", "17698608001234567", "2026-13-01", "2026-01-31 25:00:00", "é 08:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
