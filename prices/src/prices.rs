//! The prices of a line of the table: by kind of token, and by size of the input.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::decimal;

/// Decimal places of a price: billionths of the currency per million tokens.
pub const PRICE_DECIMALS: usize = 9;

/// The price of a million tokens of each kind, in billionths of the currency; `None` where none is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Tokens that the model read, other than those below.
    pub input: Option<u64>,
    /// Tokens that came from the provider's cache.
    pub cached: Option<u64>,
    /// Tokens that went into the provider's cache.
    pub cache_write: Option<u64>,
    /// Tokens that the model wrote, other than those below.
    pub output: Option<u64>,
    /// Tokens that were spent on reasoning.
    pub reasoning: Option<u64>,
}

/// Prices, and others that apply when the input is large.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TieredPrices {
    /// The prices for a small input.
    pub prices: Prices,
    /// Other prices for a larger one.
    pub above: Option<Box<Above>>,
}

/// Prices of calls with a large input. They apply to all tokens of such a call, not only to those beyond the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    /// The largest input, in tokens, to which they do not apply.
    pub input_tokens: u64,
    /// The prices above. Those that it does not name are the same as below.
    pub prices: TieredPrices,
}

impl Prices {
    /// Each kind by its key in JSON.
    pub fn by_key(&self) -> [(&'static str, Option<u64>); 5] {
        let Self { input, cached, cache_write, output, reasoning } = *self;
        [
            ("input", input),
            ("cached", cached),
            ("cache_write", cache_write),
            ("output", output),
            ("reasoning", reasoning),
        ]
    }

    /// The same, mutable.
    pub fn by_key_mut(&mut self) -> [(&'static str, &mut Option<u64>); 5] {
        let Self { input, cached, cache_write, output, reasoning } = self;
        [
            ("input", input),
            ("cached", cached),
            ("cache_write", cache_write),
            ("output", output),
            ("reasoning", reasoning),
        ]
    }

    /// These prices, and those of `base` where none is given.
    pub fn over(self, base: Self) -> Self {
        Self {
            input: self.input.or(base.input),
            cached: self.cached.or(base.cached),
            cache_write: self.cache_write.or(base.cache_write),
            output: self.output.or(base.output),
            reasoning: self.reasoning.or(base.reasoning),
        }
    }
}

impl TieredPrices {
    /// The prices of a call with this much input.
    pub fn at(&self, input_tokens: u64) -> Prices {
        match &self.above {
            Some(above) if input_tokens > above.input_tokens => {
                above.prices.at(input_tokens).over(self.prices)
            }
            _ => self.prices,
        }
    }

    /// The highest bound that a call with this much input exceeds.
    pub fn bound_at(&self, input_tokens: u64) -> Option<u64> {
        let above = self.above.as_ref().filter(|above| input_tokens > above.input_tokens)?;
        above.prices.bound_at(input_tokens).or(Some(above.input_tokens))
    }

    /// Writes the members for the prices of a line or of a part of one.
    pub(crate) fn serialize_members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (key, price) in self.prices.by_key() {
            if let Some(price) = price {
                map.serialize_entry(key, &decimal::write(price, PRICE_DECIMALS))?;
            }
        }
        if let Some(above) = &self.above {
            map.serialize_entry("above_input_tokens", &above.input_tokens)?;
            map.serialize_entry("above", &above.prices)?;
        }
        Ok(())
    }
}

impl Serialize for TieredPrices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_members(&mut map)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_input_has_the_prices_of_its_tier_and_what_that_does_not_name_stays() {
        let prices = |input, output| Prices { input: Some(input), output, ..Prices::default() };
        let top = TieredPrices { prices: prices(3, None), above: None };
        let middle = TieredPrices {
            prices: prices(2, Some(20)),
            above: Some(Box::new(Above { input_tokens: 256, prices: top })),
        };
        let tiered = TieredPrices {
            prices: prices(1, Some(10)),
            above: Some(Box::new(Above { input_tokens: 32, prices: middle })),
        };
        for (input_tokens, input, output) in
            [(0, 1, 10), (32, 1, 10), (33, 2, 20), (256, 2, 20), (257, 3, 20)]
        {
            assert_eq!(tiered.at(input_tokens), prices(input, Some(output)), "{input_tokens}");
        }
    }
}
