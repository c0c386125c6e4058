//! Which line of a table a call is charged by, and what it costs.

#![expect(clippy::unwrap_used, reason = "a wrong table fails the test")]

use gatelog_prices::{ConfiguredTable, Cost, Table, read};
use gatelog_record::AccessRecord;

/// What a million tokens of input cost by a table, in thousandths of the currency.
fn milli(table: &Table, record: AccessRecord<'_>) -> Option<i64> {
    let start_time = record.start_time.or("2026-06-15T12:00:00Z".parse().ok());
    let record = AccessRecord { input_tokens: Some(1_000_000), start_time, ..record };
    match table.cost(&record) {
        Cost::Priced { nano, .. } => Some(nano / 1_000_000),
        Cost::Unpriced => None,
        Cost::NoTokens => Some(-1),
    }
}

fn of_model(table: &Table, model: &str) -> Option<i64> {
    milli(table, AccessRecord { model: model.into(), ..AccessRecord::default() })
}

fn table(models: &str) -> Table {
    read::table(&format!(r#"{{"version":"v1","currency":"USD","models":[{models}]}}"#)).unwrap()
}

#[test]
fn the_longest_match_counts_and_of_equals_the_whole_name_and_then_the_first() {
    let table = table(
        r#"{"match":"*","input":"0.001"},{"match":"gpt-4o*","input":"0.002"},{"match":"gpt-4o-mini*","input":"0.003"},
           {"match":"gpt-4o-mini-2024","input":"0.004"},{"match":"*-2024","input":"0.005"},{"match":"gpt-4o","input":"0.006"},
           {"match":"abc*","input":"0.007"},{"match":"*abc","input":"0.008"}"#,
    );
    for (model, expected) in [
        ("gpt-4o-mini-2024", 4),
        ("GPT-4o-Mini-2025", 3),
        ("gpt-4o-2025", 2),
        ("gpt-4o", 6),
        ("o1-2024", 5),
        ("anything", 1),
        ("abcabc", 7),
    ] {
        assert_eq!(of_model(&table, model), Some(expected), "{model}");
    }
}

#[test]
fn a_line_with_a_provider_is_for_that_one_alone_and_goes_before_a_general_one() {
    let table = table(
        r#"{"match":"llama","input":"0.001"},{"match":"llama","provider":"groq","input":"0.002"},
           {"match":"qwen","provider":"groq","input":"0.003"}"#,
    );
    for (model, provider, expected) in [
        ("llama", "", Some(1)),
        ("llama", "together", Some(1)),
        ("llama", "groq", Some(2)),
        ("llama", "Groq", Some(2)),
        ("qwen", "groq", Some(3)),
        ("qwen", "", None),
        ("qwen", "together", None),
    ] {
        let record =
            AccessRecord { model: model.into(), provider: provider.into(), ..AccessRecord::default() };
        assert_eq!(milli(&table, record), expected, "{model} {provider}");
    }
}

#[test]
fn the_price_in_force_when_the_request_began_counts() {
    let table = table(
        r#"{"match":"m","from":"2026-03-01","input":"0.003"},{"match":"m","from":"2026-02-01","input":"0.002"},
           {"match":"n","from":"2026-03-01","input":"0.003"},{"match":"n*","input":"0.001"}"#,
    );
    for (model, time, expected) in [
        ("m", "2026-01-31T23:59:59.999Z", None),
        ("m", "2026-02-01T00:00:00Z", Some(2)),
        ("m", "2026-02-28T23:59:59Z", Some(2)),
        ("m", "2026-03-01T00:00:00Z", Some(3)),
        ("n", "2026-02-28T00:00:00Z", Some(1)),
        ("n", "2026-03-02T00:00:00Z", Some(3)),
    ] {
        let record =
            AccessRecord { model: model.into(), start_time: time.parse().ok(), ..AccessRecord::default() };
        assert_eq!(milli(&table, record), expected, "{model} {time}");
    }
}

#[test]
fn the_model_that_answered_decides_and_else_the_one_that_was_asked_for() {
    let table = table(r#"{"match":"asked","input":"0.001"},{"match":"answered","input":"0.002"}"#);
    for (model, response_model, expected) in [
        ("asked", "answered", Some(2)),
        ("asked", "unknown", Some(1)),
        ("asked", "", Some(1)),
        ("", "", None),
    ] {
        let record = AccessRecord {
            model: model.into(),
            response_model: response_model.into(),
            ..AccessRecord::default()
        };
        assert_eq!(milli(&table, record), expected, "{model} {response_model}");
    }
}

#[test]
fn a_class_of_service_has_a_factor_or_prices_of_its_own_and_others_cost_what_the_line_says() {
    let table = table(
        r#"{"match":"m","input":"0.010","cached":"0.001","above_input_tokens":500000,"above":{"input":"0.020"},
            "service_tiers":{"flex":{"factor":"0.5"},"priority":{"input":"0.030"},
            "batch":{"input":"0.005","above_input_tokens":900000,"above":{"input":"0.007"}}}}"#,
    );
    let cost = |service_tier: &str, input: i64, cached: i64| {
        let record = AccessRecord {
            model: "m".into(),
            service_tier: service_tier.to_owned().into(),
            input_tokens: Some(input),
            cached_tokens: Some(cached),
            ..AccessRecord::default()
        };
        match table.cost(&record) {
            Cost::Priced { nano, .. } => nano,
            other => panic!("{other:?}"),
        }
    };
    for (tier, small, large) in [
        ("", 4_000_000, 20_000_000),
        ("default", 4_000_000, 20_000_000),
        ("flex", 2_000_000, 10_000_000),
        ("Flex", 2_000_000, 10_000_000),
        ("priority", 12_000_000, 30_000_000),
        ("batch", 2_000_000, 7_000_000),
    ] {
        assert_eq!((cost(tier, 400_000, 0), cost(tier, 1_000_000, 0)), (small, large), "{tier}");
    }
    // What a class does not name costs what the line says.
    assert_eq!(cost("priority", 100_000, 100_000), 100_000);
}

#[test]
fn the_size_of_the_input_is_that_of_all_tokens_that_were_read() {
    let table = table(
        r#"{"match":"m","input":"1","output":"1","above_input_tokens":100,"above":{"input":"2","output":"3"}}"#,
    );
    let cost = |input, cached, output| {
        let record = AccessRecord {
            model: "m".into(),
            input_tokens: Some(input),
            cached_tokens: Some(cached),
            output_tokens: Some(output),
            ..AccessRecord::default()
        };
        match table.cost(&record) {
            Cost::Priced { nano, .. } => nano,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(cost(100, 90, 1_000), 100_000 + 1_000_000);
    assert_eq!(cost(101, 90, 1_000), 202_000 + 3_000_000);
}

#[test]
fn a_call_without_tokens_has_no_cost_and_one_without_a_price_is_unpriced() {
    let table = table(r#"{"match":"m","input":"1"}"#);
    let record = |model: &'static str, input_tokens, output_tokens| AccessRecord {
        model: model.into(),
        input_tokens,
        output_tokens,
        ..AccessRecord::default()
    };
    assert_eq!(table.cost(&record("m", None, None)), Cost::NoTokens);
    assert_eq!(table.cost(&record("other", Some(0), Some(0))), Cost::NoTokens);
    assert_eq!(table.cost(&record("other", Some(1), None)), Cost::Unpriced);
    // There is no price for what was written.
    assert_eq!(table.cost(&record("m", Some(1), Some(1))), Cost::Unpriced);
    let id = "v1:m".to_owned();
    assert_eq!(table.cost(&record("m", Some(1), Some(0))), Cost::Priced { nano: 1_000, id });
}

#[test]
fn own_lines_take_the_place_of_those_for_the_same_models_and_others_are_added() {
    let base = table(
        r#"{"match":"a","input":"0.001"},{"match":"a","from":"2026-01-01","input":"0.002"},{"match":"b","provider":"groq","input":"0.003"},
           {"match":"b","provider":"together","input":"0.004"},{"match":"c","input":"0.005"},{"match":"c2","input":"0.006"}"#,
    );
    let own = r#"{"version":"mine","models":[{"match":"A","input":"0.101"},{"match":"b","provider":"groq","input":"0.103"},
                 {"match":"c*","input":"0.105"},{"match":"d","input":"0.106"}]}"#;
    let both = read::over(&base, own).unwrap();
    let of = |model: &str, provider: &str| {
        let record = AccessRecord {
            model: model.to_owned().into(),
            provider: provider.to_owned().into(),
            ..AccessRecord::default()
        };
        milli(&both, record)
    };
    assert_eq!((of("a", ""), of("b", "groq"), of("b", "together")), (Some(101), Some(103), Some(4)));
    // A wildcard is another match: the whole name says more.
    assert_eq!(
        (of("c", ""), of("c2", ""), of("c3", ""), of("d", "")),
        (Some(5), Some(6), Some(105), Some(106))
    );
    assert_eq!((both.version(), both.currency()), ("v1+mine", "USD"));
    let general = read::over(&base, r#"{"models":[{"match":"b","input":"0.2"}]}"#).unwrap();
    let record = AccessRecord { model: "b".into(), provider: "groq".into(), ..AccessRecord::default() };
    assert_eq!((milli(&general, record), general.version()), (Some(200), "v1+own"));
}

#[test]
fn with_replace_nothing_of_the_default_table_is_left_and_the_currency_may_be_another() {
    let own = r#"{"replace":true,"version":"cn","currency":"CNY","models":[{"match":"qwen-max","input":"2.4","output":"9.6"}]}"#;
    let prices = ConfiguredTable::new(own.to_owned());
    let table = prices.table().unwrap();
    assert_eq!((table.version(), table.currency(), table.lines().len()), ("cn", "CNY", 1));
    assert_eq!((of_model(table, "qwen-max"), of_model(table, "gpt-4o")), (Some(2_400), None));
}

#[test]
fn several_names_in_an_entry_are_as_many_lines() {
    let table = table(r#"{"match":"a","also":["b","c*"],"input":"0.001"}"#);
    assert_eq!(
        (of_model(&table, "a"), of_model(&table, "b"), of_model(&table, "c-1")),
        (Some(1), Some(1), Some(1))
    );
    let ids: Vec<String> = table.lines().iter().map(|line| line.price_id()).collect();
    assert_eq!(ids, ["v1:a", "v1:b", "v1:c*"]);
}
