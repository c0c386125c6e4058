//! What stored records cost, and what is counted where nobody knows.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use gatelog_functions_shared::{Environment, metrics};
use gatelog_ingest::pricing::{Unpriced, price};
use gatelog_ingest::{Ingest, IngestConfig};
use gatelog_prices::ConfiguredTable;
use gatelog_record::{AccessRecord, FieldValue, Timestamp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::query::records;
use http::Request;

const RECORDS: &str = r#"[
    {"record_id":"known","model":"gpt-4o","input_tokens":1000,"output_tokens":100,"cached_tokens":400},
    {"record_id":"own","model":"my-model","input_tokens":1000000,"total_tokens":1000000},
    {"record_id":"claimed","model":"nobody-knows","total_tokens":5,"cost_nano":7,"price_id":"theirs"},
    {"record_id":"plain","path":"/","cost_nano":7}
]"#;

/// The cost and its price of each record, and the counts of records without a price and of those without a table.
async fn stored(prices: &str) -> (Vec<(Option<i64>, String)>, [i64; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let (config, _) = IngestConfig::read(&[("prices", prices)], |_| Err(std::io::ErrorKind::NotFound.into()))
        .await
        .unwrap();
    let ingest = Ingest::new(config, &database, StillHost::default());
    let request = Request::post("/ingest").body(Bytes::from(RECORDS)).unwrap();
    assert_eq!(ingest.handle(request).await.status(), 200);
    ingest.begin_background().unwrap().run().await;
    let mut costs = Vec::new();
    for id in ["known", "own", "claimed", "plain"] {
        let record = records::by_record_id(&database, id).await.unwrap().unwrap();
        let (mut cost, mut price_id) = (None, String::new());
        for (field, value) in record.fields() {
            match (field.name, value) {
                ("cost_nano", FieldValue::Integer(nano)) => cost = Some(nano),
                ("price_id", FieldValue::Text(id)) => price_id = id.to_owned(),
                _ => {}
            }
        }
        costs.push((cost, price_id));
    }
    let counts = gatelog_storage::counters::read(&database).await.unwrap();
    let count = |reason: &str| {
        let name = format!("{}{{reason=\"{reason}\"}}", metrics::UNPRICED.name);
        counts.iter().find(|(series, _)| *series == name).map_or(0, |(_, count)| *count)
    };
    (costs, [count("no_price"), count("misconfigured")])
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_has_its_cost_and_price_and_no_other_than_ingests() {
    let own = r#"{"version":"mine","models":[{"match":"my-*","input":"0.5"}]}"#;
    let (costs, unpriced) = stored(own).await;
    let [known, own, claimed, plain] = <[_; 4]>::try_from(costs).unwrap();
    assert_eq!((known.0, known.1.ends_with(":gpt-4o")), (Some(1_500_000 + 500_000 + 1_000_000), true));
    assert_eq!((own.0, &*own.1), (Some(500_000_000), "mine:my-*"));
    assert_eq!((claimed.0, &*claimed.1), (None, ""));
    assert_eq!((plain.0, &*plain.1), (None, ""));
    assert_eq!(unpriced, [1, 0]);
}

#[tokio::test(flavor = "current_thread")]
async fn with_a_wrong_variable_records_are_stored_without_a_cost_and_counted() {
    let (costs, unpriced) = stored(r#"{"models":[{"match":"gpt-4o","input":2.5}]}"#).await;
    assert!(costs.iter().all(|(cost, id)| cost.is_none() && id.is_empty()), "{costs:?}");
    assert_eq!(unpriced, [0, 3]);
}

#[tokio::test(flavor = "current_thread")]
async fn stored_calls_are_counted_once_by_the_names_of_the_price_table() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    let own = r#"{"version":"mine","models":[{"match":"my-*","input":"0.5"},{"match":"half","input":"1"}]}"#;
    let (config, _) =
        IngestConfig::read(&[("prices", own)], |_| Err(std::io::ErrorKind::NotFound.into())).await.unwrap();
    let ingest = Ingest::new(config, &database, StillHost::default());
    let more = r#",{"record_id":"failed","model":"my-model","response_code":500},
        {"record_id":"half","model":"half","output_tokens":3,"time_to_first_token":90}]"#;
    let body = format!("{}{more}", RECORDS.trim_end_matches(['\n', ']']));
    for _ in 0..2 {
        let request = Request::post("/ingest").body(Bytes::from(body.clone())).unwrap();
        assert_eq!(ingest.handle(request).await.status(), 200);
    }
    ingest.begin_background().unwrap().run().await;
    let mut counts = gatelog_storage::counters::read(&database).await.unwrap();
    counts.retain(|(name, _)| name.starts_with("gatelog_ai_"));
    counts.sort();
    let expected = [
        (r#"gatelog_ai_calls_total{model="gpt-4o"}"#, 1),
        (r#"gatelog_ai_calls_total{model="half"}"#, 1),
        (r#"gatelog_ai_calls_total{model="my-*"}"#, 2),
        (r#"gatelog_ai_calls_total{model="other"}"#, 1),
        (r#"gatelog_ai_cost_total{model="gpt-4o",currency="USD"}"#, 3_000_000),
        (r#"gatelog_ai_cost_total{model="my-*",currency="USD"}"#, 500_000_000),
        (r#"gatelog_ai_time_to_first_token_seconds_bucket{model="half",le="0.1"}"#, 1),
        (r#"gatelog_ai_time_to_first_token_seconds_sum{model="half"}"#, 90_000),
        (r#"gatelog_ai_tokens_total{model="gpt-4o",type="cached"}"#, 400),
        (r#"gatelog_ai_tokens_total{model="gpt-4o",type="input"}"#, 1_000),
        (r#"gatelog_ai_tokens_total{model="gpt-4o",type="output"}"#, 100),
        (r#"gatelog_ai_tokens_total{model="half",type="output"}"#, 3),
        (r#"gatelog_ai_tokens_total{model="my-*",type="input"}"#, 1_000_000),
        (r#"gatelog_ai_tokens_total{model="other",type="input"}"#, 5),
    ];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn every_record_is_counted_once_at_most() {
    let mut unpriced = Unpriced::default();
    let wrong = ConfiguredTable::new("{".to_owned());
    for (table, total_tokens) in [
        (ConfiguredTable::default().table(), Some(1)),
        (ConfiguredTable::default().table(), None),
        (wrong.table(), Some(1)),
        (wrong.table(), Some(0)),
    ] {
        let mut record =
            AccessRecord { model: "nobody-knows".into(), total_tokens, ..AccessRecord::default() };
        price(&mut record, table, &mut unpriced);
    }
    assert_eq!(unpriced, Unpriced { without_price: 1, misconfigured: 1 });
}

#[derive(Default)]
struct StillHost {
    drawn: Cell<u8>,
}

impl Environment for StillHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_796_472_000_000_000)
    }

    fn ticks(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.drawn.set(self.drawn.get().wrapping_add(1));
        bytes.fill(self.drawn.get());
    }

    async fn sleep(&self, _: Duration) {}
}
