//! Dates and times in ISO 8601: with an offset, or without one in a given zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads RFC 3339 with any offset, or the same without an offset, which is in `zone`: `2026-01-31T12:00:00Z`,
/// `2026-01-31 12:00:00.5`, `2026-01-31 12:00`, `2026-01-31`. Returns microseconds since 1970, which may be outside of what
/// a [`Timestamp`](crate::Timestamp) holds; `None` when it is no time.
///
/// Of a local time that comes twice in autumn the first is meant; one that is left out in spring is as much later.
pub fn read(text: &str, zone: &TimeZone) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond());
    }
    let local: DateTime = text.parse().ok()?;
    zone.to_timestamp(local).ok().map(jiff::Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

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
