//! `/query/costs/{record_id}` explains the cost that ingest stored, and says why where it cannot.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::rc::Rc;

use gatelog_prices::{ConfiguredTable, Cost};
use gatelog_query::{QueryConfig, handle};
use gatelog_record::AccessRecord;
use gatelog_storage::insert;
use http::Request;
use serde_json::{Value, json};

use crate::service::{Clock, Service, config, failures};

/// Lines with everything that changes a price.
const PRICES: &str = r#"{"version":"v1","currency":"EUR","replace":true,"models":[
 {"match":"plain","input":"2","output":"10"},
 {"match":"all-*","input":"3","cached":"0.3","cache_write":"3.75","output":"15","reasoning":"20","above_input_tokens":1000,
  "above":{"input":"6","output":"22.5","above_input_tokens":5000,"above":{"input":"9"}},
  "service_tiers":{"batch":{"factor":"0.5"},"priority":{"input":"4","output":"30"}}},
 {"match":"dated","input":"1","output":"1"},
 {"match":"dated","from":"2026-01-01","input":"2","output":"2"},
 {"match":"dated","from":"2026-03-01","input":"4","output":"4"},
 {"match":"resold","input":"1","output":"1"},
 {"match":"resold","provider":"groq","input":"0.7","output":"0.000000001"}]}"#;

fn call(
    model: &'static str,
    provider: &'static str,
    tier: &'static str,
    tokens: [i64; 5],
) -> AccessRecord<'static> {
    let [input, cached, cache_write, output, reasoning] = tokens;
    AccessRecord {
        start_time: Some("2026-01-31T12:00:00Z".parse().unwrap()),
        model: model.into(),
        provider: provider.into(),
        service_tier: tier.into(),
        input_tokens: Some(input),
        cached_tokens: Some(cached),
        cache_write_tokens: Some(cache_write),
        output_tokens: Some(output),
        reasoning_tokens: Some(reasoning),
        total_tokens: Some(input + output),
        ..AccessRecord::default()
    }
}

fn table(variable: &str) -> ConfiguredTable {
    ConfiguredTable::new(variable.to_owned())
}

/// Stores records with the cost that ingest gives them, each under its number.
async fn stored(records: Vec<AccessRecord<'static>>) -> Service {
    let prices = table(PRICES);
    let service = Service::with("").await;
    let priced = records.into_iter().enumerate().map(|(number, mut record)| {
        record.record_id = number.to_string().into();
        if let Cost::Priced { nano, id } = prices.table().unwrap().cost(&record) {
            (record.cost_nano, record.price_id) = (Some(nano), id.into());
        }
        record
    });
    insert::insert(&service.database, &priced.collect::<Vec<_>>()).await.unwrap();
    service
}

async fn cost(service: &Service, prices: &str, number: usize) -> (u16, Value) {
    let config = QueryConfig { prices: table(prices), ..config() };
    let request = Request::get(format!("/query/costs/{number}")).body(()).unwrap();
    let response =
        handle(request, Rc::clone(&service.database), &config, &failures(), &Clock::default()).await;
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.into_body().collect().await.unwrap()).unwrap())
}

/// The sum of the amounts in units of 10^-21, rounded to 10^-9.
fn summed(answer: &Value) -> i64 {
    let units = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<21}").parse::<i128>().unwrap()
    };
    let charges = answer.get("charges").and_then(Value::as_array).unwrap();
    let sum: i128 = charges.iter().map(|charge| units(charge.get("amount").unwrap().as_str().unwrap())).sum();
    i64::try_from((sum + 500_000_000_000) / 1_000_000_000_000).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn the_amounts_add_up_to_the_cost_that_was_stored() {
    let whole = [400, 100, 50, 30, 10];
    let records = vec![
        call("plain", "", "", whole),
        call("all-7b", "", "", whole),
        call("all-7b", "", "batch", whole),
        call("all-7b", "", "priority", whole),
        call("all-7b", "", "unheard", whole),
        call("all-7b", "", "", [1_001, 100, 50, 30, 10]),
        call("all-7b", "", "batch", [70_001, 100, 50, 33, 10]),
        call("all-7b", "", "PRIORITY", [2_000, 9_000, 50, 30, 90]),
        call("dated", "", "", whole),
        call("resold", "groq", "", whole),
        call("resold", "other", "", whole),
        AccessRecord { input_tokens: None, ..call("dated", "", "", whole) },
        AccessRecord { input_tokens: None, output_tokens: None, ..call("dated", "", "", whole) },
        AccessRecord { response_model: "all-9b".into(), ..call("plain", "", "", whole) },
    ];
    let count = records.len();
    let service = stored(records).await;
    for number in 0..count {
        let (status, answer) = cost(&service, PRICES, number).await;
        assert_eq!((status, answer.get("agrees")), (200, Some(&json!(true))), "{number}: {answer}");
        assert!(answer.get("reason").is_none() && answer.get("currency") == Some(&json!("EUR")), "{answer}");
        let [cost, sum] = ["cost_nano", "sum_nano"].map(|name| answer.get(name).unwrap().as_i64().unwrap());
        assert_eq!((cost, sum), (summed(&answer), cost), "{number}: {answer}");
    }
    let (_, batch) = cost(&service, PRICES, 6).await;
    assert_eq!(
        (batch.get("factor"), batch.get("service_tier"), batch.get("above_input_tokens")),
        (Some(&json!("0.5")), Some(&json!("batch")), Some(&json!(5_000)))
    );
    let input = batch.pointer("/charges/0").unwrap();
    let expected = json!({ "kind": "input", "tokens": 69_851, "price": "9", "amount": "0.3143295" });
    assert_eq!(input, &expected);
    let (_, dated) = cost(&service, PRICES, 8).await;
    assert_eq!(dated.pointer("/line/from"), Some(&json!("2026-01-01")));
    let (_, resold) = cost(&service, PRICES, 9).await;
    assert_eq!(resold.pointer("/line/provider"), Some(&json!("groq")));
}

#[tokio::test(flavor = "current_thread")]
async fn where_the_sum_is_another_the_answer_says_why() {
    let whole = [400, 0, 0, 30, 0];
    let start_time = Some("2026-01-31T12:00:00Z".parse().unwrap());
    let nothing = AccessRecord { model: "plain".into(), start_time, ..AccessRecord::default() };
    let records = vec![
        call("plain", "", "", whole),
        call("house", "", "", whole),
        nothing,
        call("all-1", "", "", whole),
    ];
    let service = stored(records).await;
    let changed = PRICES.replace(r#""input":"2","output":"10""#, r#""input":"2.5","output":"10""#);
    for (number, prices, reason) in [
        (0, &*changed, json!("changed_price")),
        (0, "", json!("unknown_price")),
        (1, PRICES, json!("unpriced")),
        (2, PRICES, json!("no_tokens")),
        (3, &*changed, Value::Null),
    ] {
        let (status, answer) = cost(&service, prices, number).await;
        assert_eq!(status, 200, "{answer}");
        let agrees = reason == Value::Null;
        assert_eq!(answer.get("reason").cloned().unwrap_or_default(), reason, "{answer}");
        assert_eq!(answer.get("agrees"), Some(&json!(agrees)), "{answer}");
    }
    assert_eq!(cost(&service, PRICES, 9).await.0, 404);
    assert_eq!(cost(&service, r#"{"models":7}"#, 0).await.0, 503);
}
