//! Dates and times in ISO 8601: with an offset, or without one in a given zone.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Reads RFC 3339 with any offset, or a local time in `zone` without an offset: `2026-01-31T12:00:00Z`, `2026-01-31
/// 12:00:00.5`, `2026-01-31 12:00`, `2026-01-31`. Returns microseconds since 1970, which may be outside the range
/// of a [`Timestamp`](crate::Timestamp); `None` when the text is not a time.
///
/// A local time that occurs twice in autumn means the first occurrence. One that is skipped in spring moves
/// forward by the length of the gap.
pub fn read(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond());
    }
    let local: DateTime = text.parse().ok()?;
    zone.to_timestamp(local).ok().map(jiff::Timestamp::as_microsecond)
}

/// Reads an offset from UTC of less than 15 hours, `+08:00` or `-03:30`; `None` when the text is not an
/// offset.
pub fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |text: &str| {
        let is_one = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|_| is_one)
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let is_one = hours <= 14 && minutes < 60;
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok().filter(|_| is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_written_with_sign_hours_and_minutes() {
        for (text, seconds) in [
            ("+00:00", Some(0)),
            ("-00:00", Some(0)),
            ("+08:00", Some(28_800)),
            ("-03:30", Some(-12_600)),
            ("+14:00", Some(50_400)),
            ("+15:00", None),
            ("+05:60", None),
            ("8", None),
            ("+8:00", None),
            ("+-8:00", None),
            ("++8:00", None),
            ("+08:0é", None),
            ("é08:00", None),
            ("+08", None),
            ("", None),
        ] {
            assert_eq!(offset(text).map(Offset::seconds), seconds, "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_in_the_zone() {
        let zone = TimeZone::fixed(Offset::from_seconds(8 * 3_600).unwrap());
        for text in
            ["2026-01-31T12:00:00Z", "2026-01-31 20:00:00", "2026-01-31T20:00", "2026-01-31 07:00:00-05:00"]
        {
            assert_eq!(read(text, &zone), Some(1_769_860_800_000_000), "{text}");
        }
        assert_eq!(read("2026-01-31", &TimeZone::UTC), Some(1_769_817_600_000_000));
        for text in ["", "now", "2026-02-30", "20:00"] {
            assert_eq!(read(text, &zone), None, "{text}");
        }
    }
}
