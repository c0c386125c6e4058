//! More tokens never cost less, and no count overflows.

use gatelog_prices::line::Line;
use gatelog_prices::pattern::Pattern;
use gatelog_prices::prices::{Above, Prices, TieredPrices};
use gatelog_prices::read::MAX_PRICE;
use gatelog_prices::tokens::Tokens;
use gatelog_record::AccessRecord;
use gatelog_record::limits::MAX_NUMBER;
use proptest::prelude::*;

prop_compose! {
    fn prices()(input in 0..5_000_000_000_u64, parts in proptest::array::uniform4(proptest::option::of(0..20_000_000_000_u64))) -> Prices {
        let [cached, cache_write, output, reasoning] = parts;
        Prices { input: Some(input), cached, cache_write, output: output.or(Some(0)), reasoning }
    }
}

/// Prices that no larger input makes lower.
fn line(low: Prices, bound: u64, times: u64) -> Line {
    let more = |price: Option<u64>| price.map(|price| price * times);
    let high = Prices {
        input: more(low.input),
        cached: more(low.cached),
        cache_write: more(low.cache_write),
        output: more(low.output),
        reasoning: more(low.reasoning),
    };
    let above = Above { input_tokens: bound, prices: TieredPrices { prices: high, above: None } };
    Line {
        version: "v".into(),
        pattern: Pattern::new("*"),
        provider: None,
        from: None,
        prices: TieredPrices { prices: low, above: Some(Box::new(above)) },
        service_tiers: Vec::new(),
    }
}

proptest! {
    #[test]
    fn a_token_more_of_any_kind_never_makes_a_call_cheaper(
        low in prices(), bound in 1..1_000_u64, times in 1..4_u64, counts in proptest::array::uniform5(0..1_000_u64), more in 1..1_000_u64,
    ) {
        let line = line(low, bound, times);
        let [input, cached, cache_write, output, reasoning] = counts;
        let tokens = Tokens { input, cached, cache_write, output, reasoning, undivided: 0 };
        let cost = line.cost(tokens, "");
        prop_assert!(cost.is_some());
        for larger in [
            Tokens { input: input + more, ..tokens },
            Tokens { cached: cached + more, ..tokens },
            Tokens { cache_write: cache_write + more, ..tokens },
            Tokens { output: output + more, ..tokens },
            Tokens { reasoning: reasoning + more, ..tokens },
        ] {
            prop_assert!(line.cost(larger, "") >= cost, "{larger:?} of {tokens:?}");
        }
    }

    #[test]
    fn any_record_has_a_cost_that_its_field_takes_or_none(counts in proptest::array::uniform6(any::<Option<i64>>()), price in 0..=MAX_PRICE * 1_000_000_000) {
        let [input_tokens, output_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens] = counts;
        let record = AccessRecord { input_tokens, output_tokens, total_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, ..AccessRecord::default() };
        let prices = Prices { input: Some(price), output: Some(price), ..Prices::default() };
        let cost = line(prices, 1, 1).cost(Tokens::of(&record), "");
        prop_assert!(cost.is_none_or(|cost| (0..=MAX_NUMBER).contains(&cost)));
    }
}

#[test]
fn the_largest_counts_of_a_record_have_a_cost_at_usual_prices() {
    let record = AccessRecord {
        input_tokens: Some(MAX_NUMBER),
        output_tokens: Some(MAX_NUMBER),
        cached_tokens: Some(MAX_NUMBER),
        ..AccessRecord::default()
    };
    let tokens = Tokens::of(&record);
    let prices = |price| Prices { input: Some(price), output: Some(price), ..Prices::default() };
    // Half a billionth a token, then two.
    assert_eq!(line(prices(500_000), u64::MAX, 1).cost(tokens, ""), Some(MAX_NUMBER));
    assert_eq!(line(prices(2_000_000), u64::MAX, 1).cost(tokens, ""), None);
}
