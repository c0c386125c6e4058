//! Reads a count, in any form that providers and plugins write.

/// Largest accepted count: every JSON reader holds it exactly, and sums of many do not overflow.
pub const MAX: i64 = 1 << 53;

/// Most decimal places that an exponent may shift, either way: more than the digits of a number of the kept
/// length.
const MAX_SHIFT: usize = 99;

/// A count from the text of a JSON number, or of a text that contains only one. `8.0` and `1.2e1` are whole numbers
/// too. `None` when it is negative, has a fraction or is larger than [`MAX`].
pub fn count(number: &str) -> Option<i64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, shift(exponent)?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let mut places = exponent - isize::try_from(fraction.len()).ok()?;
    let mut value: i64 = 0;
    let digits: String = [whole, fraction].concat();
    let mut digits = digits.as_str();
    while places < 0 && !digits.is_empty() {
        digits = digits.strip_suffix('0')?;
        places += 1;
    }
    for digit in digits.bytes() {
        value = append(value, digit)?;
    }
    for _ in 0..places.max(0) {
        // Zero stays zero, whatever the exponent.
        value = if value == 0 { break } else { append(value, b'0')? };
    }
    Some(value)
}

/// The sum of two counts; `None` when it is too large for a count.
pub fn sum(one: i64, other: i64) -> Option<i64> {
    one.checked_add(other).filter(|sum| *sum <= MAX)
}

fn append(value: i64, digit: u8) -> Option<i64> {
    value.checked_mul(10)?.checked_add(i64::from(digit - b'0')).filter(|value| *value <= MAX)
}

fn shift(exponent: &str) -> Option<isize> {
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let places: usize = if is_digits(digits) { digits.parse().ok()? } else { return None };
    isize::try_from(places.min(MAX_SHIFT)).ok().map(|places| sign * places)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers_up_to_the_limit_are_counts_however_they_are_written() {
        for (text, expected) in [
            ("0", Some(0)),
            ("17", Some(17)),
            ("8.0", Some(8)),
            ("1e3", Some(1_000)),
            ("1.5E+3", Some(1_500)),
            ("1200e-2", Some(12)),
            ("0e99999", Some(0)),
            ("0e-5", Some(0)),
            ("9007199254740992", Some(MAX)),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_else_is_a_count() {
        for text in [
            "",
            "-1",
            "-0",
            "+1",
            "1.5",
            "1e-1",
            "1e",
            "1e+",
            "e5",
            ".5",
            "5.",
            "1_000",
            "12 tokens",
            " 12",
            "0x10",
            "null",
            "true",
            "NaN",
            "9007199254740993",
            "99999999999999999999",
            "1e400",
            "1e99999999999999999999",
            "١٢",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_that_is_too_large_is_none() {
        assert_eq!((sum(MAX, 0), sum(MAX, 1), sum(i64::MAX, 1), sum(2, 3)), (Some(MAX), None, None, Some(5)));
    }

    proptest! {
        #[test]
        fn every_number_in_range_is_read_unchanged(number in 0_i64..=MAX) {
            prop_assert_eq!(count(&number.to_string()), Some(number));
        }

        #[test]
        fn any_text_is_a_count_or_none(text in "[-+0-9.eE ]{0,60}|\\PC{0,20}") {
            if let Some(found) = count(&text) {
                prop_assert!((0..=MAX).contains(&found));
            }
        }
    }
}
