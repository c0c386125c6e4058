//! Numbers as HiMarket's server writes them, which is a Java program.

/// A number as `Double.toString` writes it: `22.0`, `0.125`, and from ten million on `1.2345678E7`.
pub fn format(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() || number == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        for (number, expected) in [
            (0.0, "0.0"),
            (22.0, "22.0"),
            (-1.5, "-1.5"),
            (0.1167, "0.1167"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (0.000_123, "1.23E-4"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (12_345_678.0, "1.2345678E7"),
            (-12_345_678.9, "-1.23456789E7"),
            (1e21, "1.0E21"),
        ] {
            assert_eq!(format(number), expected);
        }
    }
}
