//! Metrics of AI calls by model: calls, tokens, cost, and the time to the first token.
//!
//! The label `model` is the name of a line of the price table, or [`OTHER`], so that clients cannot create series. A
//! model's series begin with its first call, and the number of models is bounded ([`AiCounts::fold_models_beyond`]).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::catalogue::{Histogram, series_with};

/// The label `model` of calls whose model is not in the price table, or for which there is no more room.
pub const OTHER: &str = "other";
/// The longest label `model`, in characters. Longer ones count as [`OTHER`].
pub const MAX_MODEL_CHARS: usize = 64;
/// Default of the variable `max_metric_models`.
pub const MAX_MODELS: usize = 100;

/// Number of calls.
pub const CALLS: Info = Info {
    name: "gatelog_ai_calls_total",
    help: "AI calls that were stored, by model: a name of the price table, or other.",
};
/// Number of tokens. In contrast to the costs, a token can be of two types.
pub const TOKENS: Info = Info {
    name: "gatelog_ai_tokens_total",
    help: "Tokens of AI calls, by model and type. cached and cache_write are parts of input, and reasoning is a part of output.",
};
/// The values of the label `type`, in the order of [`AiCall::tokens`].
pub const TOKEN_TYPES: [&str; 5] = ["input", "output", "cached", "cache_write", "reasoning"];
/// Costs, in the database in billionths.
pub const COST: Info = Info {
    name: "gatelog_ai_cost_total",
    help: "Cost of AI calls in units of the currency, by model. Calls without a known price are not in it.",
};
/// Time to the first token.
pub const FIRST_TOKEN: Histogram = Histogram {
    name: "gatelog_ai_time_to_first_token_seconds",
    bucket_name: "gatelog_ai_time_to_first_token_seconds_bucket",
    sum_name: "gatelog_ai_time_to_first_token_seconds_sum",
    help: "Time to the first token of streamed AI calls in seconds, by model.",
    bounds: &[
        ("0.1", 100_000),
        ("0.25", 250_000),
        ("0.5", 500_000),
        ("1", 1_000_000),
        ("2.5", 2_500_000),
        ("5", 5_000_000),
        ("10", 10_000_000),
        ("30", 30_000_000),
    ],
};

/// The name and help text of a metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// The help text.
    pub help: &'static str,
}

/// One stored call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AiCall<'a> {
    /// The name of the price table's line for it, if there is one.
    pub model: Option<&'a str>,
    /// Tokens by [`TOKEN_TYPES`].
    pub tokens: [u64; TOKEN_TYPES.len()],
    /// Billionths of a currency, and its ISO 4217 code, if the call has a cost.
    pub cost: Option<(i64, &'a str)>,
    /// Time to the first token, if it is known.
    pub first_token: Option<Duration>,
}

/// Calls that are not yet in the database.
#[derive(Debug, Default)]
pub struct AiCounts {
    /// By label `model`.
    models: BTreeMap<String, ModelCounts>,
}

#[derive(Debug, Default)]
struct ModelCounts {
    calls: i64,
    tokens: [i64; TOKEN_TYPES.len()],
    /// Billionths by currency.
    cost: BTreeMap<String, i64>,
    /// Calls by bucket.
    first_token: BTreeMap<&'static str, i64>,
    first_token_micros: i64,
}

impl AiCounts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Adds a call. Beyond `max_models` models, the calls of others count as [`OTHER`].
    pub fn add(&mut self, call: &AiCall<'_>, max_models: usize) {
        let label = call.model.filter(|model| is_label(model)).unwrap_or(OTHER);
        let has_room = self.models.contains_key(label) || self.models.len() < max_models;
        let model = self.models.entry(if has_room { label } else { OTHER }.to_owned()).or_default();
        add(&mut model.calls, 1);
        for (sum, count) in model.tokens.iter_mut().zip(call.tokens) {
            add(sum, i64::try_from(count).unwrap_or(i64::MAX));
        }
        if let Some((nano, currency)) = call.cost {
            add(model.cost.entry(currency.to_owned()).or_default(), nano);
        }
        if let Some(time) = call.first_token {
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            add(model.first_token.entry(FIRST_TOKEN.bucket_of(micros)).or_default(), 1);
            add(&mut model.first_token_micros, i64::try_from(micros).unwrap_or(i64::MAX));
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: Self) {
        for (label, counts) in other.models {
            self.models.entry(label).or_default().merge(counts);
        }
    }

    /// Whether there is a model that has no series yet, as far as `known` says.
    pub fn has_unknown_model(&self, known: &BTreeSet<String>) -> bool {
        self.models.keys().any(|model| model != OTHER && !known.contains(model))
    }

    /// Adds models to `known` while it has fewer than `max_models`; the calls of the others become those of [`OTHER`].
    pub fn fold_models_beyond(&mut self, max_models: usize, known: &mut BTreeSet<String>) {
        let mut folded = ModelCounts::default();
        for (model, counts) in std::mem::take(&mut self.models) {
            if model != OTHER && !known.contains(&model) && known.len() >= max_models {
                folded.merge(counts);
                continue;
            }
            if model != OTHER {
                known.insert(model.clone());
            }
            self.models.insert(model, counts);
        }
        if folded.calls > 0 {
            self.models.entry(OTHER.to_owned()).or_default().merge(folded);
        }
    }

    /// Every series with what is to be added to it in the database.
    pub fn series(&self) -> Vec<(String, i64)> {
        let mut all = Vec::new();
        for (model, counts) in &self.models {
            let model = ("model", model.as_str());
            all.push((series_with(CALLS.name, &[model]), counts.calls));
            for (name, count) in TOKEN_TYPES.into_iter().zip(counts.tokens) {
                all.push((series_with(TOKENS.name, &[model, ("type", name)]), count));
            }
            for (currency, nano) in &counts.cost {
                all.push((series_with(COST.name, &[model, ("currency", currency.as_str())]), *nano));
            }
            for (&le, count) in &counts.first_token {
                all.push((series_with(FIRST_TOKEN.bucket_name, &[model, ("le", le)]), *count));
            }
            all.push((series_with(FIRST_TOKEN.sum_name, &[model]), counts.first_token_micros));
        }
        // The number of calls makes a model known even when nothing else was counted.
        all.retain(|(name, count)| *count > 0 || name.starts_with(CALLS.name));
        all
    }
}

impl ModelCounts {
    fn merge(&mut self, other: Self) {
        add(&mut self.calls, other.calls);
        for (sum, count) in self.tokens.iter_mut().zip(other.tokens) {
            add(sum, count);
        }
        for (currency, nano) in other.cost {
            add(self.cost.entry(currency).or_default(), nano);
        }
        for (le, count) in other.first_token {
            add(self.first_token.entry(le).or_default(), count);
        }
        add(&mut self.first_token_micros, other.first_token_micros);
    }
}

/// The label `model` in the name of a series of [`CALLS`].
pub fn model_of(calls_series: &str) -> Option<&str> {
    calls_series.strip_prefix(CALLS.name)?.strip_prefix("{model=\"")?.strip_suffix("\"}")
}

/// Whether a name can be a label without being escaped.
fn is_label(model: &str) -> bool {
    let is_plain = |character: char| !character.is_control() && character != '"' && character != '\\';
    !model.is_empty() && model.chars().count() <= MAX_MODEL_CHARS && model.chars().all(is_plain)
}

fn add(sum: &mut i64, count: i64) {
    *sum = sum.saturating_add(count);
}

#[cfg(test)]
mod tests {
    use gatelog_storage::counters::MAX_NAME_CHARS;

    use super::*;

    fn call(model: &str) -> AiCall<'_> {
        AiCall {
            model: Some(model),
            tokens: [10, 5, 4, 0, 0],
            cost: Some((7, "USD")),
            first_token: Some(Duration::from_millis(300)),
        }
    }

    fn value(counts: &AiCounts, series: &str) -> i64 {
        counts.series().into_iter().find(|(name, _)| name == series).map_or(0, |(_, count)| count)
    }

    #[test]
    fn calls_are_counted_by_model_in_series_that_fit_the_database() {
        let mut counts = AiCounts::default();
        let longest = "通".repeat(MAX_MODEL_CHARS);
        for model in ["gpt-4o", "gpt-4o", &longest] {
            counts.add(&call(model), 10);
        }
        counts.add(&AiCall::default(), 10);
        assert_eq!(value(&counts, r#"gatelog_ai_calls_total{model="gpt-4o"}"#), 2);
        assert_eq!(value(&counts, r#"gatelog_ai_calls_total{model="other"}"#), 1);
        assert_eq!(value(&counts, r#"gatelog_ai_tokens_total{model="gpt-4o",type="cached"}"#), 8);
        assert_eq!(value(&counts, r#"gatelog_ai_cost_total{model="gpt-4o",currency="USD"}"#), 14);
        let bucket = r#"gatelog_ai_time_to_first_token_seconds_bucket{model="gpt-4o",le="0.5"}"#;
        assert_eq!(value(&counts, bucket), 2);
        assert_eq!(value(&counts, r#"gatelog_ai_time_to_first_token_seconds_sum{model="gpt-4o"}"#), 600_000);
        for (name, count) in counts.series() {
            assert!(name.chars().count() <= MAX_NAME_CHARS && count > 0, "{name} {count}");
        }
    }

    #[test]
    fn names_that_would_have_to_be_escaped_or_are_too_long_count_as_other() {
        let mut counts = AiCounts::default();
        for model in ["a\"} 1", "a\\", "a\nb", "", &"x".repeat(MAX_MODEL_CHARS + 1)] {
            counts.add(&call(model), 10);
        }
        assert_eq!(value(&counts, r#"gatelog_ai_calls_total{model="other"}"#), 5);
        assert!(counts.series().iter().all(|(name, _)| name.contains(r#"model="other""#)));
    }

    #[test]
    fn models_beyond_the_limit_count_as_other_and_known_ones_stay() {
        let mut known = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let mut counts = AiCounts::default();
        for model in ["a", "c", "d", "e"] {
            counts.add(&call(model), 10);
        }
        assert!(counts.has_unknown_model(&known));
        counts.fold_models_beyond(3, &mut known);
        let calls: Vec<_> = counts
            .series()
            .into_iter()
            .filter_map(|(name, count)| model_of(&name).map(|model| (model.to_owned(), count)))
            .collect();
        assert_eq!(calls, [("a".to_owned(), 1), ("c".to_owned(), 1), ("other".to_owned(), 2)]);
        assert!(!counts.has_unknown_model(&known));
        // Between two flushes as well.
        let mut counts = AiCounts::default();
        (0..1_000).for_each(|number| counts.add(&call(&number.to_string()), 3));
        assert!(counts.models.len() <= 4);
        assert_eq!(value(&counts, r#"gatelog_ai_calls_total{model="other"}"#), 997);
    }

    #[test]
    fn merged_counts_are_sums() {
        let (mut one, mut other) = (AiCounts::default(), AiCounts::default());
        one.add(&call("a"), 10);
        other.add(&call("a"), 10);
        other.add(&call("b"), 10);
        one.merge(other);
        assert_eq!(value(&one, r#"gatelog_ai_tokens_total{model="a",type="input"}"#), 20);
        assert_eq!(value(&one, r#"gatelog_ai_calls_total{model="b"}"#), 1);
    }
}
