//! Live: records are on the page as they are stored. `cargo xtask bench query` measures how soon.

use std::time::Duration;

use serde_json::Value;

use crate::page::Page;
use crate::records;
use crate::site::Site;

/// The most rows that the live view keeps.
const KEPT: usize = 2_000;

#[tokio::test]
async fn records_come_onto_the_page_as_they_are_stored_newest_first_and_each_once() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    page.click(".button.live").await;
    page.eventually_says(".live-note", "live: 0 records").await;
    for number in 5_000..5_010 {
        site.store(&[records::record(number, Duration::ZERO)]).await;
        page.eventually(
            "the new record",
            &format!("document.querySelector('[data-id=\"record-{number:06}\"]')"),
        )
        .await;
    }
    page.eventually_says(".live-note", "live: 10 records").await;
    let shown = page
        .value("[...document.querySelectorAll('.row')].slice(0, 11).map((row) => row.dataset.id).join()")
        .await;
    let expected: Vec<String> =
        (5_000..5_010).rev().chain([999]).map(|number| format!("record-{number:06}")).collect();
    assert_eq!(shown, expected.join(","), "newest first, each once");
    page.screenshot("live").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn live_says_when_it_no_longer_shows_older_records() {
    let site = Site::with(&[records::record(1, Duration::from_secs(60))]).await;
    let page = Page::open(&site, "?live=1").await;
    // The rate is there once the tail is followed, and then the earlier record is loaded anew.
    page.eventually_says(".live-note", "live: 0 records, 0.0/s").await;
    page.eventually_says(".table-foot", "1 request, all that match").await;
    let some = |from: usize, to: usize| -> Vec<Value> {
        (from..to).map(|number| records::record(number, Duration::ZERO)).collect()
    };
    for first in (10_000..10_000 + KEPT).step_by(500) {
        site.store(&some(first, first + 500)).await;
    }
    page.eventually_says(".live-note", "live: 2,000 records").await;
    page.eventually_says(".table-foot", "2,001 requests").await;
    assert!(!page.text(".table-foot").await.contains("Live keeps"), "nothing is left out yet");
    site.store(&some(20_000, 20_007)).await;
    let note = "Live keeps the newest 2,000 records. 7 older ones are no longer shown";
    page.eventually_says(".table-foot", note).await;
    page.screenshot("live-full").await;
    page.execute("sync", "localStorage.setItem('gatelog.language', '\"zh\"');").await;
    page.reload().await;
    page.eventually_says(".live-note", "实时：0 条记录，0.0 条/s").await;
    for first in (30_000..30_000 + KEPT + 500).step_by(500) {
        site.store(&some(first, first + 500)).await;
    }
    page.eventually_says(".table-foot", "实时模式只保留最新的 2,000 条记录，较早的 500 条已不再显示").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn live_shows_what_the_filters_let_through() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?live=1&f=status:5xx").await;
    page.eventually_says(".live-note", "live: 0 records").await;
    site.store(&[records::record(5_002, Duration::ZERO), records::record(5_001, Duration::ZERO)]).await;
    page.eventually("the error", "document.querySelector('[data-id=\"record-005001\"]')").await;
    page.eventually("nothing else", "!document.querySelector('[data-id=\"record-005002\"]')").await;
    page.finish(&site).await;
}
