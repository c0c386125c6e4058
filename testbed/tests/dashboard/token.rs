//! The token: asked for, taken from a link, wrong, forgotten.

use crate::page::Page;
use crate::records;
use crate::site::Site;

/// What Chromium logs of an answer that refuses.
const REFUSED: &str = "401";

#[tokio::test]
async fn a_wrong_token_is_said_and_the_right_one_shows_the_records() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open_at(&site, "#token=wrong").await.expecting(REFUSED);
    page.eventually_says(".dialog", "This token is wrong").await;
    page.screenshot("wrong-token").await;
    page.click(".dialog input").await;
    page.type_keys(site.token()).await;
    page.type_keys("\u{e007}").await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.eventually("the dialog gone", "!document.querySelector('.dialog')").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_for_the_tab_alone() {
    let site = Site::with(&records::varied()).await;
    let page = Page::open_at(&site, "").await.expecting(REFUSED);
    page.eventually_says(".dialog", "the value of query_token").await;
    page.click(".dialog input").await;
    page.type_keys(site.token()).await;
    page.type_keys("\u{e007}").await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.reload().await;
    page.eventually_says(".histogram h2", "1,000 requests").await;
    page.eventually(
        "no token in local storage",
        &format!("!JSON.stringify(localStorage).includes({:?})", site.token()),
    )
    .await;
    page.click("[aria-label='Appearance and token']").await;
    page.click_text(".looks .button", "Forget the token").await;
    page.eventually_says(".dialog", "the value of query_token").await;
    page.finish(&site).await;
}

#[tokio::test]
async fn a_token_in_a_link_logs_in_and_leaves_the_address_at_once() {
    let site = Site::with(&records::varied()).await;
    let page =
        Page::open_at(&site, &format!("?tab=overview#token={}", site.token().replace('=', "%3D"))).await;
    page.eventually_says(".cards", "1,000").await;
    assert_eq!(page.address().await, format!("{}/ui/?tab=overview", site.origin()));
    page.back().await;
    assert!(!page.address().await.contains("token"), "not in the history either");
    page.finish(&site).await;
}
