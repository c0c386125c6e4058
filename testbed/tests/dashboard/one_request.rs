//! The drawer of one request, and texts that try to be more than texts.

use serde_json::json;

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
        "to the headers\n400 ms",
        "of these, upstream\n350 ms",
        "to the first token\n500 ms",
        "to the end\n1.1 s",
        "together\n2 s",
    ] {
        assert!(phases.contains(phase), "{phase:?} is not in {phases:?}");
    }
    page.eventually_says(".drawer", "Sent upstream 2 times").await;
    let tokens = page.text(".arithmetic").await;
    for part in ["read\t200", "read from the cache\t1,000", "written\t300", "total\t1,500"] {
        assert!(tokens.contains(part), "{part:?} is not in {tokens:?}");
    }
    page.eventually_says(".drawer", "100 of the tokens written are reasoning").await;
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
    page.eventually_says(".drawer", "It is not there").await;
    page.finish(&site).await;
}
