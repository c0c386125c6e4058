//! Times as clients write them in a query string.
//!
//! Accepted: RFC 3339; `2026-03-27 10:00:00` and `2026-03-27T10:00:00`, with a fraction, without seconds, or the date
//! alone, all in the zone of the variable `query_time_zone`, which is UTC by default; and a number since the Unix epoch
//! whose length tells its unit: 10 digits are seconds, 13 milliseconds, 16 microseconds. In a query string an unescaped
//! `+` means a blank, so a blank before the offset is read as `+`.

use gatelog_record::{Timestamp, date_time};
use jiff::tz::TimeZone;

/// What a time may look like, for error messages.
pub const EXPECTED: &str = "a time such as 2026-01-31T12:00:00Z, 2026-01-31 12:00:00 (UTC, or the variable query_time_zone) or 1769860800000 (milliseconds)";

/// A time zone, for times that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Reads a zone: `Asia/Shanghai`, `+08:00`, `UTC`; empty means UTC. `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::UTC);
        }
        let zone = match date_time::offset(text) {
            Some(offset) => TimeZone::fixed(offset),
            None => TimeZone::get(text).ok()?,
        };
        Some(Self(zone))
    }

    /// Reads a time; `None` if it is none. Of a local time that comes twice in autumn the first is meant; one that is
    /// left out in spring is as much later.
    pub fn parse(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return epoch(text);
        }
        let text = with_plus(text);
        date_time::read(&text, &self.0).map(Timestamp::from_micros)
    }

    /// The time in this zone as HiMarket writes it, `2026-01-31 12:00:00`.
    pub fn local(&self, time: Timestamp) -> String {
        let seconds = time.as_micros().div_euclid(1_000_000);
        let Ok(instant) = jiff::Timestamp::from_second(seconds) else {
            return time.to_string();
        };
        let local = self.0.to_datetime(instant);
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        )
    }
}

/// Reads a number of whole seconds since the Unix epoch, however short; `None` if it is none.
pub fn seconds(digits: &str) -> Option<Timestamp> {
    let number: i64 = digits.trim().parse().ok().filter(|number| (0..10_000_000_000).contains(number))?;
    Some(Timestamp::from_micros(number * 1_000_000))
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

    fn read(zone: &str, text: &str) -> Option<String> {
        Zone::read(zone).unwrap().parse(text).map(|time| time.to_string())
    }

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
            (" 2026-01-31 12:00:00 ", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31 12:00:00.123456", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31 12:00", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
            ("1769860800", "2026-01-31T12:00:00.000000Z"),
            ("1769860800123", "2026-01-31T12:00:00.123000Z"),
            ("1769860800123456", "2026-01-31T12:00:00.123456Z"),
        ] {
            assert_eq!(read("", text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_are_in_that_of_the_configuration() {
        for (zone, text, expected) in [
            ("Asia/Shanghai", "2026-01-31 20:00:00", "2026-01-31T12:00:00.000000Z"),
            ("+08:00", "2026-01-31 20:00", "2026-01-31T12:00:00.000000Z"),
            ("-03:30", "2026-01-31T08:30:00", "2026-01-31T12:00:00.000000Z"),
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00.000000Z"),
            // Twice in autumn: the first. Left out in spring: an hour later.
            ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00.000000Z"),
            ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00.000000Z"),
            // Those that name their zone are what they are.
            ("Asia/Shanghai", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("Asia/Shanghai", "2026-01-31 12:00:00 00:00", "2026-01-31T12:00:00.000000Z"),
            ("Asia/Shanghai", "1769860800", "2026-01-31T12:00:00.000000Z"),
        ] {
            assert_eq!(read(zone, text).as_deref(), Some(expected), "{zone} {text}");
        }
        let noon = "2026-01-31T12:00:00.9Z".parse().unwrap();
        for (zone, expected) in [
            ("", "2026-01-31 12:00:00"),
            ("Asia/Shanghai", "2026-01-31 20:00:00"),
            ("-13:00", "2026-01-30 23:00:00"),
        ] {
            assert_eq!(Zone::read(zone).unwrap().local(noon), expected, "{zone}");
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["Mars/Base", "+8", "+08", "08:00", "+15:00", "+08:60", "+-8:00", "é"] {
            assert_eq!(Zone::read(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_may_be_short() {
        for (text, expected) in [
            ("0", Some("1970-01-01T00:00:01.000000Z")),
            (" 1769860800 ", Some("2026-01-31T12:00:00.000000Z")),
        ] {
            assert_eq!(seconds(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
        for text in ["", "-1", "1769860800000", "x", "1.5"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "now", "12", "17698608001234567", "2026-13-01", "2026-01-31 25:00:00", "é 08:00"] {
            assert_eq!(read("", text), None, "{text}");
        }
    }
}
