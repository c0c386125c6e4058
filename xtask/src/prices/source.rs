//! What is read of a published table.

use gatelog_prices::decimal;
use gatelog_prices::line::Line;
use gatelog_prices::prices::PRICE_DECIMALS;

/// What was read of one source.
#[derive(Default)]
pub struct Read {
    /// The lines of each model that the source has.
    pub models: Vec<Vec<Line>>,
    /// Entries that cannot be said in a line, and why.
    pub left_out: Vec<String>,
}

/// An amount of money as a table has it, in billionths. The sources write what a float makes of it, hence the rounding.
pub fn amount(value: f64) -> Option<u64> {
    decimal::read(&format!("{value:.PRICE_DECIMALS$}"), PRICE_DECIMALS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_what_people_wrote() {
        assert_eq!(amount(0.15), Some(150_000_000));
        assert_eq!(amount(1.6e-6 * 1e6), Some(1_600_000_000));
        assert_eq!(amount(0.003_625), Some(3_625_000));
        assert_eq!(amount(-1.0), None);
    }
}
