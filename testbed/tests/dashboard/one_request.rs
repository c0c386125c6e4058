//! The drawer of one request, and texts that try to be more than texts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::page::Page;
use crate::records::{self, FULL, HOSTILE};
use crate::site::Site;

/// Takes what the page copies.
const TAKE_COPIES: &str =
    "(navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); })";

#[tokio::test]
async fn the_drawer_shows_phases_tokens_what_was_captured_and_what_belongs_to_it() {
    let site = Site::with(&[records::varied(), vec![records::full()]].concat()).await;
    let page = Page::open(&site, &format!("?id={FULL}")).await;
    page.eventually_says(".drawer .request-line", "/v1/chat/completions").await;
    let phases = page.text(".phases").await;
    for phase in [
        "until the headers\n400 ms",
        "of which upstream\n350 ms",
        "until the first token\n500 ms",
        "until the end\n1.1 s",
        "total\n2 s",
    ] {
        assert!(phases.contains(phase), "{phase:?} is not in {phases:?}");
    }
    page.eventually_says(".drawer", "Sent upstream 2 times").await;
    page.eventually_says(".arithmetic", "total").await;
    let tokens = page.text(".arithmetic").await;
    for part in ["input\t200", "from the cache\t1,000", "output\t200", "reasoning\t100", "total\t1,500"] {
        assert!(tokens.contains(part), "{part:?} is not in {tokens:?}");
    }
    page.eventually_says(".drawer", "Gateways").await;
    page.eventually_says(".drawer .headers", "application/json").await;
    page.screenshot("drawer").await;
    page.value(TAKE_COPIES).await;
    page.click_text(".drawer .button", "Copy as curl").await;
    page.eventually("a copy", "window.copied").await;
    let curl = page.value("window.copied").await;
    let curl = curl.as_str().unwrap();
    assert!(curl.starts_with("curl -X 'POST' 'https://shop.example.com/v1/chat/completions'"), "{curl}");
    assert!(curl.contains("-H 'x-note: it'\\''s'") && curl.contains("--data-raw '{\"model\""), "{curl}");
    page.click_text(".related .button", "Same session").await;
    page.eventually_says(".filter-bar", "session-0").await;
    page.eventually_says(".histogram h2", "26 requests").await;
    page.finish(&site).await;
}

/// Prices by service tier, size of the input and date.
const PRICES: &str = r#"{"version":"v1","currency":"USD","replace":true,"models":[
    {"match":"tiers","input":"3","cached":"0.3","output":"15","above_input_tokens":2000,"above":{"input":"6"},
     "service_tiers":{"batch":{"factor":"0.5"},"priority":{"input":"4.0000005","output":"30"}}},
    {"match":"dated","input":"1","output":"1"},{"match":"dated","from":"2020-01-01","input":"0.0375","output":"2"}]}"#;

#[tokio::test]
async fn the_arithmetic_in_the_drawer_adds_up_to_the_cost_that_was_charged() {
    let site = Site::configured(&[("prices", PRICES)]).await;
    let calls = [
        ("plain", "tiers", "", 1_201, "Price v1:tiers"),
        ("large", "tiers", "", 2_001, "for more than 2,000 input tokens"),
        ("batch", "tiers", "batch", 1_201, "service tier batch: × 0.5"),
        ("priority", "tiers", "priority", 1_201, "service tier priority"),
        ("dated", "dated", "", 7_777, "valid from 2020-01-01"),
    ];
    let call = |(id, model, tier, input, _): &(&str, &str, &str, i64, &str)| {
        let mut record = records::record(3, Duration::from_secs(30));
        let more = json!({
            "record_id": id, "model": model, "service_tier": tier, "input_tokens": input, "cached_tokens": 1_001, "output_tokens": 333,
            "reasoning_tokens": 33, "total_tokens": input + 333,
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let mut records: Vec<Value> = calls.iter().map(call).collect();
    records.push(call(&("unpriced", "house", "", 5, "")));
    site.store(&records).await;
    let page = Page::open(&site, "").await;
    for (id, .., says) in calls {
        page.goto(&format!("?id={id}")).await;
        page.eventually_says(".drawer .arithmetic", "total").await;
        page.eventually_says(".drawer", says).await;
        // Each row is an amount of tokens, a price and, where there is one, a factor, and their product.
        let sums = page
            .value(
                "[...document.querySelectorAll('.arithmetic tr')].map((row) => row.lastElementChild.innerText.replace('$', ''))",
            )
            .await;
        let sums: Vec<String> = serde_json::from_value(sums).unwrap();
        let (total, amounts) = sums.split_last().unwrap();
        let added: f64 = amounts.iter().map(|amount| amount.parse::<f64>().unwrap()).sum();
        let total: f64 = total.parse().unwrap();
        assert!(amounts.len() > 2 && (added - total).abs() <= 0.5e-9 + 1e-12, "{id}: {sums:?}");
        let products = page
            .value(
                "[...document.querySelectorAll('.arithmetic tr:not(.total)')].map((row) => [...row.children].slice(1).map((cell) => cell.innerText.replace(/[$,M/]/g, '').split('×').filter((part) => part.trim()).reduce((product, part) => product * Number(part), 1)))",
            )
            .await;
        let products: Vec<[f64; 3]> = serde_json::from_value(products).unwrap();
        for [tokens, price, amount] in products {
            assert!(
                (tokens * price / 1e6 - amount).abs() < 1e-12,
                "{id}: {tokens} × {price} is not {amount}"
            );
        }
    }
    page.screenshot("cost").await;
    page.goto("?id=unpriced").await;
    page.eventually_says(".drawer", "The price table had no price for house when the call was stored.").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn keys_go_through_the_requests() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    page.type_keys("jjk").await;
    page.eventually("an active row", "document.querySelector('.row.active')?.dataset.id === 'record-000999'")
        .await;
    page.type_keys("\u{e007}").await;
    page.eventually_says(".drawer h2", "record-000999").await;
    page.type_keys("j").await;
    page.eventually_says(".drawer h2", "record-000998").await;
    page.eventually("it in the address", "location.search.includes('id=record-000998')").await;
    page.type_keys("\u{e00c}").await;
    page.eventually("the drawer closed", "!document.querySelector('.drawer')").await;
    page.type_keys("?").await;
    page.eventually_says(".dialog", "next and previous request").await;
    page.type_keys("\u{e00c}").await;
    page.eventually("the sheet closed", "!document.querySelector('.dialog')").await;
    page.type_keys("3").await;
    page.eventually_says("[role=tab][aria-selected=true]", "AI").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn hostile_texts_are_shown_as_texts() {
    let site = Site::with(&records::hostile()).await;
    let page = Page::open(&site, "?cols=path,consumer,route_name").await;
    page.eventually("all rows", "document.querySelectorAll('.row').length === 5").await;
    let rows = page.text(".grid").await;
    assert!(
        rows.contains("<script>window.broken=1</script>")
            && rows.contains("\\u202egnp.exe")
            && rows.contains("`${window.broken=1}"),
        "{rows}"
    );
    page.screenshot("hostile").await;
    for number in 0..HOSTILE.len() {
        page.goto(&format!("?id=hostile-{number}")).await;
        page.eventually_says(".drawer .request-line", "GET").await;
    }
    page.goto("?id=hostile-long").await;
    page.eventually_says(".drawer .request-line", "longlong").await;
    page.goto("?tab=overview").await;
    page.eventually_says("main", "window.broken").await;
    assert_eq!(page.value("document.querySelectorAll('main script, main img').length").await, json!(0));
    assert_eq!(page.value("typeof window.broken").await, json!("undefined"));
    page.finish(&site).await;
}

#[tokio::test]
async fn a_request_that_is_not_there_says_why() {
    let site = Site::empty().await;
    let page = Page::open(&site, "?id=no-such-record").await.expecting("404");
    page.eventually_says(".drawer", "Not found").await;
    page.finish(&site).await;
}
