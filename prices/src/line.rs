//! One line of the price table: which calls it is for, and what they cost.

use std::sync::Arc;

use gatelog_record::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::decimal;
use crate::pattern::Pattern;
use crate::prices::{Prices, TieredPrices};
use crate::tokens::{FACTOR_ONE, Tokens};

/// Decimal places of a factor.
pub const FACTOR_DECIMALS: usize = 6;
/// Longest [`Line::price_id`], in characters: the limit of the field `price_id`.
pub const MAX_ID_CHARS: usize = 64;
/// The largest cost, in billionths: the limit of the field `cost_nano`.
const MAX_COST_NANO: u64 = gatelog_record::limits::MAX_NUMBER.unsigned_abs();

/// The prices of some models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Version of the table that contains the line.
    pub version: Arc<str>,
    /// The models.
    pub pattern: Pattern,
    /// The only provider that it is for, as in the field `provider`; none for any provider, known or not.
    pub provider: Option<String>,
    /// When it begins to apply; none for always.
    pub from: Option<StartDate>,
    /// The prices.
    pub prices: TieredPrices,
    /// Other prices by service tier, each under its name in the field `service_tier`.
    pub service_tiers: Vec<(String, ServiceTier)>,
}

/// A day, beginning at midnight in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StartDate {
    day: String,
    begins: Timestamp,
}

/// The prices of a service tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// The line's prices times this, in millionths.
    Factor(u64),
    /// Prices of its own. Those that it does not name are the line's.
    Prices(TieredPrices),
}

impl Line {
    /// The line in a record's `price_id`: the table's version and the models. Provider and date are in the record.
    pub fn price_id(&self) -> String {
        format!("{}:{}", self.version, self.pattern.as_str())
    }

    /// Whether it is for calls of this model from this provider at this time. An empty provider is an unknown one.
    pub fn applies(&self, model: &str, provider: &str, at: Timestamp) -> bool {
        self.is_for(provider, at) && self.pattern.matches(model)
    }

    /// Whether it is for any calls from this provider at this time.
    pub fn is_for(&self, provider: &str, at: Timestamp) -> bool {
        self.from.as_ref().is_none_or(|from| from.begins <= at)
            && self.provider.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(provider))
    }

    /// Whether it replaces `other`: it is for the same models, and for the same provider or for all.
    pub fn replaces(&self, other: &Self) -> bool {
        let same = |own: &str, other: &str| own.eq_ignore_ascii_case(other);
        let for_its_provider = match (&self.provider, &other.provider) {
            (Some(own), Some(other)) => same(own, other),
            (Some(_), None) => false,
            (None, _) => true,
        };
        for_its_provider && same(self.pattern.as_str(), other.pattern.as_str())
    }

    /// The greater, the more specific the line: compares the characters of the model's name, then whether it is a whole name, then
    /// whether it names the provider, then the date.
    pub fn precedence(&self) -> impl Ord + use<> {
        let begins = self.from.as_ref().map(|from| from.begins);
        (self.pattern.literals(), self.pattern.is_exact(), self.provider.is_some(), begins)
    }

    /// The cost of tokens in a service tier; see [`Calculation::cost`].
    pub fn cost(&self, tokens: Tokens, service_tier: &str) -> Option<i64> {
        self.calculation(tokens, service_tier).cost()
    }

    /// How tokens are charged in a service tier. A tier that the line does not name has the line's prices.
    pub fn calculation(&self, tokens: Tokens, service_tier: &str) -> Calculation<'_> {
        let input = tokens.all_input();
        let base = self.prices.at(input);
        let named = self.service_tiers.iter().find(|(name, _)| name.eq_ignore_ascii_case(service_tier));
        let (prices, factor, own) = match named {
            Some((_, ServiceTier::Factor(factor))) => (base, *factor, None),
            Some((_, ServiceTier::Prices(own))) => (own.at(input).over(base), FACTOR_ONE, Some(own)),
            None => (base, FACTOR_ONE, None),
        };
        Calculation {
            line: self,
            tokens,
            prices,
            factor,
            above_input_tokens: own.and_then(|own| own.bound_at(input)).or(self.prices.bound_at(input)),
            service_tier: named.map(|(name, _)| name.as_str()),
        }
    }
}

/// How a call is charged: at which prices of a line, and with which factor.
#[derive(Clone, Copy, Debug)]
pub struct Calculation<'l> {
    /// The line.
    pub line: &'l Line,
    /// What is charged.
    pub tokens: Tokens,
    /// The prices that apply.
    pub prices: Prices,
    /// What the sum is multiplied by, in millionths.
    pub factor: u64,
    /// The bound that the input exceeds, if prices for large inputs apply.
    pub above_input_tokens: Option<u64>,
    /// The service tier, if the line names it.
    pub service_tier: Option<&'l str>,
}

impl Calculation<'_> {
    /// The factor as a decimal number, unless it is 1.
    pub fn shown_factor(&self) -> Option<String> {
        (self.factor != FACTOR_ONE).then(|| decimal::write(self.factor, FACTOR_DECIMALS))
    }

    /// The cost in billionths of the currency. `None` when a kind of token that occurs has no price, or the cost exceeds the
    /// limit of the field.
    pub fn cost(&self) -> Option<i64> {
        i64::try_from(self.tokens.cost(&self.prices, self.factor, MAX_COST_NANO)?).ok()
    }
}

impl StartDate {
    /// Reads `2026-01-31`.
    pub fn read(day: &str) -> Option<Self> {
        let begins = format!("{day}T00:00:00Z").parse().ok().filter(|_| day.len() == 10)?;
        Some(Self { day: day.to_owned(), begins })
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_members(&mut map)?;
        map.end()
    }
}

impl Line {
    /// Writes the line's members in the form that [`crate::read`] reads.
    ///
    /// # Errors
    ///
    /// The writer's.
    pub fn serialize_members<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("match", self.pattern.as_str())?;
        if let Some(provider) = &self.provider {
            map.serialize_entry("provider", provider)?;
        }
        if let Some(from) = &self.from {
            map.serialize_entry("from", &from.day)?;
        }
        self.prices.serialize_members(map)?;
        if !self.service_tiers.is_empty() {
            map.serialize_entry("service_tiers", &ServiceTiers(&self.service_tiers))?;
        }
        Ok(())
    }
}

struct ServiceTiers<'l>(&'l [(String, ServiceTier)]);

impl Serialize for ServiceTiers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, tier)| (name, tier)))
    }
}

impl Serialize for ServiceTier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Prices(prices) => prices.serialize(serializer),
            Self::Factor(factor) => {
                serializer.collect_map([("factor", decimal::write(*factor, FACTOR_DECIMALS))])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_nothing_else_is_a_day() {
        assert_eq!(
            StartDate::read("2026-01-31").map(|from| from.begins.as_micros()),
            Some(1_769_817_600_000_000)
        );
        for text in ["", "2026-1-31", "2026-02-30", "2026-01-31T00:00:00Z", "20260131", "2026/01/31"] {
            assert_eq!(StartDate::read(text), None, "{text}");
        }
    }
}
