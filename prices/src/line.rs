//! One line of the price table: which calls it is for, and what they cost.

use std::sync::Arc;

use gatelog_record::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::decimal;
use crate::pattern::Pattern;
use crate::prices::TieredPrices;
use crate::tokens::{FACTOR_ONE, Tokens};

/// Decimal places of a factor.
pub const FACTOR_DECIMALS: usize = 6;
/// Longest [`Line::price_id`], in characters: what the field `price_id` takes.
pub const MAX_ID_CHARS: usize = 64;
/// The largest cost, in billionths: what the field `cost_nano` takes.
const MAX_COST_NANO: u64 = gatelog_record::limits::MAX_NUMBER.unsigned_abs();

/// What calls of some models cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Version of the table that the line was read in.
    pub version: Arc<str>,
    /// The models.
    pub pattern: Pattern,
    /// The only provider that it is for, as the field `provider` names it; none for any and for calls of which the provider
    /// is not known.
    pub provider: Option<String>,
    /// From when on it applies; none for always.
    pub from: Option<StartDate>,
    /// The prices.
    pub prices: TieredPrices,
    /// Other prices by class of service, each with the name that the field `service_tier` has.
    pub service_tiers: Vec<(String, ServiceTier)>,
}

/// A day, beginning at midnight in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StartDate {
    day: String,
    begins: Timestamp,
}

/// What a class of service costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// So many times what the line says, in millionths.
    Factor(u64),
    /// Prices of its own. What they do not name costs what the line says.
    Prices(TieredPrices),
}

impl Line {
    /// What a record's `price_id` says of the line: the table's version and the models. The provider and the date are those of
    /// the record.
    pub fn price_id(&self) -> String {
        format!("{}:{}", self.version, self.pattern.as_str())
    }

    /// Whether it is for calls of this model by this provider at this time. An empty provider is an unknown one.
    pub fn applies(&self, model: &str, provider: &str, at: Timestamp) -> bool {
        self.from.as_ref().is_none_or(|from| from.begins <= at)
            && self.provider.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(provider))
            && self.pattern.matches(model)
    }

    /// Whether it stands in the place of `other`: it is for the same models, and for the same provider or for all.
    pub fn replaces(&self, other: &Self) -> bool {
        let same = |own: &str, other: &str| own.eq_ignore_ascii_case(other);
        let for_its_provider = match (&self.provider, &other.provider) {
            (Some(own), Some(other)) => same(own, other),
            (Some(_), None) => false,
            (None, _) => true,
        };
        for_its_provider && same(self.pattern.as_str(), other.pattern.as_str())
    }

    /// The more, the more closely the line says what it is for: first the characters of the model's name, then whether it
    /// is a whole name, then whether it names the provider, then the later date.
    pub fn precedence(&self) -> impl Ord + use<> {
        let begins = self.from.as_ref().map(|from| from.begins);
        (self.pattern.literals(), self.pattern.is_exact(), self.provider.is_some(), begins)
    }

    /// What tokens cost in a class of service, in billionths of the currency. A class that the line does not name costs what
    /// the line says.
    ///
    /// `None` when a kind of token that there is has no price, or the cost is more than the field takes.
    pub fn cost(&self, tokens: &Tokens, service_tier: &str) -> Option<i64> {
        let input = tokens.all_input();
        let prices = self.prices.at(input);
        let named = self.service_tiers.iter().find(|(name, _)| name.eq_ignore_ascii_case(service_tier));
        let (prices, factor) = match named {
            Some((_, ServiceTier::Factor(factor))) => (prices, *factor),
            Some((_, ServiceTier::Prices(own))) => (own.at(input).over(prices), FACTOR_ONE),
            None => (prices, FACTOR_ONE),
        };
        i64::try_from(tokens.cost(&prices, factor, MAX_COST_NANO)?).ok()
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
    /// Writes the line's members as [`crate::read`] takes them.
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
