//! Every tab over records of every kind, and over none.

use serde_json::Value;

use crate::page::Page;
use crate::records::{self, AI_CALLS, COUNT, MODEL_WITHOUT_PRICE, WITHOUT_USAGE};
use crate::site::Site;

/// The sizes that pictures are kept of: a desk, a tablet, a telephone.
const SIZES: [(u32, u32); 3] = [(1_440, 900), (900, 800), (400, 800)];

#[tokio::test]
async fn the_requests_are_counted_drawn_and_listed() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.eventually("a chart", "document.querySelector('.histogram canvas')?.width > 100").await;
    page.eventually("rows", "document.querySelectorAll('.row').length > 10").await;
    page.eventually_says(".facets", "shop.example.com").await;
    assert_eq!(page.text(".row [role=gridcell]:nth-child(2)").await, "GET", "the newest record is the last");
    page.screenshot("requests").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn the_overview_says_how_much_how_well_and_how_fast() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?tab=overview").await;
    page.eventually_says(".cards", "1,000").await;
    let figures = page
        .value("[...document.querySelectorAll('.figure')].slice(0, 3).map((one) => one.innerText).join()")
        .await;
    assert_eq!(figures, "1,000,5%,5%", "one of twenty is 503, one of twenty 404");
    for title in ["Routes", "Paths", "Consumers", "Services", "Upstreams", "User agents", "Client addresses"]
    {
        page.eventually(
            title,
            &format!(
                "[...document.querySelectorAll('.table-card h3')].some((one) => one.innerText === {title:?})"
            ),
        )
        .await;
    }
    page.eventually(
        "the addresses without their ports",
        "[...document.querySelectorAll('.name')].some((one) => one.innerText === '203.0.113.0')",
    )
    .await;
    page.screenshot("overview").await;
    page.click_text(".sums .name", "mcp").await;
    page.eventually_says(".filter-bar", "mcp").await;
    page.eventually_says(".histogram h2", "125 requests").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn ai_calls_without_usage_and_without_a_price_stand_beside_the_sums() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?tab=ai").await;
    page.eventually_says(".cards", &AI_CALLS.to_string()).await;
    page.eventually_says(".cards", &format!("excludes {WITHOUT_USAGE} calls without usage")).await;
    page.eventually_says(".cards", "calls without a price").await;
    let row = format!(
        "[...document.querySelectorAll('.sums tr')].find((one) => one.innerText.includes({MODEL_WITHOUT_PRICE:?}))?.innerText"
    );
    page.eventually("the model without a price", &format!("{row}?.includes('no price')")).await;
    page.eventually_says("main", "Latest sessions").await;
    page.eventually_says("main", "session-3").await;
    page.screenshot("ai").await;
    page.click_text(".segments.by button", "consumer").await;
    page.eventually_says("main", "AI calls by consumer").await;
    page.eventually_says(".sums", "web-shop").await;
    page.click_text(".sums .name", "session-3").await;
    page.eventually_says(".filter-bar", "session-3").await;
    page.eventually_says(".histogram h2", "25 requests").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn mcp_shows_servers_and_tools() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?tab=mcp").await;
    page.eventually_says(".cards", "125").await;
    for value in ["weather", "forecast", "alerts"] {
        page.eventually(
            value,
            &format!(
                "[...document.querySelectorAll('.sums .name')].some((one) => one.innerText === {value:?})"
            ),
        )
        .await;
    }
    page.screenshot("mcp").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn the_pipeline_says_how_many_records_were_lost_of_how_many() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?tab=pipeline").await;
    // Instances add their counts half a second after an answer, and the page looks again every five.
    page.eventually_says(".verdict", &format!("0 lost of {COUNT_TEXT}")).await;
    page.eventually_says("main", "Last record").await;
    page.screenshot("pipeline").await;
    page.finish(&site).await;
}

/// [`COUNT`] as the page writes it.
const COUNT_TEXT: &str = "1,000";

#[tokio::test]
async fn an_empty_database_says_what_to_do() {
    assert_eq!(COUNT, 1_000);
    let site = Site::empty().await;
    let page = Page::open(&site, "").await;
    page.eventually_says("main", "No records yet").await;
    page.screenshot("empty").await;
    for (tab, text) in [
        ("AI", "No AI calls in this time range"),
        ("MCP", "No MCP calls in this time range"),
        ("Overview", "Nothing in this time range"),
        ("Pipeline", "0 lost of 0"),
    ] {
        page.click_text("[role=tab]", tab).await;
        page.eventually_says("main", text).await;
    }
    page.finish(&site).await;
}

#[tokio::test]
async fn every_tab_fits_a_desk_a_tablet_and_a_telephone_in_light_and_dark() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    for tab in ["requests", "overview", "ai", "mcp", "pipeline"] {
        page.goto(&format!("?tab={tab}")).await;
        for (width, height) in SIZES {
            for scheme in ["light", "dark"] {
                page.look(width, height, scheme).await;
                page.eventually(
                    "its content",
                    "document.querySelector('main .card, main .row') && !document.querySelector('.waiting')",
                )
                .await;
                let overflow = page.value("document.documentElement.scrollWidth - innerWidth").await;
                assert!(overflow.as_i64() <= Some(0), "{tab} is {overflow} pixels wider than {width}");
                let inner = page.value("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('main'))").await;
                assert_eq!(inner, Value::from(0), "{tab} scrolls sideways at {width}");
                page.screenshot(&format!("{tab}-{width}-{scheme}")).await;
            }
        }
    }
    page.finish(&site).await;
}
