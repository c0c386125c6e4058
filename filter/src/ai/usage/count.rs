//! Counts of tokens, from the texts that providers and plugins write.

/// Largest count that is accepted: every JSON reader holds it exactly, and sums of many do not overflow.
const MAX_COUNT: i64 = 1 << 53;

/// A count from the text of a JSON number; a fraction of zeros is allowed. None when it is negative or too large.
pub fn count(number: &str) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let number: i64 = whole.parse().ok()?;
    ((0..=MAX_COUNT).contains(&number) && fraction.bytes().all(|digit| digit == b'0')).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_end_where_sums_of_them_would_overflow() {
        let max = MAX_COUNT.to_string();
        assert_eq!((count(&max), count("9007199254740993"), count("-1")), (Some(MAX_COUNT), None, None));
    }
}
