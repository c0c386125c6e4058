//! What is charged for a call, and the sum.

use gatelog_record::AccessRecord;

use crate::decimal;
use crate::prices::{PRICE_DECIMALS, Prices};

/// A price is for this many tokens.
const TOKENS_OF_A_PRICE: u128 = 1_000_000;
/// The factor 1: a factor has six decimal places.
pub const FACTOR_ONE: u64 = 1_000_000;
/// Decimal places of count times price times factor: nine of the price, six because it is for a million, six of the factor.
const AMOUNT_DECIMALS: usize = 21;

/// Tokens of one kind, and their price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The kind: the key of its price, or `undivided`.
    pub kind: &'static str,
    /// How many there are.
    pub tokens: u64,
    /// The price of a million of them, in billionths of the currency; `None` when none is given.
    pub price: Option<u64>,
}

impl Charge {
    /// The price as a decimal number of the currency.
    pub fn shown_price(&self) -> Option<String> {
        Some(decimal::write(self.price?, PRICE_DECIMALS))
    }

    /// The cost of the tokens times `factor` (in millionths), as an exact decimal number of the currency. `None` without a price.
    pub fn amount(&self, factor: u64) -> Option<String> {
        let product = u128::from(self.tokens) * u128::from(self.price?);
        Some(decimal::write(product.checked_mul(u128::from(factor))?, AMOUNT_DECIMALS))
    }
}

/// The tokens of a call, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens that the model read, other than those below.
    pub input: u64,
    /// Tokens that came from the provider's cache.
    pub cached: u64,
    /// Tokens that went into the provider's cache.
    pub cache_write: u64,
    /// Tokens that the model wrote, other than those below.
    pub output: u64,
    /// Tokens that were spent on reasoning.
    pub reasoning: u64,
    /// Tokens for which it is unknown whether they were read or written.
    pub undivided: u64,
}

impl Tokens {
    /// The tokens of a record. Its input includes tokens read from and written to the cache, its output includes reasoning; a
    /// part larger than the whole counts as the whole. If input or output is missing, it is what remains of the total.
    pub fn of(record: &AccessRecord<'_>) -> Self {
        let count = |count: Option<i64>| count.map(|count| u64::try_from(count).unwrap_or_default());
        let total = count(record.total_tokens);
        let rest = |known: u64| total.unwrap_or_default().saturating_sub(known);
        let (input, output, undivided) = match (count(record.input_tokens), count(record.output_tokens)) {
            (Some(input), Some(output)) => (input, output, 0),
            (Some(input), None) => (input, rest(input), 0),
            (None, Some(output)) => (rest(output), output, 0),
            (None, None) => (0, 0, rest(0)),
        };
        let part = |part: Option<i64>, whole: u64| count(part).unwrap_or_default().min(whole);
        let cached = part(record.cached_tokens, input);
        let cache_write = part(record.cache_write_tokens, input - cached);
        let reasoning = part(record.reasoning_tokens, output);
        Self {
            input: input - cached - cache_write,
            cached,
            cache_write,
            output: output - reasoning,
            reasoning,
            undivided,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All that the model read, which determines the tier.
    pub fn all_input(&self) -> u64 {
        [self.input, self.cached, self.cache_write, self.undivided].into_iter().fold(0, u64::saturating_add)
    }

    /// What is charged at these prices. Cached tokens and those written to the cache have the price of input unless they have
    /// one of their own, and reasoning that of output.
    pub fn charges(&self, prices: &Prices) -> [Charge; 6] {
        // A model that has no price for output, as for embeddings, writes nothing, so what is not divided was read.
        let undivided = prices.input.filter(|input| prices.output.is_none_or(|output| output == *input));
        let charge = |kind, tokens, price| Charge { kind, tokens, price };
        [
            charge("input", self.input, prices.input),
            charge("cached", self.cached, prices.cached.or(prices.input)),
            charge("cache_write", self.cache_write, prices.cache_write.or(prices.input)),
            charge("output", self.output, prices.output),
            charge("reasoning", self.reasoning, prices.reasoning.or(prices.output)),
            charge("undivided", self.undivided, undivided),
        ]
    }

    /// The cost of the tokens in billionths of the currency, times `factor` (in millionths): the products of counts and prices,
    /// summed exactly and rounded once, half up.
    ///
    /// `None` when a kind that occurs has no price, or the cost exceeds `max`.
    pub fn cost(&self, prices: &Prices, factor: u64, max: u64) -> Option<u64> {
        let mut sum: u128 = 0;
        for Charge { tokens, price, .. } in self.charges(prices) {
            if tokens > 0 {
                sum = sum.checked_add(u128::from(tokens) * u128::from(price?))?;
            }
        }
        let unit = TOKENS_OF_A_PRICE * u128::from(FACTOR_ONE);
        let rounded = sum.checked_mul(u128::from(factor))?.checked_add(unit / 2)? / unit;
        u64::try_from(rounded).ok().filter(|cost| *cost <= max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices {
        input: Some(3_000_000_000),
        cached: Some(300_000_000),
        cache_write: Some(3_750_000_000),
        output: Some(15_000_000_000),
        reasoning: Some(20_000_000_000),
    };

    fn cost(tokens: &Tokens, prices: &Prices) -> Option<u64> {
        tokens.cost(prices, FACTOR_ONE, u64::MAX)
    }

    #[test]
    fn each_token_of_a_record_is_counted_once() {
        let record = AccessRecord {
            input_tokens: Some(1_000),
            output_tokens: Some(200),
            total_tokens: Some(1_200),
            cached_tokens: Some(600),
            cache_write_tokens: Some(100),
            reasoning_tokens: Some(150),
            ..AccessRecord::default()
        };
        let tokens = Tokens::of(&record);
        let expected =
            Tokens { input: 300, cached: 600, cache_write: 100, output: 50, reasoning: 150, undivided: 0 };
        assert_eq!(tokens, expected);
        assert_eq!(cost(&tokens, &PRICES), Some(900_000 + 180_000 + 375_000 + 750_000 + 3_000_000));
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        let record = AccessRecord {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cached_tokens: Some(8),
            cache_write_tokens: Some(100),
            reasoning_tokens: Some(i64::MAX),
            ..AccessRecord::default()
        };
        let expected = Tokens { cached: 8, cache_write: 2, reasoning: 5, ..Tokens::default() };
        assert_eq!(Tokens::of(&record), expected);
    }

    #[test]
    fn a_count_that_is_missing_is_the_rest_of_the_total() {
        let of = |input_tokens, output_tokens, total_tokens| {
            Tokens::of(&AccessRecord { input_tokens, output_tokens, total_tokens, ..AccessRecord::default() })
        };
        assert_eq!(of(Some(7), None, Some(10)), Tokens { input: 7, output: 3, ..Tokens::default() });
        assert_eq!(of(None, Some(4), Some(10)), Tokens { input: 6, output: 4, ..Tokens::default() });
        assert_eq!(of(None, None, Some(10)), Tokens { undivided: 10, ..Tokens::default() });
        assert_eq!(of(Some(7), None, None), Tokens { input: 7, ..Tokens::default() });
        assert!(of(None, None, None).is_empty() && of(Some(0), Some(0), Some(0)).is_empty());
        assert!(of(Some(-1), Some(-1), Some(-1)).is_empty());
    }

    #[test]
    fn a_kind_without_a_price_costs_what_it_is_a_part_of_and_else_there_is_no_cost() {
        let prices = Prices { input: Some(2_000_000), output: Some(4_000_000), ..Prices::default() };
        let tokens = Tokens { cached: 1, cache_write: 1, reasoning: 1, ..Tokens::default() };
        assert_eq!(cost(&tokens, &prices), Some(2 + 2 + 4));
        let input_only = Prices { output: None, ..prices };
        assert_eq!(cost(&tokens, &input_only), None);
        let undivided = Tokens { undivided: 3, ..Tokens::default() };
        assert_eq!(cost(&undivided, &input_only), Some(6));
        assert_eq!(cost(&undivided, &prices), None);
        assert_eq!(cost(&undivided, &Prices { output: prices.input, ..prices }), Some(6));
    }

    #[test]
    fn the_sum_is_rounded_once_and_a_half_upwards() {
        let prices = Prices { input: Some(1), output: Some(1), ..Prices::default() };
        for (input, output, expected) in
            [(499_999, 0, 0), (500_000, 0, 1), (250_000, 250_000, 1), (1_499_999, 0, 1)]
        {
            let tokens = Tokens { input, output, ..Tokens::default() };
            assert_eq!(cost(&tokens, &prices), Some(expected), "{input} {output}");
        }
        let tokens = Tokens { input: 1_000_000, ..Tokens::default() };
        assert_eq!(tokens.cost(&prices, 499_999, u64::MAX), Some(0));
        assert_eq!(tokens.cost(&prices, 500_000, u64::MAX), Some(1));
    }

    #[test]
    fn a_cost_that_no_column_takes_is_none() {
        let tokens = Tokens { input: 1 << 53, output: 1 << 53, ..Tokens::default() };
        let dear = Prices { input: Some(u64::MAX), output: Some(u64::MAX), ..Prices::default() };
        assert_eq!(tokens.cost(&dear, u64::MAX, u64::MAX), None);
        let cheap = Prices { input: Some(500_000), output: Some(500_000), ..Prices::default() };
        assert_eq!(tokens.cost(&cheap, FACTOR_ONE, 1 << 53), Some(1 << 53));
        assert_eq!(tokens.cost(&cheap, FACTOR_ONE, (1 << 53) - 1), None);
    }
}
