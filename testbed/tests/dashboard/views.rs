//! A view is its link: it comes back from one, from a saved name, and in the other language.

use crate::page::Page;
use crate::records;
use crate::site::Site;

#[tokio::test]
async fn a_link_shows_the_same_view_again() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.click_text(".facet .value", "5xx").await;
    page.eventually_says(".histogram h2", "50 requests").await;
    page.click(".time-picker .menu .button").await;
    page.click_text(".choice", "6 hours").await;
    page.eventually_says(".time-picker", "6 hours").await;
    page.click(".row").await;
    page.eventually_says(".drawer .request-line", "503").await;
    let link = page.address().await;
    let opened = page.text(".drawer h2").await;
    page.finish(&site).await;

    let page = Page::open(&site, link.split_once("/ui/").unwrap().1).await;
    page.eventually_says(".histogram h2", "50 requests").await;
    page.eventually_says(".time-picker", "6 hours").await;
    page.eventually_says(".chip", "5xx").await;
    page.eventually_says(".drawer h2", &opened).await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_saved_view_comes_back_by_its_name() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "?f=status:4xx&from=now-6h").await;
    page.click("[aria-label='Saved views']").await;
    page.type_keys("not found\u{e007}").await;
    page.eventually_says(".saved", "not found").await;
    page.goto("?tab=overview").await;
    page.eventually_says(".cards", "1,000").await;
    page.click("[aria-label='Saved views']").await;
    page.click_text(".saved .choice", "not found").await;
    page.eventually_says(".histogram h2", "50 requests").await;
    page.eventually("its link", "location.search === '?from=now-6h&f=status:4xx'").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn language_theme_and_zone_are_kept() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open(&site, "").await;
    page.click("[aria-label='Appearance and token']").await;
    page.click_text(".looks button", "中文").await;
    page.eventually_says("[role=tab][aria-selected=true]", "请求").await;
    page.click_text(".looks button", "深色").await;
    page.eventually("dark", "document.documentElement.dataset.theme === 'dark'").await;
    page.reload().await;
    page.eventually_says(".histogram h2", "1,000 个请求").await;
    page.eventually(
        "dark and Chinese",
        "document.documentElement.dataset.theme === 'dark' && document.documentElement.lang === 'zh'",
    )
    .await;
    page.screenshot("chinese-dark").await;
    page.finish(&site).await;
}
