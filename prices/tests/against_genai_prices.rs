//! The default table against the crate genai-prices, whose data is the table's main source: for the same call the same cost.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use gatelog_prices::configured::default_table;
use gatelog_prices::{Cost, read};
use gatelog_record::{AccessRecord, Timestamp};
use genai_prices::{Calculator, PriceRequest, Usage, UsageKey};

/// Providers by the names of genai-prices and of records; a maker's models are asked for without one.
const PROVIDERS: [(&str, &str); 17] = [
    ("openai", ""),
    ("anthropic", ""),
    ("google", "gcp.gemini"),
    ("deepseek", ""),
    ("moonshotai", ""),
    ("minimax", ""),
    ("mistral", ""),
    ("x-ai", ""),
    ("cohere", ""),
    ("zhipuai", ""),
    ("voyageai", ""),
    ("fireworks", ""),
    ("azure", "azure.ai.openai"),
    ("aws", "aws.bedrock"),
    ("groq", "groq"),
    ("together", "together"),
    ("openrouter", "openrouter"),
];

/// Calls whose cost differs: the provider, what the model's name begins with, and why.
const DIFFERENCES: [(&str, &str, &str); 3] = [
    (
        "google",
        "claude-",
        "a model that another provider made has no price for batches there, and the maker's here",
    ),
    ("deepseek", "deepseek-flash", "it costs less at some hours, and a line has the price of the dearest"),
    ("deepseek", "deepseek-v4-", "it costs less at some hours, and a line has the price of the dearest"),
];

/// Tokens of input, cached ones, those written into the cache, of output; and the class of service with its key there.
type Call = (i64, i64, i64, i64, Option<(&'static str, &'static str)>);

const CALLS: [Call; 6] = [
    (1_000, 0, 0, 500, None),
    (100_000, 60_000, 0, 2_000, None),
    (50_000, 10_000, 20_000, 1, None),
    (600_000, 300_000, 0, 10_000, None),
    (10_000, 2_000, 0, 700, Some(("service_tier", "flex"))),
    (10_000, 2_000, 0, 700, Some(("processing", "batch"))),
];

/// 2026-12-05, noon in UTC: no discount of the night.
const TIME: u64 = 1_796_472_000;

#[test]
fn the_same_call_costs_the_same() {
    let theirs = Calculator::bundled();
    let (mut compared, mut wrong, mut met) = (0, Vec::new(), BTreeSet::new());
    for (provider, own_provider) in PROVIDERS {
        let models = theirs.find_provider(Some(provider), None).unwrap().unwrap().models();
        for model in models {
            let id = model.id();
            for call in CALLS {
                let Some(expected) = their_cost(theirs, provider, id, call) else { continue };
                let Some(own) = own_cost(own_provider, id, call) else { continue };
                compared += 1;
                // They calculate with floats.
                if (own as f64 - expected * 1e9).abs() <= 1.0 {
                    continue;
                }
                let explains = |(of, start, _): &(&str, &str, &str)| *of == provider && id.starts_with(start);
                if let Some(index) = DIFFERENCES.iter().position(explains) {
                    met.insert(index);
                } else {
                    wrong.push(format!("{provider} {id} {call:?}: {own} of {:.0}", expected * 1e9));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 1_000, "{compared}");
    assert_eq!(met.len(), DIFFERENCES.len(), "an explanation explains nothing any more: {met:?}");
}

fn their_cost(calculator: &Calculator, provider: &str, model: &str, call: Call) -> Option<f64> {
    let (input, cached, cache_write, output, context) = call;
    let mut usage =
        Usage::from([(UsageKey::INPUT_TOKENS, input as f64), (UsageKey::OUTPUT_TOKENS, output as f64)]);
    for (key, count) in [(UsageKey::CACHE_READ_TOKENS, cached), (UsageKey::CACHE_WRITE_TOKENS, cache_write)] {
        if count > 0 {
            usage.insert(key, count as f64);
        }
    }
    let mut request = PriceRequest::new(model, &usage)
        .with_provider_id(provider)
        .with_timestamp(UNIX_EPOCH + Duration::from_secs(TIME));
    if let Some((key, value)) = context {
        request = request.with_price_context(key, value);
    }
    let price = calculator.calculate(&request).ok()?;
    // What they have no price for is free there, and unknown here.
    (price.total_price > 0.0).then_some(price.total_price)
}

fn own_cost(provider: &str, model: &str, call: Call) -> Option<i64> {
    let (input, cached, cache_write, output, context) = call;
    let record = AccessRecord {
        model: model.into(),
        provider: provider.into(),
        start_time: Some(Timestamp::from_nanos(TIME * 1_000_000_000)),
        input_tokens: Some(input),
        cached_tokens: Some(cached),
        cache_write_tokens: Some(cache_write),
        output_tokens: Some(output),
        service_tier: context.map_or("", |(_, value)| value).into(),
        ..AccessRecord::default()
    };
    // A host's model that only its maker's line fits may cost something else there.
    let line = default_table().find(model, provider, record.start_time?)?;
    if line.provider.is_none() && !matches!(provider, "" | "gcp.gemini") {
        return None;
    }
    match default_table().cost(&record) {
        Cost::Priced { nano, .. } => Some(nano),
        Cost::Unpriced | Cost::NoTokens => None,
    }
}

#[test]
fn a_difference_would_be_found() {
    let table = read::over(default_table(), r#"{"models":[{"match":"gpt-4o","input":"2.6","output":"10"}]}"#)
        .unwrap();
    let call = CALLS[0];
    let theirs = their_cost(Calculator::bundled(), "openai", "gpt-4o", call).unwrap();
    let record = AccessRecord {
        model: "gpt-4o".into(),
        input_tokens: Some(call.0),
        output_tokens: Some(call.3),
        ..AccessRecord::default()
    };
    let Cost::Priced { nano, .. } = table.cost(&record) else { unreachable!() };
    assert!((nano as f64 - theirs * 1e9).abs() > 1.0);
}
