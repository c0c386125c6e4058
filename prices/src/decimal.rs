//! Decimal numbers as texts and as integers: `2.5` with nine decimals is 2 500 000 000. Binary fractions would not add up.

/// Most digits before the point, which leaves room in 64 bits for nine after it.
const MAX_WHOLE_DIGITS: usize = 10;

/// The number in units of the last of `decimals` places, at most nine; `None` when the text is not a plain decimal (digits,
/// then perhaps a point and digits), has more places, or more than ten digits before the point.
pub fn read(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > MAX_WHOLE_DIGITS {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals.min(9) {
        return None;
    }
    let zeros = u32::try_from(decimals - fraction.len()).ok()?;
    let shift = u32::try_from(decimals).ok()?;
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? * 10_u64.pow(zeros) };
    whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(shift)?)?.checked_add(fraction)
}

/// The value as text, without trailing zeros. [`read`] reads it back, unless it has too many digits for that.
pub fn write(value: impl Into<u128>, decimals: usize) -> String {
    let value = value.into();
    let digits = format!("{value:0width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - decimals).unwrap_or((&digits, ""));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_decimals_are_read_and_nothing_else() {
        for (text, value) in [
            ("0", Some(0)),
            ("2.5", Some(2_500_000_000)),
            ("0.000000001", Some(1)),
            ("0.0000000010", Some(1)),
            ("007", Some(7_000_000_000)),
            ("9999999999", Some(9_999_999_999_000_000_000)),
            ("0.0000000001", None),
            ("10000000000", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("1,5", None),
            (" 1", None),
            ("1.2.3", None),
            ("٣", None),
        ] {
            assert_eq!(read(text, 9), value, "{text}");
        }
        assert_eq!((read("0.5", 6), read("0.0000001", 6)), (Some(500_000), None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in 0..9_999_999_999_999_999_999_u64) {
            prop_assert_eq!(read(&write(value, 9), 9), Some(value));
        }
    }
}
