//! Classes of values on a logarithmic scale, of which percentiles are made.
//!
//! Values below 32 are classes of their own; each doubling above is cut into 16 classes of equal width. So a class is at most
//! a sixteenth as wide as its smallest value, and its middle, which stands for it, is at most 3.2 % beside each value in it.
//!
//! The class is worked out by each statement, in whole numbers: `CASE WHEN v < 32 THEN v WHEN v < 64 THEN v - v % 2 …`.
//! Spin's SQLite has no logarithm (it is built without `SQLITE_ENABLE_MATH_FUNCTIONS`), Turso and MySQL round theirs
//! differently, and a column for each of three fields would cost every insert and could not be in the index that has `duration`
//! already. Most values are found within the first ten comparisons.

use std::fmt::Write;

/// Classes of a doubling.
const CLASSES: i64 = 16;
/// Values below are exact.
const EXACT_BELOW: i64 = 2 * CLASSES;
/// Above this value, 50 days of milliseconds, classes get no wider.
const WIDEST_FROM: i64 = 1 << 32;

/// The expression of the smallest value of the class that a column's value is in.
pub(super) fn sql(column: &str) -> String {
    let mut sql = format!("CASE WHEN {column} < {EXACT_BELOW} THEN {column}");
    let mut low = EXACT_BELOW;
    while low < WIDEST_FROM {
        let _ = write!(sql, " WHEN {column} < {} THEN {column} - {column} % {}", 2 * low, low / CLASSES);
        low *= 2;
    }
    let _ = write!(sql, " ELSE {column} - {column} % {} END", low / CLASSES);
    sql
}

/// The smallest value of the class that a value is in.
pub fn smallest(value: i64) -> i64 {
    if value < EXACT_BELOW { value } else { value - value % width(value) }
}

/// The value that stands for the class with this smallest value: its middle.
pub fn middle(smallest: i64) -> i64 {
    if smallest < EXACT_BELOW { smallest } else { smallest.saturating_add((width(smallest) - 1) / 2) }
}

/// The number of whole numbers in the class of a value that is not exact.
fn width(value: i64) -> i64 {
    let mut low = EXACT_BELOW;
    while low < WIDEST_FROM && low <= value / 2 {
        low *= 2;
    }
    low / CLASSES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_class_stands_for_its_values_within_five_percent(value in prop_oneof![0..100_000_i64, 0..=1_i64 << 53]) {
            let shown = middle(smallest(value));
            prop_assert_eq!(smallest(shown), smallest(value));
            let error = (shown - value).abs() as f64;
            prop_assert!(error <= 0.032 * value as f64, "{} for {}", shown, value);
        }

        #[test]
        fn larger_values_are_in_the_same_class_or_a_larger_one(value in 0..=1_i64 << 53, more in 0..100_000_i64) {
            prop_assert!(smallest(value) <= smallest(value + more));
        }
    }

    #[test]
    fn small_values_are_exact() {
        for value in [-1, 0, 1, 31, 32] {
            assert_eq!(middle(smallest(value)), value);
        }
    }
}
