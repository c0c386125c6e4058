//! Finding requests: facets, the filter bar, the brush, pages, columns, exports.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::page::Page;
use crate::records::{self, AI_CALLS, COUNT};
use crate::site::Site;

#[tokio::test]
async fn a_click_on_a_value_takes_it_in_and_with_alt_it_is_left_out() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.click_text(".facet .value", "5xx").await;
    page.eventually_says(".histogram h2", "50 requests").await;
    assert!(page.text(".facets").await.contains("4xx"), "the counts of a field leave its own filter out");
    page.click_text(".facet .value", "4xx").await;
    page.eventually_says(".histogram h2", "100 requests").await;
    page.click_text(".facet .value", "5xx").await;
    page.click_text(".facet .value", "4xx").await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.value("[...document.querySelectorAll('.facet .value')].find((one) => one.innerText.includes('llm')).dispatchEvent(new MouseEvent('click', { bubbles: true, altKey: true }))").await;
    page.eventually_says(".histogram h2", &format!("{} requests", COUNT - AI_CALLS)).await;
    page.eventually("the filter in the address", "location.search.includes('f=-')").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_click_on_none_takes_in_what_has_no_value_and_with_alt_leaves_it_out() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    let in_model = |text: &str| {
        format!(
            "[...document.querySelectorAll('.facet .value')].find((one) => one.closest('.facet').querySelector('summary').innerText.startsWith('model') && one.innerText.includes({text:?}))"
        )
    };
    let click = |text: &str, alt: bool| {
        format!(
            "{}.dispatchEvent(new MouseEvent('click', {{ bubbles: true, altKey: {alt} }}))",
            in_model(text)
        )
    };
    let without_model = format!("{} requests", COUNT - AI_CALLS);
    page.eventually("the models", &in_model("(none)")).await;
    page.value(&click("(none)", false)).await;
    page.eventually_says(".histogram h2", &without_model).await;
    page.eventually("it in the address", "location.search.includes('f=missing:model')").await;
    page.eventually_says(".chip", "model = (none)").await;
    // A value beside it is an alternative.
    page.eventually("the other models", &in_model("claude-sonnet-4-5")).await;
    page.value(&click("claude-sonnet-4-5", false)).await;
    page.eventually_says(".histogram h2", &format!("{} requests", COUNT - AI_CALLS + AI_CALLS / 5)).await;
    page.value(&click("claude-sonnet-4-5", false)).await;
    page.eventually_says(".histogram h2", &without_model).await;
    page.value(&click("(none)", true)).await;
    page.eventually_says(".histogram h2", &format!("{AI_CALLS} requests")).await;
    page.eventually(
        "its opposite in its place",
        "location.search.includes('f=present:model') && !location.search.includes('missing')",
    )
    .await;
    page.screenshot("none-excluded").await;
    page.back().await;
    page.eventually_says(".histogram h2", &without_model).await;
    page.goto("?f=present:model&f=missing:consumer").await;
    page.eventually_says("main", "No matching requests").await;
    page.goto("").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    page.type_keys("/miss").await;
    page.eventually_says(".proposals", "missing:").await;
    page.type_keys("ing:mcp_t").await;
    page.eventually_says(".proposals", "missing:mcp_tool").await;
    page.type_keys("ool -missing:model\u{e007}").await;
    page.eventually_says(".histogram h2", &format!("{AI_CALLS} requests")).await;
    page.type_keys("missing:nonsense\u{e007}").await;
    page.eventually_says(".problem", "There is no field named nonsense").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_client_address_is_filtered_whatever_its_port() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?tab=overview").await;
    // One of seven addresses, each request from a port of its own.
    page.click_text(".sums .name", "203.0.113.3").await;
    page.eventually("it in the address", "location.search.includes('f=downstream_remote_host:203.0.113.3')")
        .await;
    page.eventually_says(".histogram h2", "143 requests").await;
    page.click(".row").await;
    page.eventually_says(".drawer", "203.0.113.3:4").await;
    page.click_text(".related .button", "Same client address").await;
    page.eventually_says(".chip", "203.0.113.3").await;
    page.eventually(
        "some requests",
        "/^[1-9]\\d requests/.test(document.querySelector('.histogram h2').innerText)",
    )
    .await;
    page.finish(&site).await;
}

#[tokio::test]
async fn the_filter_bar_reads_what_is_typed_and_says_what_it_does_not_understand() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    page.type_keys("/").await;
    page.eventually("the focus", "document.activeElement.className === 'filter-input'").await;
    page.type_keys("mod").await;
    page.eventually_says(".proposals", "model:").await;
    page.type_keys("el:gpt").await;
    page.eventually_says(".proposals", "model:gpt-4o-mini").await;
    page.type_keys("-4o-mini -status:5xx duration>500\u{e007}").await;
    page.eventually("three filters", "document.querySelectorAll('.chip').length === 3").await;
    page.eventually(
        "fewer requests",
        "/^[1-9]\\d{1,2} requests/.test(document.querySelector('.histogram h2').innerText)",
    )
    .await;
    page.eventually(
        "only slow ones",
        "[...document.querySelectorAll('.row')].every((row) => /\\d (ms|s)\\b/.test(row.innerText))",
    )
    .await;
    page.type_keys("nofield:1\u{e007}").await;
    page.eventually_says(".problem", "There is no field named nofield").await;
    for _ in 0.."nofield:1".len() + 3 {
        page.type_keys("\u{e003}").await;
    }
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.type_keys("/no-route\u{e007}").await;
    page.eventually_says(".histogram h2", "50 requests").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_value_with_blanks_at_its_ends_is_found_alone_by_a_click_and_by_the_address() {
    let methods = [" ", "GET", " GET", "GET "];
    let records: Vec<Value> =
        methods.iter().map(|method| json!({"method": method, "path": format!("/<{method}>")})).collect();
    let site = Site::with(&records).await;
    let page = Page::open(&site, "").await;
    for method in methods {
        page.eventually_says(".histogram h2", "4 requests").await;
        let value = format!(
            "[...document.querySelectorAll('.facet .value')].find((one) => one.querySelector('.name').textContent === {method:?})"
        );
        page.eventually("the value", &value).await;
        page.value(&format!("{value}.click()")).await;
        for way in ["click", "address"] {
            page.eventually_says(".histogram h2", "1 request").await;
            let only = format!(
                "document.querySelectorAll('.row').length === 1 && document.querySelector('.row').textContent.includes({:?})",
                format!("/<{method}>")
            );
            page.eventually(way, &only).await;
            page.reload().await;
        }
        page.click("[aria-label='Remove all filters']").await;
    }
    page.finish(&site).await;
}

#[tokio::test]
async fn what_is_no_filter_in_the_address_is_named_and_the_others_hold() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?f=nosuch:1&f=status:5xx&f=duration>x").await;
    page.eventually_says(".histogram h2", "50 requests").await;
    page.eventually_says(".filter-bar", "nosuch:1 · There is no field named nosuch").await;
    page.eventually_says(".filter-bar", "duration>x · duration takes a whole number").await;
    page.click("[role=tab][aria-selected=false]").await;
    page.eventually("the problems on the other tab", "document.querySelectorAll('.problem').length === 2")
        .await;
    page.click("[aria-label='Remove all filters']").await;
    page.eventually("no problem", "!document.querySelector('.problem')").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn drawing_over_the_histogram_zooms_in_and_back_goes_out() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.eventually("the chart", "document.querySelector('.histogram .u-over')").await;
    page.draw_over(".histogram .u-over", 0.5, 0.75).await;
    page.eventually(
        "an absolute range",
        "/from=\\d{4}-/.test(location.search) && /to=\\d{4}-/.test(location.search)",
    )
    .await;
    page.eventually("about a quarter of an hour's requests", "(() => { const count = parseInt(document.querySelector('.histogram h2').innerText); return count > 250 && count < 350; })()").await;
    page.back().await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn the_table_scrolls_through_all_pages() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.eventually("rows", "document.querySelector('.row')").await;
    // Each page that comes makes the table longer, so the end is where it was.
    let oldest = "(document.querySelector('.grid').scrollTop = 1e9, document.querySelector('[data-id=\"record-000000\"]'))";
    page.eventually("the oldest record", oldest).await;
    page.eventually_says(".table-foot", "1,000 requests, all that match").await;
    let rows = page.value("document.querySelectorAll('.row').length").await;
    assert!(rows.as_u64() < Some(80), "{rows} rows are in the document");
    page.value("(document.querySelector('.grid').scrollTop = 0)").await;
    page.eventually("the newest record", "document.querySelector('[data-id=\"record-000999\"]')").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn columns_are_chosen_and_stay_in_the_link() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.click("[aria-label=Columns]").await;
    page.type_keys("bytes").await;
    page.click_text(".columns label", "bytes_sent").await;
    page.eventually_says(".grid-head", "bytes sent").await;
    page.eventually("it in the link", "location.search.includes('bytes_sent')").await;
    page.eventually(
        "a value with its unit",
        "[...document.querySelectorAll('.row')].some((row) => /\\d kB/.test(row.innerText))",
    )
    .await;
    page.finish(&site).await;
}

#[tokio::test]
async fn what_is_shown_is_exported_as_csv_and_ndjson() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?f=status:5xx").await;
    for (choice, name) in
        [("CSV, these columns", "gatelog-requests.csv"), ("NDJSON, all fields", "gatelog-requests.ndjson")]
    {
        page.click("[aria-label=Export]").await;
        page.click_text(".choice", choice).await;
        let file = page.browser.downloads.path().join(name);
        for _ in 0..200 {
            if file.exists() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        if name.ends_with("csv") {
            assert_eq!(lines.len(), 51, "{text}");
            assert!(lines.iter().skip(1).all(|line| line.contains(",503,")), "{text}");
        } else {
            let records: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(records.len(), 50);
            assert!(records.iter().all(|record| record.get("response_code") == Some(&json!(503))));
        }
        page.eventually("the menu closed", "!document.querySelector('.panel')").await;
    }
    page.finish(&site).await;
}
