//! The table of LiteLLM: an object with an entry for each model, prices for one token.

use std::sync::Arc;

use gatelog_prices::line::Line;
use gatelog_prices::pattern::Pattern;
use gatelog_prices::prices::{Above, Prices, TieredPrices};
use serde_json::{Map, Value};

use super::selection::{LITELLM, is_taken};
use super::source::{Read, amount};

/// What a line has, by its key in an entry.
const KEYS: [(&str, &str); 5] = [
    ("input", "input_cost_per_token"),
    ("cached", "cache_read_input_token_cost"),
    ("cache_write", "cache_creation_input_token_cost"),
    ("output", "output_cost_per_token"),
    ("reasoning", "output_cost_per_reasoning_token"),
];

/// The lines of the providers that are taken from this source.
pub fn read(models: &Map<String, Value>, version: &Arc<str>) -> Read {
    let mut read = Read::default();
    for provider in LITELLM {
        for (name, entry) in models {
            let is_of = |key: &str, expected: &str| entry.get(key).is_some_and(|value| value == expected);
            let model =
                name.strip_prefix(provider.name).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
            let is_text = ["chat", "embedding", "rerank"].iter().any(|mode| is_of("mode", mode));
            if !is_of("litellm_provider", provider.name) || !is_text || !is_taken(provider, model) {
                continue;
            }
            let Some(prices) = tiered(entry) else {
                read.left_out.push(format!("{name}: it has no price"));
                continue;
            };
            read.models.push(vec![Line {
                version: Arc::clone(version),
                pattern: Pattern::new(model),
                provider: provider.only.map(str::to_owned),
                from: None,
                prices,
                service_tiers: Vec::new(),
            }]);
        }
    }
    read
}

fn tiered(entry: &Value) -> Option<TieredPrices> {
    let Some(tiers) = entry.get("tiered_pricing").and_then(Value::as_array) else {
        let prices = prices(entry);
        // A price of nothing is one that nobody knew.
        return prices.input.is_some_and(|input| input > 0).then_some(TieredPrices { prices, above: None });
    };
    let mut higher: Option<TieredPrices> = None;
    for (index, tier) in tiers.iter().enumerate().rev() {
        let above = higher.take().and_then(|prices| {
            let next = tiers.get(index + 1)?.get("range")?.get(0)?.as_f64()?;
            Some(Box::new(Above { input_tokens: format!("{next:.0}").parse().ok()?, prices }))
        });
        higher = Some(TieredPrices { prices: prices(tier), above });
    }
    higher
}

fn prices(entry: &Value) -> Prices {
    let mut prices = Prices::default();
    for (kind, price) in prices.by_key_mut() {
        let key = KEYS.iter().find(|(name, _)| *name == kind).map(|(_, key)| *key);
        *price =
            key.and_then(|key| entry.get(key)).and_then(Value::as_f64).and_then(|cost| amount(cost * 1e6));
    }
    prices
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_becomes_a_line() {
        let models = json!({
            "dashscope/qwen-max": { "litellm_provider": "dashscope", "mode": "chat", "input_cost_per_token": 1.6e-6, "output_cost_per_token": 6.4e-6 },
            "dashscope/qwen-flash": { "litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
                { "input_cost_per_token": 5e-8, "output_cost_per_token": 4e-7, "range": [0, 256_000.0] },
                { "input_cost_per_token": 2.5e-7, "output_cost_per_token": 2e-6, "range": [256_000.0, 1e6] }
            ] },
            "dashscope/qwen-image": { "litellm_provider": "dashscope", "mode": "image_generation", "output_cost_per_image": 1 },
            "doubao-embedding": { "litellm_provider": "volcengine", "mode": "embedding", "input_cost_per_token": 0.0 },
            "gpt-4o": { "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6 }
        });
        let read = read(models.as_object().unwrap(), &Arc::from("v"));
        assert_eq!(
            serde_json::to_value(read.models.concat()).unwrap(),
            json!([
                { "match": "qwen-flash", "input": "0.05", "output": "0.4", "above_input_tokens": 256_000,
                  "above": { "input": "0.25", "output": "2" } },
                { "match": "qwen-max", "input": "1.6", "output": "6.4" }
            ])
        );
        assert_eq!(read.left_out, ["doubao-embedding: it has no price"]);
    }
}
