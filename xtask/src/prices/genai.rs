//! The table of genai-prices: a list of providers, each with its models, prices for a million tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatelog_prices::line::{Line, ServiceTier, StartDate};
use gatelog_prices::prices::{Above, Prices, TieredPrices};
use gatelog_prices::tokens::FACTOR_ONE;
use serde_json::{Map, Value};

use super::clauses;
use super::selection::{GENAI, HISTORY_FROM, Provider, is_pattern_taken, is_taken};
use super::source::{Read, amount};

/// What a line has, by its key in a set of prices.
const KEYS: [(&str, &str); 5] = [
    ("input", "input_mtok"),
    ("cached", "cache_read_mtok"),
    ("cache_write", "cache_write_mtok"),
    ("output", "output_mtok"),
    ("reasoning", "output_reasoning_mtok"),
];

/// The classes of service by what asks for them in the source.
const SERVICE_TIERS: [(&str, &str); 3] =
    [("service_tier", "flex"), ("service_tier", "priority"), ("processing", "batch")];

/// A day after all others.
const NEVER: &str = "9999-12-31";

/// The lines of the providers that are taken from this source.
pub fn read(providers: &[Value], version: &Arc<str>) -> Read {
    let mut read = Read::default();
    for provider in GENAI {
        let found = providers.iter().find(|found| found.get("id").is_some_and(|id| id == provider.name));
        let models = found.and_then(|found| found.get("models")).and_then(Value::as_array);
        for model in models.into_iter().flatten() {
            add(provider, model, version, &mut read);
        }
    }
    read
}

fn add(provider: &Provider, model: &Value, version: &Arc<str>, read: &mut Read) {
    let id = model.get("id").and_then(Value::as_str).unwrap_or_default();
    if !is_taken(provider, id) || model.get("deprecated").is_some_and(|deprecated| deprecated == true) {
        return;
    }
    let (mut patterns, left_out) = clauses::patterns(model.get("match").unwrap_or(&Value::Null));
    read.left_out
        .extend(left_out.iter().map(|clause| format!("{}/{id}: {clause} is no pattern", provider.name)));
    patterns.retain(|pattern| is_pattern_taken(provider, pattern.as_str()));
    let mut lines = Vec::new();
    for period in periods(model) {
        let prices = tiered(&period.standard);
        let is_priced =
            [prices.prices.input, prices.prices.output].into_iter().flatten().any(|price| price > 0);
        if !is_priced {
            read.left_out.push(format!("{}/{id}: it has no price for tokens", provider.name));
            continue;
        }
        let service_tiers = period.service_tiers.iter().filter_map(|(name, own)| {
            let own = tiered(own);
            Some(((*name).to_owned(), service_tier(&prices, own)?))
        });
        let service_tiers: Vec<_> = service_tiers.collect();
        lines.extend(patterns.iter().map(|pattern| Line {
            version: Arc::clone(version),
            pattern: pattern.clone(),
            provider: provider.only.map(str::to_owned),
            from: period.begins.as_deref().and_then(StartDate::read),
            prices: prices.clone(),
            service_tiers: service_tiers.clone(),
        }));
    }
    read.models.push(lines);
}

/// The prices between two days on which some change.
struct Period {
    begins: Option<String>,
    standard: Map<String, Value>,
    service_tiers: Vec<(&'static str, Map<String, Value>)>,
}

fn periods(model: &Value) -> Vec<Period> {
    let plain;
    let standard = match model.get("prices") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(prices) => {
            plain = [serde_json::json!({ "prices": prices })];
            &plain
        }
        None => &[],
    };
    let variants = model.get("price_variants").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of_tier = |(key, name): (&str, &str)| -> Vec<&Value> {
        let asks = |variant: &&Value| {
            variant
                .get("when")
                .and_then(Value::as_object)
                .is_some_and(|when| when.len() == 1 && when.get(key).is_some_and(|value| value == name))
        };
        variants.iter().filter(asks).collect()
    };
    let mut days: BTreeSet<&str> = standard.iter().filter_map(start).collect();
    // What is known of a class of service from a day on held before, as far as anybody says.
    for tier in SERVICE_TIERS {
        let starts: BTreeSet<&str> = of_tier(tier).into_iter().filter_map(start).collect();
        days.extend(starts.into_iter().skip(1));
    }
    // What is before the history holds from its beginning.
    days.retain(|day| *day > HISTORY_FROM);
    let begins = std::iter::once(None).chain(days.iter().map(|day| Some(*day)));
    let ends: Vec<&str> = days.iter().copied().chain([NEVER]).collect();
    begins
        .zip(ends)
        .map(|(begins, end)| Period {
            begins: begins.map(str::to_owned),
            standard: dearest(standard, end),
            service_tiers: SERVICE_TIERS
                .into_iter()
                .filter_map(|tier| {
                    let variants = of_tier(tier);
                    let always = variants.iter().copied().find(|variant| start(variant).is_none());
                    let active = latest(&variants, end).or(always)?;
                    Some((tier.1, active.get("prices")?.as_object()?.clone()))
                })
                .filter(|(_, prices)| !prices.is_empty())
                .collect(),
        })
        .collect()
}

/// The prices that hold just before a day. Where they depend on the hour it is those of the dearest: a line has no hours, and
/// a discount is no surprise.
fn dearest(standard: &[Value], end: &str) -> Map<String, Value> {
    let dated = standard.iter().filter(|entry| start(entry).is_none_or(|day| day < end));
    let newest = dated.clone().filter_map(start).max();
    let candidates =
        dated.filter(|entry| start(entry) == newest || (start(entry).is_none() && has_hours(entry)));
    let prices = candidates.filter_map(|entry| entry.get("prices")?.as_object());
    let input = |prices: &&Map<String, Value>| tiered(prices).prices.input;
    prices.max_by_key(input).cloned().unwrap_or_default()
}

fn latest<'v>(variants: &[&'v Value], end: &str) -> Option<&'v Value> {
    variants
        .iter()
        .copied()
        .filter(|variant| start(variant).is_some_and(|day| day < end))
        .max_by_key(|v| start(v))
}

fn start(entry: &Value) -> Option<&str> {
    entry.get("constraint")?.get("start_date")?.as_str()
}

fn has_hours(entry: &Value) -> bool {
    entry.get("constraint").is_some_and(|constraint| constraint.get("start_time").is_some())
}

fn tiered(prices: &Map<String, Value>) -> TieredPrices {
    let (mut low, mut high, mut bound) = (Prices::default(), Prices::default(), None);
    for ((kind, low), (_, high)) in low.by_key_mut().into_iter().zip(high.by_key_mut()) {
        let key = KEYS.iter().find(|(name, _)| *name == kind).map(|(_, key)| *key);
        let Some(value) = key.and_then(|key| prices.get(key)) else { continue };
        let number = |value: Option<&Value>| value.and_then(Value::as_f64).and_then(amount);
        match value.get("tiers").and_then(|tiers| tiers.get(0)) {
            Some(tier) => {
                *low = number(value.get("base"));
                *high = number(tier.get("price"));
                bound = bound.or(tier.get("start").and_then(Value::as_u64));
            }
            None => *low = number(Some(value)),
        }
    }
    let above = bound.map(|input_tokens| {
        Box::new(Above { input_tokens, prices: TieredPrices { prices: high, above: None } })
    });
    TieredPrices { prices: low, above }
}

/// What a class of service has of its own: a factor where all its prices are the same multiple, else the prices that differ.
fn service_tier(standard: &TieredPrices, own: TieredPrices) -> Option<ServiceTier> {
    if let Some(factor) = factor(standard, &own) {
        return (factor != FACTOR_ONE).then_some(ServiceTier::Factor(factor));
    }
    Some(ServiceTier::Prices(own))
}

fn factor(standard: &TieredPrices, own: &TieredPrices) -> Option<u64> {
    let pairs = |a: &Prices, b: &Prices| -> Vec<(Option<u64>, Option<u64>)> {
        a.by_key().into_iter().zip(b.by_key()).map(|((_, a), (_, b))| (a, b)).collect()
    };
    let mut all = pairs(&standard.prices, &own.prices);
    match (&standard.above, &own.above) {
        (None, None) => {}
        (Some(a), Some(b)) if a.input_tokens == b.input_tokens => {
            all.extend(pairs(&a.prices.prices, &b.prices.prices))
        }
        _ => return None,
    }
    let mut common = None;
    for pair in all {
        match pair {
            (None, None) | (Some(0), Some(0)) => {}
            (Some(standard), Some(own)) if standard > 0 => {
                let product = u128::from(own) * u128::from(FACTOR_ONE);
                let factor = u64::try_from(product / u128::from(standard)).ok()?;
                let is_whole = product % u128::from(standard) == 0;
                if !is_whole || common.is_some_and(|common| common != factor) {
                    return None;
                }
                common = Some(factor);
            }
            _ => return None,
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(model: Value) -> Value {
        let read = read(&[json!({ "id": "openai", "models": [model] })], &Arc::from("v"));
        serde_json::to_value(read.models.concat()).unwrap()
    }

    #[test]
    fn prices_tiers_and_classes_of_service_become_a_line() {
        let model = json!({
            "id": "m", "match": { "equals": "m" },
            "prices": {
                "input_mtok": { "base": 1, "tiers": [{ "start": 200_000, "price": 2 }] },
                "output_mtok": { "base": 4, "tiers": [{ "start": 200_000, "price": 6 }] },
                "cache_read_mtok": 0.1
            },
            "price_variants": [
                { "when": { "service_tier": "default" }, "prices": {} },
                { "when": { "processing": "batch" }, "prices": { "input_mtok": 0.5, "output_mtok": 2 }, "constraint": { "start_date": "2026-10-14" } }
            ]
        });
        assert_eq!(
            lines(model),
            json!([{
                "match": "m", "input": "1", "cached": "0.1", "output": "4",
                "above_input_tokens": 200_000, "above": { "input": "2", "output": "6" },
                "service_tiers": { "batch": { "input": "0.5", "output": "2" } }
            }])
        );
    }

    #[test]
    fn prices_that_are_all_the_same_multiple_become_a_factor() {
        let variant = |input, output| {
            json!({
                "id": "m", "match": { "equals": "m" }, "prices": { "input_mtok": 1, "output_mtok": 4 },
                "price_variants": [{ "when": { "service_tier": "flex" }, "prices": { "input_mtok": input, "output_mtok": output } }]
            })
        };
        let tiers = |model| lines(model).pointer("/0/service_tiers").cloned();
        assert_eq!(tiers(variant(0.5, 2.0)), Some(json!({ "flex": { "factor": "0.5" } })));
        assert_eq!(tiers(variant(1.0, 4.0)), None);
        assert_eq!(tiers(variant(0.5, 3.0)), Some(json!({ "flex": { "input": "0.5", "output": "3" } })));
    }

    #[test]
    fn each_change_of_a_price_begins_a_line_and_the_dearest_hour_counts() {
        let model = json!({
            "id": "m", "match": { "equals": "m" },
            "prices": [
                { "prices": { "input_mtok": 1 } },
                { "constraint": { "start_time": "01:00:00Z", "end_time": "02:00:00Z" }, "prices": { "input_mtok": 2 } },
                { "constraint": { "start_date": "2026-10-01" }, "prices": { "input_mtok": 3 } }
            ]
        });
        let expected =
            json!([{ "match": "m", "input": "2" }, { "match": "m", "from": "2026-10-01", "input": "3" }]);
        assert_eq!(lines(model), expected);
    }
}
