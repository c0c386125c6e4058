//! `/query/prices` shows the table that applies.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::rc::Rc;

use gatelog_prices::ConfiguredTable;
use gatelog_query::{QueryConfig, handle};
use http::Request;
use serde_json::{Value, json};

use crate::service::{Clock, Service, config, failures};

async fn prices(variable: &str) -> (u16, Value) {
    let service = Service::with("").await;
    let config = QueryConfig { prices: ConfiguredTable::new(variable.to_owned()), ..config() };
    let request = Request::get("/query/prices").body(()).unwrap();
    let response =
        handle(request, Rc::clone(&service.database), &config, &failures(), &Clock::default()).await;
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.into_body().collect().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "current_thread")]
async fn the_default_table_is_shown_with_own_lines_before_it() {
    let (status, all) = prices(r#"{"version":"mine","models":[{"match":"my-*","input":"0.50"}]}"#).await;
    assert_eq!((status, &all["status"], &all["currency"]), (200, &json!("success"), &json!("USD")));
    assert!(all["version"].as_str().unwrap().ends_with("+mine"), "{}", all["version"]);
    let own = json!({ "match": "my-*", "input": "0.5", "price_id": "mine:my-*" });
    assert_eq!(all["models"][0], own);
    let models = all["models"].as_array().unwrap();
    assert!(
        models
            .iter()
            .any(|line| line["match"] == "gpt-4o" && line["price_id"].as_str().unwrap().ends_with(":gpt-4o"))
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_wrong_variable_is_no_table() {
    let (status, answer) = prices(r#"{"models":7}"#).await;
    assert_eq!((status, answer["status"].as_str()), (503, Some("error")), "{answer}");
}
