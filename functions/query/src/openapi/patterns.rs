//! The regular expressions of texts with a form, no wider and no narrower than what is read.

use crate::aggregate::interval::{MAX_LENGTH_S, UNITS};

/// A length of intervals; empty as well, which is as if it were not there.
pub(super) fn interval() -> String {
    let lengths: Vec<String> =
        UNITS.iter().map(|(unit, seconds)| format!("({}){unit}", up_to(MAX_LENGTH_S / seconds))).collect();
    format!("^(auto|0*({}))?$", lengths.join("|"))
}

/// A number of a list of numbers or ranges. A range has no negative end, because its sign would be another separator.
pub(super) const NUMBER_OR_RANGE: &str = r"^(-?\d{1,19}|\d{1,19}-\d{1,19})$";

/// A whole number from 1 to `max`, without zeros before it.
fn up_to(max: u32) -> String {
    let digits = max.to_string();
    let mut branches = Vec::new();
    let any = |count: usize| match count {
        0 => String::new(),
        1 => r"\d".to_owned(),
        count => format!(r"\d{{{count}}}"),
    };
    match digits.len() - 1 {
        0 => {}
        1 => branches.push("[1-9]".to_owned()),
        shorter => branches.push(format!(r"[1-9]\d{{0,{}}}", shorter - 1)),
    }
    for (place, digit) in digits.char_indices() {
        // The numbers as long as `max` that are the same before this place and smaller at it.
        let lowest = if place == 0 { '1' } else { '0' };
        let below = char::from_u32(u32::from(digit).saturating_sub(1)).unwrap_or(lowest);
        if below >= lowest {
            let same = digits.get(..place).unwrap_or_default();
            let here = if below == lowest { lowest.to_string() } else { format!("[{lowest}-{below}]") };
            branches.push(format!("{same}{here}{}", any(digits.len() - place - 1)));
        }
    }
    branches.push(digits);
    branches.join("|")
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::aggregate::interval;
    use crate::params::value_syntax;

    #[test]
    fn a_number_up_to_a_bound_has_a_form() {
        for max in [1, 2, 9, 10, 11, 19, 20, 99, 100, 101, 365, 8_760, 10_203] {
            let pattern = Regex::new(&format!("^({})$", up_to(max))).unwrap();
            for number in 0..=max * 11 {
                assert_eq!(
                    pattern.is_match(&number.to_string()),
                    (1..=max).contains(&number),
                    "{number} of {max}"
                );
            }
        }
    }

    #[test]
    fn the_form_of_a_length_is_what_is_read() {
        let pattern = Regex::new(&super::interval()).unwrap();
        assert!(pattern.is_match(""), "an empty one is as if it were not there");
        for number in [
            "",
            "0",
            "00",
            "1",
            "007",
            "9",
            "10",
            "364",
            "365",
            "366",
            "8760",
            "8761",
            "525600",
            "525601",
            "31536000",
            "31536001",
            "99999999",
            "4294967296",
            "-1",
            "1.5",
            " 1",
        ] {
            for unit in ["s", "m", "h", "d", "", "w", "S"] {
                let length = format!("{number}{unit}");
                if !length.is_empty() {
                    assert_eq!(pattern.is_match(&length), interval::read(&length).is_ok(), "{length}");
                }
            }
        }
        assert!(pattern.is_match("auto") && !pattern.is_match("autos"));
    }

    #[test]
    fn the_form_of_a_number_or_a_range_is_what_is_read() {
        let pattern = Regex::new(NUMBER_OR_RANGE).unwrap();
        for text in ["5", "-5", "5-10", "-5-10", "-5--3", "5-", "-", "--5", "5-10-15", "", "x", "1.5", "007"]
        {
            assert_eq!(pattern.is_match(text), value_syntax::range(text).is_some(), "{text}");
        }
    }
}
