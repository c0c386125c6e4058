//! The intervals of a histogram: their length, and where they begin.

use gatelog_record::Timestamp;

/// Most intervals of a histogram.
pub const MAX_INTERVALS: i64 = 1_500;
/// Most intervals when the request leaves their length open.
const MAX_AUTO: i64 = 120;
const MICROS: i64 = 1_000_000;
const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// The units of a length, in seconds.
pub const UNITS: [(char, u32); 4] = [('s', 1), ('m', MINUTE), ('h', HOUR), ('d', DAY)];
/// The longest interval, in seconds.
pub const MAX_LENGTH_S: u32 = 365 * DAY;

/// Lengths that people read easily, in seconds.
const ROUND: &[u32] = &[
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
];

/// Equal intervals that cover a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Their length in seconds.
    pub seconds: u32,
    /// The number of the first one since the epoch.
    pub first: i64,
    /// How many there are.
    pub count: i64,
}

impl Intervals {
    /// Those of this length that cover the time from `start` to `end`; none if that is before.
    pub fn of(seconds: u32, start: Timestamp, end: Timestamp) -> Self {
        let seconds = seconds.max(1);
        let step = i64::from(seconds) * MICROS;
        let first = start.as_micros().div_euclid(step);
        let count = if end < start { 0 } else { end.as_micros().div_euclid(step) - first + 1 };
        Self { seconds, first, count }
    }

    /// At most 120 of a round length.
    pub fn round(start: Timestamp, end: Timestamp) -> Self {
        let all = || ROUND.iter().map(|seconds| Self::of(*seconds, start, end));
        all()
            .find(|intervals| intervals.count <= MAX_AUTO)
            .or_else(|| all().next_back())
            .unwrap_or(Self::of(DAY, start, end))
    }

    /// When each begins.
    pub fn times(self) -> impl Iterator<Item = Timestamp> {
        let step = i64::from(self.seconds) * MICROS;
        (0..self.count).map(move |index| Timestamp::from_micros((self.first + index).saturating_mul(step)))
    }
}

/// Reads a length such as `10s`, `5m`, `1h`, `7d` as seconds, and `auto` as `None`.
///
/// # Errors
///
/// When it is none, or longer than a year.
pub fn read(value: &str) -> Result<Option<u32>, String> {
    if value == "auto" {
        return Ok(None);
    }
    let found = UNITS.into_iter().find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, seconds)));
    let seconds = found.and_then(|(number, unit)| {
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|_| is_number).and_then(|number: u32| number.checked_mul(unit))
    });
    match seconds {
        Some(seconds) if (1..=MAX_LENGTH_S).contains(&seconds) => Ok(Some(seconds)),
        _ => Err("it is neither auto nor a length such as 10s, 5m, 1h or 7d, of at most 365 days".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_read_with_their_unit() {
        for (text, expected) in
            [("10s", Some(10)), ("5m", Some(300)), ("1h", Some(3_600)), ("7d", Some(604_800)), ("auto", None)]
        {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for text in ["", "s", "0s", "5", "-5s", "+5s", "1.5h", "1w", "366d", "99999999999s", "1 m", "é"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_hour_has_minutes_and_a_day_quarters_of_an_hour() {
        let time = |text: &str| text.parse().unwrap();
        for (start, end, seconds, count) in [
            ("2026-01-31T12:00:30Z", "2026-01-31T13:00:30Z", 60, 61),
            ("2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z", 900, 97),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", 1, 1),
            ("2026-01-31T12:00:01Z", "2026-01-31T12:00:00Z", 1, 0),
        ] {
            let found = Intervals::round(time(start), time(end));
            assert_eq!((found.seconds, found.count), (seconds, count), "{start}");
        }
    }

    proptest! {
        #[test]
        fn round_intervals_cover_the_range_and_are_few(
            start in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
            length in 0..=Timestamp::MAX.as_micros(),
        ) {
            let start = Timestamp::from_micros(start);
            let end = Timestamp::from_micros(start.as_micros().saturating_add(length));
            let found = Intervals::round(start, end);
            prop_assert!((1..=MAX_AUTO).contains(&found.count));
            let step = i64::from(found.seconds) * MICROS;
            prop_assert!(found.first * step <= start.as_micros());
            prop_assert!((found.first + found.count) * step > end.as_micros());
            prop_assert_eq!(found.times().count(), usize::try_from(found.count).unwrap());
        }
    }
}
