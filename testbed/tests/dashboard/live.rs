//! Live: a record is on the page soon after it is stored.

use std::time::Duration;

use tokio::time::Instant;

use crate::page::Page;
use crate::records;
use crate::site::Site;

/// The longest that a record may take from its end to the page. A filter of the gateway takes up to one second of it.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_record_is_on_the_page_within_two_seconds_of_its_end() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    page.click(".button.live").await;
    page.eventually_says(".live-note", "live: 0 records").await;
    let mut delays = Vec::new();
    for number in 5_000..5_010 {
        let began = Instant::now();
        site.store(&[records::record(number, Duration::ZERO)]).await;
        page.eventually(
            "the new record",
            &format!("document.querySelector('[data-id=\"record-{number:06}\"]')"),
        )
        .await;
        delays.push(began.elapsed());
    }
    delays.sort();
    // The median, because the machine that runs the tests has other work too.
    assert!(delays.get(delays.len() / 2).is_some_and(|delay| *delay < SOON), "{delays:?}");
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
async fn live_shows_what_the_filters_let_through() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?live=1&f=status:5xx").await;
    page.eventually_says(".live-note", "live: 0 records").await;
    site.store(&[records::record(5_002, Duration::ZERO), records::record(5_001, Duration::ZERO)]).await;
    page.eventually("the error", "document.querySelector('[data-id=\"record-005001\"]')").await;
    page.eventually("nothing else", "!document.querySelector('[data-id=\"record-005002\"]')").await;
    page.finish(&site).await;
}
