//! The default table is right by its own rules.

use gatelog_prices::configured::{DEFAULT, default_table};
use gatelog_prices::{Cost, read};
use gatelog_record::{AccessRecord, Timestamp};

#[test]
fn it_is_read_without_a_problem_and_not_too_large() {
    let table = read::table(DEFAULT).unwrap();
    assert!(table.lines().len() > 800, "{}", table.lines().len());
    assert_eq!(table.currency(), "USD");
    assert!(DEFAULT.len() <= 80_000, "{}", DEFAULT.len());
}

#[test]
fn each_line_is_found_by_its_own_name() {
    let table = default_table();
    for line in table.lines() {
        let name = line.pattern.as_str().replace('*', "");
        let provider = line.provider.as_deref().unwrap_or_default();
        let found = table.find(&name, provider, Timestamp::MAX).unwrap();
        // Of a name with a wildcard less may be said elsewhere more closely.
        if line.pattern.is_exact() {
            assert_eq!((found.pattern.as_str(), &found.provider), (line.pattern.as_str(), &line.provider));
        } else {
            assert!(found.precedence() >= line.precedence(), "{name}");
        }
    }
}

#[test]
fn models_that_everybody_knows_have_a_price_without_a_provider() {
    for model in [
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4o-2024-11-20",
        "gpt-5",
        "o3",
        "claude-sonnet-4-5",
        "claude-opus-4-5",
        "gemini-2.5-pro",
        "gemini-2.5-flash",
        "deepseek-chat",
        "deepseek-reasoner",
        "qwen-max",
        "qwen-plus",
        "qwen3-max",
        "kimi-k2.6",
        "glm-4.7",
        "MiniMax-M2",
        "grok-4",
        "mistral-large-latest",
        "command-r-plus",
        "text-embedding-3-small",
        "doubao-seed-2-1-pro-260915",
    ] {
        let record =
            AccessRecord { model: model.into(), input_tokens: Some(1_000), ..AccessRecord::default() };
        let record = AccessRecord { start_time: Some(Timestamp::MAX), ..record };
        assert!(matches!(default_table().cost(&record), Cost::Priced { nano: 1.., .. }), "{model}");
    }
}
