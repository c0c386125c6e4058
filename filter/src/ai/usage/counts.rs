//! The counts of a response, and their combined meaning.
//!
//! Providers use similar counts with different meanings. OpenAI's input includes tokens from a cache, Anthropic's and Bedrock's
//! does not; OpenAI's output includes reasoning, but Gemini's and that of some compatible providers (xAI) does not. A record has
//! one meaning: input is everything that the model read, output everything that it wrote. Where a provider gives a total, the
//! total shows what its counts include.

use super::keys::{COUNTS, Count};
use crate::ai::count;

/// The largest count of each kind so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    largest: [Option<i64>; COUNTS],
}

/// Numbers of tokens, with a record's meaning; `None` where the provider did not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Everything that the model read.
    pub input: Option<i64>,
    /// Everything that it wrote.
    pub output: Option<i64>,
    /// The total: the provider's, otherwise the sum.
    pub total: Option<i64>,
    /// The part of the input that came from a cache.
    pub cached: Option<i64>,
    /// The part of the input that went into a cache.
    pub cache_write: Option<i64>,
    /// The part of the output that was reasoning.
    pub reasoning: Option<i64>,
}

impl Usage {
    /// True when all counts are zero.
    pub fn is_zero(&self) -> bool {
        [self.input, self.output, self.total].into_iter().flatten().all(|number| number == 0)
    }
}

impl Counts {
    /// Adds a count; a smaller one than before changes nothing.
    pub fn raise(&mut self, kind: Count, number: i64) {
        if let Some(largest) = self.largest.get_mut(kind as usize) {
            *largest = (*largest).max(Some(number));
        }
    }

    /// True when input, output or total was counted.
    pub fn are_any(&self) -> bool {
        self.given_input().or(self.given_output()).or(self.get(Count::Total)).is_some()
    }

    /// The meaning of the counts.
    pub fn usage(&self) -> Usage {
        let cached = self.get(Count::Cached).max(self.get(Count::CachedApart));
        let cache_write = self.get(Count::CacheWrite).max(self.get(Count::CacheWriteApart));
        let reasoning = self.get(Count::Reasoning).max(self.get(Count::ReasoningApart));
        let input = self.input(add(cached, cache_write));
        let output = self.output(input);
        let given = add(self.given_input(), self.given_output());
        // A total below the sum of its parts is invalid: it is zero, or from an earlier event.
        let total = self.get(Count::Total).filter(|total| given.is_none_or(|given| given <= *total));
        Usage { input, output, total: total.or_else(|| add(input, output)), cached, cache_write, reasoning }
    }

    fn get(&self, kind: Count) -> Option<i64> {
        self.largest.get(kind as usize).copied().flatten()
    }

    fn given_input(&self) -> Option<i64> {
        self.get(Count::Input).max(self.get(Count::InputFresh)).or(self.get(Count::InputElse))
    }

    fn given_output(&self) -> Option<i64> {
        self.get(Count::Output).max(self.get(Count::OutputFresh)).or(self.get(Count::OutputElse))
    }

    /// True when the total equals the sum of these two.
    fn are_all(&self, input: Option<i64>, output: Option<i64>) -> bool {
        self.get(Count::Total).is_some() && self.get(Count::Total) == add(input, output)
    }

    fn input(&self, caches: Option<i64>) -> Option<i64> {
        let apart = add(self.get(Count::CachedApart), self.get(Count::CacheWriteApart));
        let fresh = self.get(Count::InputFresh);
        let includes_caches = apart <= fresh && self.are_all(fresh, self.given_output());
        let fresh = if fresh.is_none() || includes_caches { fresh } else { add(fresh, apart) };
        let Some(whole) = self.get(Count::Input).max(fresh) else {
            return self.get(Count::InputElse);
        };
        // Billed tokens need not include cached ones, but the input does.
        let is_billed = self.get(Count::InputElse).is_some();
        let whole = if caches > Some(whole) && !is_billed { add(Some(whole), caches)? } else { whole };
        add(Some(whole), self.get(Count::InputExtra))
    }

    fn output(&self, input: Option<i64>) -> Option<i64> {
        let (fresh, thoughts) = (self.get(Count::OutputFresh), self.get(Count::ReasoningApart));
        let includes_thoughts = thoughts <= fresh && self.are_all(input, fresh);
        let with_thoughts = if includes_thoughts { fresh } else { add(fresh, thoughts) };
        let (output, reasoning) = (self.get(Count::Output), self.get(Count::Reasoning));
        let both = add(output, reasoning);
        let leaves_reasoning_out = output.is_some()
            && reasoning > Some(0)
            && !self.are_all(input, output)
            && (self.are_all(input, both) || reasoning > output);
        let output = if leaves_reasoning_out { both } else { output };
        output.max(with_thoughts).or(self.get(Count::OutputElse))
    }
}

/// The sum of the present counts; `None` when there are none, or when it is too large for a count.
fn add(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => count::sum(one, other),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Count::{
        CacheWrite, CacheWriteApart, Cached, CachedApart, Input, InputElse, InputExtra, InputFresh, Output,
        OutputElse, OutputFresh, Reasoning, ReasoningApart, Total,
    };
    use super::*;

    fn usage(counts: &[(Count, i64)]) -> Usage {
        let mut all = Counts::default();
        for (kind, number) in counts {
            all.raise(*kind, *number);
        }
        all.usage()
    }

    #[test]
    fn input_and_output_include_everything_whatever_the_provider_leaves_out() {
        for (name, counts, expected) in [
            (
                "OpenAI",
                &[(Input, 100), (Output, 20), (Total, 120), (Cached, 80), (Reasoning, 15)][..],
                [100, 20, 120],
            ),
            (
                "Anthropic",
                &[(InputFresh, 12), (Output, 25), (CachedApart, 45_000), (CacheWriteApart, 300)],
                [45_312, 25, 45_337],
            ),
            (
                "Bedrock",
                &[(InputFresh, 30), (Output, 62), (Total, 1_116), (CachedApart, 1_024)],
                [1_054, 62, 1_116],
            ),
            (
                "OpenAI's names for Anthropic",
                &[(Input, 812), (Output, 5), (Total, 817), (CachedApart, 500), (Cached, 500)],
                [812, 5, 817],
            ),
            (
                "a total that includes caches",
                &[(InputFresh, 812), (Output, 5), (Total, 817), (CachedApart, 500)],
                [812, 5, 817],
            ),
            (
                "caches larger than the input",
                &[(Input, 12), (Output, 5), (Total, 17), (Cached, 500)],
                [512, 5, 17],
            ),
            (
                "both names, one zero",
                &[(Input, 812), (InputFresh, 0), (Output, 64), (Total, 876), (CachedApart, 0)],
                [812, 64, 876],
            ),
            (
                "Gemini",
                &[(Input, 40), (OutputFresh, 160), (Total, 610), (ReasoningApart, 410)],
                [40, 570, 610],
            ),
            (
                "Gemini with tools",
                &[(Input, 40), (InputExtra, 7), (OutputFresh, 3), (Total, 50)],
                [47, 3, 50],
            ),
            ("Gemini, thoughts alone", &[(Input, 40), (Total, 50), (ReasoningApart, 10)], [40, 10, 50]),
            (
                "Gemini, thoughts included",
                &[(Input, 40), (OutputFresh, 30), (Total, 70), (ReasoningApart, 10)],
                [40, 30, 70],
            ),
            ("xAI", &[(Input, 32), (Output, 9), (Total, 135), (Reasoning, 94)], [32, 103, 135]),
            ("reasoning without a total", &[(Input, 32), (Output, 9), (Reasoning, 94)], [32, 103, 135]),
            ("a total of zero", &[(Input, 3), (Output, 4), (Total, 0)], [3, 4, 7]),
            ("Cohere", &[(Input, 6), (Output, 11), (InputElse, 80), (OutputElse, 13)], [6, 11, 17]),
            ("Cohere without what is billed", &[(InputElse, 80), (OutputElse, 13)], [80, 13, 93]),
            ("cache writes", &[(InputFresh, 9), (Output, 1), (Total, 10), (CacheWrite, 4)], [9, 1, 10]),
        ] {
            let found = usage(counts);
            assert_eq!([found.input, found.output, found.total], expected.map(Some), "{name}");
        }
    }

    #[test]
    fn uncounted_values_are_not_invented() {
        assert_eq!(usage(&[]), Usage::default());
        assert_eq!(usage(&[(Total, 7)]), Usage { total: Some(7), ..Usage::default() });
        assert_eq!(usage(&[(Input, 7)]), Usage { input: Some(7), total: Some(7), ..Usage::default() });
        assert_eq!(usage(&[(CachedApart, 7)]), Usage { cached: Some(7), ..Usage::default() });
        assert_eq!(usage(&[(Reasoning, 7), (Total, 9)]).output, None);
        let huge = usage(&[(Input, count::MAX), (Output, count::MAX)]);
        assert_eq!((huge.input, huge.total), (Some(count::MAX), None));
    }

    #[test]
    fn the_largest_of_each_kind_is_kept() {
        let found = usage(&[(Input, 0), (Output, 1), (Input, 25), (Output, 15), (Input, 3), (Output, 0)]);
        assert_eq!((found.input, found.output, found.total), (Some(25), Some(15), Some(40)));
    }

    proptest! {
        #[test]
        fn parts_are_never_larger_than_the_whole_and_no_number_is_out_of_range(
            numbers in proptest::collection::vec(proptest::option::of(prop_oneof![0_i64..50, 0_i64..=count::MAX]), COUNTS)
        ) {
            let mut counts = Counts::default();
            counts.largest.copy_from_slice(&numbers);
            counts.largest[InputElse as usize] = None;
            let found = counts.usage();
            for number in [found.input, found.output, found.total, found.cached, found.cache_write, found.reasoning] {
                prop_assert!(number.is_none_or(|number| (0..=count::MAX).contains(&number)));
            }
            if found.input.is_some() && add(found.cached, found.cache_write).is_some() {
                prop_assert!(add(found.cached, found.cache_write) <= found.input, "{found:?}");
            }
        }
    }
}
