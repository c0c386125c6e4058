//! Aggregates over random records, against the same worked out here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use gatelog_record::{AccessRecord, FieldValue, Timestamp, fields};
use gatelog_storage::aggregate::log_bucket::{middle, smallest};
use gatelog_storage::aggregate::ranking::ORDERS;
use gatelog_storage::aggregate::{
    Breakdown, Cell, Grouping, MEASURES, Measure, Order, Scope, breakdown, facet, ranking, scope,
};
use gatelog_storage::{Executor, Filter, Predicate, Value, insert, query};

/// A Saturday at noon, in microseconds.
const NOON: i64 = 1_769_860_800_000_000;
const SECOND: i64 = 1_000_000;
const RECORDS: usize = 600;

/// A sequence of numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: i64) -> i64 {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 2).unwrap() % bound
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(i64::try_from(choices.len()).unwrap())).unwrap()]
    }

    fn perhaps(&mut self, bound: i64) -> Option<i64> {
        (self.below(3) > 0).then(|| self.below(bound))
    }
}

/// Records of two hours from noon on, in no order of time.
pub fn records(dice: &mut Dice, count: usize) -> Vec<AccessRecord<'static>> {
    (0..count)
        .map(|number| AccessRecord {
            record_id: format!("r{number}").into(),
            start_time: Some(Timestamp::from_micros(NOON + dice.below(7_200 * SECOND))),
            method: dice.of(&["GET", "GET", "POST", ""]).into(),
            path: format!("/v1/{}", dice.below(40)).into(),
            response_code: dice.of(&[200, 200, 200, 201, 302, 404, 429, 500, 503, 0, 101, 600]),
            duration: dice.of(&[1, 1, 10, 100, 1_000, 100_000, 1 << 40]) + dice.below(500),
            bytes_sent: dice.below(10_000),
            bytes_received: dice.below(10_000),
            model: dice.of(&["gpt-4o", "GPT-4o", "qwen", "qwen", "", "é"]).into(),
            input_tokens: dice.perhaps(1_000),
            output_tokens: dice.perhaps(1_000),
            total_tokens: dice.perhaps(2_000),
            cached_tokens: dice.perhaps(100),
            reasoning_tokens: dice.perhaps(100),
            cache_write_tokens: dice.perhaps(100),
            cost_nano: dice.perhaps(1_000_000_000),
            time_to_first_token: dice.perhaps(3_000),
            time_to_headers: dice.perhaps(300),
            grpc_status: dice.perhaps(4),
            session_id: dice.of(&["s1", "s2", "s3", "", ""]).into(),
            chat_id: dice.of(&["c1", "c2", "s2", ""]).into(),
            ..AccessRecord::default()
        })
        .collect()
}

pub async fn stored(database: &impl Executor) -> Vec<AccessRecord<'static>> {
    let records = records(&mut Dice::new(), RECORDS);
    let stored = insert::insert(database, &records).await.unwrap();
    assert_eq!(stored.accepted, RECORDS);
    records
}

pub fn time(micros_after_noon: i64) -> Timestamp {
    Timestamp::from_micros(NOON + micros_after_noon)
}

pub fn filter(name: &str, predicate: Predicate) -> Filter {
    Filter { field: fields::field(name).unwrap(), predicate }
}

/// The scopes that are asked, each with the same condition in plain Rust.
type Test = fn(&AccessRecord<'_>) -> bool;

pub fn scopes() -> Vec<(Scope, Test)> {
    let all = Scope { filters: vec![], start: time(0), end: time(7_200 * SECOND), only_unpriced: false };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![
        (all.clone(), |_| true),
        (Scope { start: time(600 * SECOND), end: time(5_000 * SECOND), ..all.clone() }, |record| {
            (time(600 * SECOND)..=time(5_000 * SECOND)).contains(&record.start_time.unwrap())
        }),
        (
            Scope { filters: vec![filter("model", Predicate::TextIn(texts(&["qwen"])))], ..all.clone() },
            |record| record.model == "qwen",
        ),
        (
            Scope {
                filters: vec![
                    filter("model", Predicate::Present),
                    filter("method", Predicate::TextNotIn(texts(&["POST"]))),
                    filter("duration", Predicate::AtLeast(50)),
                    filter("response_code", Predicate::NumberIn(vec![(200, 299), (0, 0)])),
                ],
                ..all.clone()
            },
            |record| {
                !record.model.is_empty()
                    && record.method != "POST"
                    && record.duration >= 50
                    && matches!(record.response_code, 200..=299 | 0)
            },
        ),
        (Scope { only_unpriced: true, ..all.clone() }, is_unpriced),
        (Scope { filters: vec![filter("model", Predicate::TextIn(texts(&["none"])))], ..all }, |_| false),
    ]
}

fn is_unpriced(record: &AccessRecord<'_>) -> bool {
    let tokens = [record.total_tokens, record.input_tokens, record.output_tokens];
    record.cost_nano.is_none() && tokens.into_iter().flatten().any(|tokens| tokens > 0)
}

pub fn is_error(record: &AccessRecord<'_>) -> bool {
    record.response_code >= 500 || record.response_code < 100
}

fn number(record: &AccessRecord<'_>, name: &str) -> Option<i64> {
    let index = gatelog_record::FIELDS.iter().position(|field| field.name == name).unwrap();
    match record.values()[index] {
        FieldValue::Integer(number) => Some(number),
        _ => None,
    }
}

fn key(record: &AccessRecord<'_>, grouping: Grouping) -> Value<'static> {
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text.to_owned()) };
    match grouping.name() {
        "status_class" => text(match record.response_code {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
            _ => "none",
        }),
        "model" => text(&record.model),
        "method" => text(&record.method),
        "path" => text(&record.path),
        name => number(record, name).map_or(Value::Null, Value::Integer),
    }
}

/// A value that sorts as the databases do: nothing first.
fn sorted(key: &Value<'_>) -> (u8, i64, String) {
    match key {
        Value::Null => (0, 0, String::new()),
        Value::Integer(number) => (1, *number, String::new()),
        Value::Text(text) => (2, 0, text.to_string()),
        Value::Real(_) => panic!("no group is a fraction"),
    }
}

fn measured(records: &[&AccessRecord<'_>], measure: Measure) -> Option<i64> {
    let count = |test: &dyn Fn(&AccessRecord<'_>) -> bool| {
        Some(i64::try_from(records.iter().filter(|record| test(record)).count()).unwrap())
    };
    let values = |name: &str| records.iter().filter_map(|record| number(record, name)).collect::<Vec<_>>();
    let no_tokens = |record: &AccessRecord<'_>| {
        record.total_tokens.is_none() && record.input_tokens.is_none() && record.output_tokens.is_none()
    };
    match (measure.name(), measure) {
        ("count", _) => count(&|_| true),
        ("errors", _) => count(&is_error),
        ("client_errors", _) => count(&|record| (400..500).contains(&record.response_code)),
        ("unpriced", _) => count(&is_unpriced),
        ("ai_calls", _) => count(&|record| !record.model.is_empty()),
        ("ai_without_usage", _) => count(&|record| !record.model.is_empty() && no_tokens(record)),
        (_, Measure::Sum(name)) => values(name).into_iter().reduce(|sum, value| sum + value),
        (_, Measure::Percentile(name, percent)) => {
            let mut values = values(name);
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100);
            let exact = *values.get(rank.checked_sub(1)?)?;
            let shown = middle(smallest(exact));
            assert!((shown - exact).abs() as f64 <= 0.05 * exact as f64, "{shown} for {exact}");
            Some(shown)
        }
        (name, _) => panic!("{name} is not worked out here"),
    }
}

fn cell(records: &[&AccessRecord<'_>], measures: &[Measure]) -> Cell {
    let times = || records.iter().filter_map(|record| record.start_time);
    Cell {
        values: measures.iter().map(|measure| measured(records, *measure)).collect(),
        first_seen: times().min(),
        last_seen: times().max(),
    }
}

fn all_measures() -> Vec<Measure> {
    MEASURES.iter().map(|(_, measure, _)| *measure).collect()
}

fn in_scope<'r>(records: &'r [AccessRecord<'static>], test: Test) -> Vec<&'r AccessRecord<'static>> {
    records.iter().filter(|record| test(record)).collect()
}

pub async fn every_measure_of_every_group_and_interval_is_that_of_its_records(database: &impl Executor) {
    let records = stored(database).await;
    let measures = all_measures();
    let keys = [Value::from("qwen".to_owned()), Value::Null, Value::from("é".to_owned())];
    let classes = ["2xx", "5xx", "none"].map(|class| Value::from(class.to_owned()));
    let statuses = [Value::Integer(1), Value::Null];
    let series: [Option<(Grouping, &[Value<'static>])>; 4] = [
        None,
        Some((Grouping::find("model").unwrap(), &keys)),
        Some((Grouping::StatusClass, &classes)),
        Some((Grouping::find("grpc_status").unwrap(), &statuses)),
    ];
    for (scope, test) in scopes() {
        for series in series {
            for interval_s in [None, Some(600), Some(7)] {
                let mut groups: BTreeMap<breakdown::Place, Vec<&AccessRecord<'_>>> = BTreeMap::new();
                for record in in_scope(&records, test) {
                    let second = record.start_time.unwrap().as_micros() / SECOND;
                    let bucket = interval_s.map_or(0, |interval: u32| second / i64::from(interval));
                    let place = series.map_or(Some(0), |(grouping, keys)| {
                        keys.iter().position(|known| *known == key(record, grouping))
                    });
                    groups.entry((bucket, place)).or_default().push(record);
                }
                let asked = Breakdown { scope: &scope, interval_s, series, measures: &measures };
                let mut found = breakdown::run(database, &asked).await.unwrap();
                // What is not grouped has a row also when there are no records.
                found.retain(|_, cell| cell.values[0] != Some(0));
                let expected: BTreeMap<_, _> =
                    groups.into_iter().map(|(place, records)| (place, cell(&records, &measures))).collect();
                assert_eq!(found, expected, "{scope:?} {series:?} {interval_s:?}");
            }
        }
    }
}

/// Addresses as gateways write them, with the host of each.
const ADDRESSES: &[(&str, &str)] = &[
    ("192.0.2.1:80", "192.0.2.1"),
    ("192.0.2.1:40123", "192.0.2.1"),
    ("192.0.2.1", "192.0.2.1"),
    ("192.0.2.10:1", "192.0.2.10"),
    ("[2001:db8::1]:443", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("2001:db8::1", "2001:db8::1"),
    ("2001:db8::1:80", "2001:db8::1:80"),
    ("::1", "::1"),
    ("[::ffff:192.0.2.1]:9", "::ffff:192.0.2.1"),
    ("[fe80::1%eth0]:9", "fe80::1%eth0"),
    ("client.test:8080", "client.test"),
    ("client.test", "client.test"),
    ("4711", "4711"),
    ("host:8x", "host:8x"),
    ("host:", "host"),
    ("/run/client.sock", "/run/client.sock"),
    ("@internal/7", "@internal/7"),
    ("[half", "[half"),
    ("é:7", "é"),
    (":80", ""),
    ("[]:80", ""),
    ("", ""),
];

pub async fn clients_are_grouped_by_their_hosts(database: &impl Executor) {
    let record = |(number, (address, _)): (usize, &(&'static str, &str))| AccessRecord {
        record_id: format!("a{number}").into(),
        start_time: Some(time(SECOND)),
        downstream_remote_address: (*address).into(),
        ..AccessRecord::default()
    };
    let records: Vec<_> = ADDRESSES.iter().enumerate().map(record).collect();
    insert::insert(database, &records).await.unwrap();
    let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, host) in ADDRESSES {
        *expected.entry(host).or_default() += 1;
    }
    let scope = Scope { filters: vec![], start: time(0), end: time(2 * SECOND), only_unpriced: false };
    let grouping = Grouping::find("downstream_remote_host").unwrap();
    let facet = facet::run(database, &scope, grouping, 100).await.unwrap();
    let found: BTreeMap<&str, i64> =
        facet.values.iter().map(|(host, count)| (host.as_text().unwrap_or_default(), *count)).collect();
    assert_eq!(found, expected);
    let keys = ranking::run(database, &scope, grouping, ORDERS[0].1, 100).await.unwrap();
    let measures = [Measure::find("count").unwrap()];
    let series = Some((grouping, keys.as_slice()));
    let breakdown = Breakdown { scope: &scope, interval_s: None, series, measures: &measures };
    let cells = breakdown::run(database, &breakdown).await.unwrap();
    for (place, host) in keys.iter().enumerate() {
        let count = cells[&(0, Some(place))].values[0].unwrap();
        assert_eq!(count, expected[host.as_text().unwrap_or_default()], "{host:?}");
        let Some(host) = host.as_text() else { continue };
        let hosts = vec![filter("downstream_remote_address", Predicate::HostIn(vec![host.to_owned()]))];
        assert_eq!(query::records::count(database, &hosts).await.unwrap(), count as u64, "{host}");
    }
}

pub async fn groups_are_ranked_by_every_order(database: &impl Executor) {
    let records = stored(database).await;
    for (scope, test) in scopes() {
        for grouping in ["model", "status_class", "method", "grpc_status", "path"] {
            let grouping = Grouping::find(grouping).unwrap();
            let mut groups: Vec<(Value<'static>, Vec<&AccessRecord<'_>>)> = Vec::new();
            for record in in_scope(&records, test) {
                let key = key(record, grouping);
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, records)) => records.push(record),
                    None => groups.push((key, vec![record])),
                }
            }
            for (name, order) in ORDERS {
                groups.sort_by_key(|(key, records)| {
                    let amount = match order {
                        Order::By(measure) => measured(records, *measure),
                        Order::ErrorRate => {
                            let errors = records.iter().filter(|record| is_error(record)).count();
                            // Exact for as few records.
                            Some(i64::try_from(errors * 1_000_000_000 / records.len()).unwrap())
                        }
                    };
                    (Reverse(amount), Reverse(records.len()), sorted(key))
                });
                for limit in [3, 100] {
                    let found = ranking::run(database, &scope, grouping, *order, limit).await.unwrap();
                    let expected: Vec<_> =
                        groups.iter().map(|(key, _)| key.clone()).take(limit as usize).collect();
                    assert_eq!(found, expected, "{scope:?} {grouping:?} {name} {limit}");
                }
            }
            groups.sort_by_key(|(key, records)| (Reverse(records.len()), sorted(key)));
            let found = facet::run(database, &scope, grouping, 4).await.unwrap();
            let counts =
                groups.iter().map(|(key, records)| (key.clone(), i64::try_from(records.len()).unwrap()));
            assert_eq!(found.values, counts.take(4).collect::<Vec<_>>(), "{scope:?} {grouping:?}");
            let different: BTreeSet<_> =
                groups.iter().filter(|(key, _)| *key != Value::Null).map(|(key, _)| sorted(key)).collect();
            assert_eq!(found.different, i64::try_from(different.len()).unwrap());
        }
    }
}

/// Of a scope with more records than may be looked at, the newest remain, and those that an index shuts out do not count.
pub async fn no_more_records_are_looked_at_than_may_be(database: &impl Executor) {
    let records = stored(database).await;
    for (scope, _) in scopes() {
        let by_index = scope.filters.iter().any(|filter| matches!(filter.predicate, Predicate::TextIn(_)));
        let model = scope.filters.iter().find_map(|filter| match &filter.predicate {
            Predicate::TextIn(models) => Some(models[0].clone()),
            _ => None,
        });
        let mut times: Vec<Timestamp> = records
            .iter()
            .filter(|record| !by_index || Some(&*record.model) == model.as_deref())
            .filter_map(|record| record.start_time)
            .filter(|time| (scope.start..=scope.end).contains(time))
            .collect();
        times.sort_unstable_by_key(|time| Reverse(*time));
        for max in [1, 50, times.len().max(1), times.len() + 1] {
            let (narrow, sample) =
                scope::narrow(database, &scope, u32::try_from(max).unwrap()).await.unwrap();
            if max >= times.len() {
                assert_eq!((&narrow, sample), (&scope, None), "{max}");
                continue;
            }
            let sample = sample.unwrap();
            assert_eq!((sample.start, narrow.start), (times[max - 1], times[max - 1]));
            assert_eq!((sample.records as usize, narrow.end), (max, scope.end));
        }
    }
}
