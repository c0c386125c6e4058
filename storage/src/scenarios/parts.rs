//! Splits the time range of a query into parts, so that several connections answer a long one in parallel.
//!
//! The parts of a line end at interval boundaries, so that no interval is in two parts and their points follow one
//! another. The parts of a card are summed.

use gatelog_record::Timestamp;

use super::catalogue::{Amount, Scenario, Shape};
use super::question::ScenarioQuery;
use crate::{Filter, Predicate};

/// Most parts of a query, equal to the number of connections that a component keeps for queries.
const MAX_PARTS: i64 = 4;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// The query in parts, in order of time; a single part if it cannot be split.
pub(super) fn split(scenario: &Scenario, query: &ScenarioQuery) -> Vec<ScenarioQuery> {
    let step = match scenario.shape {
        Shape::Line { .. } => i64::from(query.interval_s.max(1)) * SECOND,
        Shape::Card { amount, .. } if adds_up(amount) => SECOND,
        Shape::Card { .. } | Shape::Table(_) => return vec![query.clone()],
    };
    let Some((first, last)) = bounds(query) else { return vec![query.clone()] };
    let (from, to) = (first.as_micros() / step, last.as_micros() / step + 1);
    let count = (to - from).clamp(1, MAX_PARTS);
    // The start of part `number`.
    let border = |number| (from + (to - from) * number / count) * step;
    (0..count)
        .map(|number| {
            let begin = first.max(Timestamp::from_micros(border(number)));
            let end = last.min(Timestamp::from_micros(border(number + 1) - 1));
            within(query, begin, end)
        })
        .collect()
}

/// Whether the amounts of parts add up to the amount of the whole.
fn adds_up(amount: Amount) -> bool {
    match amount {
        Amount::Records | Amount::Sum(_) | Amount::SumIfAny(_) | Amount::AiLogSum(_) | Amount::Succeeded => {
            true
        }
        Amount::Different(_) | Amount::DurationPercentile(_) => false,
    }
}

/// The first and the last time of the query, if it has both and they are in order.
fn bounds(query: &ScenarioQuery) -> Option<(Timestamp, Timestamp)> {
    let times = |of: fn(&Predicate) -> Option<Timestamp>| {
        query.filters.iter().filter(|filter| is_time(filter)).filter_map(move |filter| of(&filter.predicate))
    };
    let first = times(|test| if let Predicate::NotBefore(time) = test { Some(*time) } else { None }).max()?;
    let last = times(|test| if let Predicate::NotAfter(time) = test { Some(*time) } else { None }).min()?;
    (first <= last).then_some((first, last))
}

/// The query restricted to this time.
fn within(query: &ScenarioQuery, begin: Timestamp, end: Timestamp) -> ScenarioQuery {
    let mut part = query.clone();
    let Some(field) = part.filters.iter().find(|filter| is_time(filter)).map(|filter| filter.field) else {
        return part;
    };
    part.filters.retain(|filter| !is_time(filter));
    for test in [Predicate::NotBefore(begin), Predicate::NotAfter(end)] {
        part.filters.push(Filter { field, predicate: test });
    }
    part
}

fn is_time(filter: &Filter) -> bool {
    matches!(filter.predicate, Predicate::NotBefore(_) | Predicate::NotAfter(_))
}

#[cfg(test)]
mod tests {
    use gatelog_record::fields;
    use proptest::prelude::*;

    use super::*;
    use crate::scenarios::find;

    fn asked(scenario: &str, tests: Vec<Predicate>, interval_s: u32) -> Vec<ScenarioQuery> {
        let field = fields::field("start_time").unwrap();
        let filters = tests.into_iter().map(|test| Filter { field, predicate: test }).collect();
        let query = ScenarioQuery { filters, interval_s, limit: 10, ..ScenarioQuery::default() };
        split(find(scenario).unwrap(), &query)
    }

    fn bounds_in_micros(part: &ScenarioQuery) -> (i64, i64) {
        let (first, last) = bounds(part).unwrap();
        (first.as_micros(), last.as_micros())
    }

    #[test]
    fn an_hour_of_minutes_is_split_between_minutes() {
        let time = |text: &str| text.parse().unwrap();
        let tests = vec![
            Predicate::NotBefore(time("2026-01-31T12:00:30Z")),
            Predicate::NotAfter(time("2026-01-31T13:00:30Z")),
        ];
        let parts: Vec<String> = asked("rt_p95", tests, 60)
            .iter()
            .map(|part| bounds(part).unwrap())
            .map(|(first, last)| format!("{first} {last}"))
            .collect();
        assert_eq!(
            parts,
            [
                "2026-01-31T12:00:30.000000Z 2026-01-31T12:14:59.999999Z",
                "2026-01-31T12:15:00.000000Z 2026-01-31T12:29:59.999999Z",
                "2026-01-31T12:30:00.000000Z 2026-01-31T12:44:59.999999Z",
                "2026-01-31T12:45:00.000000Z 2026-01-31T13:00:30.000000Z",
            ]
        );
    }

    #[test]
    fn a_query_without_a_beginning_or_end_or_that_does_not_add_up_is_not_split() {
        let (early, late) = (Timestamp::MIN, Timestamp::MAX);
        let both = || vec![Predicate::NotBefore(early), Predicate::NotAfter(late)];
        assert_eq!(asked("pv", both(), 60).len(), 4);
        for name in ["uv", "model_token_table"] {
            assert_eq!(asked(name, both(), 60).len(), 1, "{name}");
        }
        assert_eq!(asked("pv", vec![Predicate::NotBefore(early)], 60).len(), 1);
        assert_eq!(asked("pv", vec![Predicate::NotAfter(late)], 60).len(), 1);
        assert_eq!(asked("pv", vec![Predicate::NotBefore(late), Predicate::NotAfter(early)], 60).len(), 1);
    }

    proptest! {
        #[test]
        fn parts_follow_one_another_and_share_no_interval(
            mut times in prop::array::uniform4(Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros()),
            interval_s in prop_oneof![1..100_u32, 1..=86_400_u32, Just(u32::MAX)],
        ) {
            times.sort_unstable();
            let [early, first, last, late] = times.map(Timestamp::from_micros);
            let tests =
                vec![Predicate::NotAfter(late), Predicate::NotBefore(early), Predicate::NotBefore(first), Predicate::NotAfter(last)];
            let parts: Vec<_> = asked("rt_avg", tests, interval_s).iter().map(bounds_in_micros).collect();
            prop_assert_eq!(parts.first().unwrap().0, first.as_micros());
            prop_assert_eq!(parts.last().unwrap().1, last.as_micros());
            let step = i64::from(interval_s) * SECOND;
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].1 + 1, pair[1].0);
                prop_assert!(pair[0].1 / step < pair[1].0 / step);
            }
            for (first, last) in parts {
                prop_assert!(first <= last);
            }
        }
    }
}
