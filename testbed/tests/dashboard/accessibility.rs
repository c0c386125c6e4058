//! What axe-core finds on every tab, in the drawer and in the dialogs, in light and dark: nothing critical or serious.

use std::fs;

use serde_json::{Value, json};

use crate::page::Page;
use crate::records::{self, FULL};
use crate::site::Site;

#[tokio::test]
async fn axe_finds_nothing_serious_in_light_and_dark() {
    let site = Site::with(&[records::varied(), vec![records::full()]].concat()).await;
    let page = Page::open(&site, "").await;
    for scheme in ["light", "dark"] {
        page.look(1_440, 900, scheme).await;
        for (view, ready) in [
            ("?f=status:5xx", "document.querySelectorAll('.row, .facet').length > 5"),
            ("?tab=overview", "document.querySelectorAll('.table-card').length > 5"),
            ("?tab=ai", "document.querySelectorAll('.table-card').length > 1"),
            ("?tab=mcp", "document.querySelectorAll('.table-card').length > 2"),
            ("?tab=pipeline", "document.querySelector('.verdict')"),
            (&format!("?id={FULL}"), "document.querySelector('.phases')"),
        ] {
            page.goto(view).await;
            page.eventually("its content", ready).await;
            page.eventually("nothing that loads", "!document.querySelector('.waiting, .stale')").await;
            check(&page, &format!("{view} {scheme}")).await;
        }
        page.goto("").await;
        page.eventually("rows", "document.querySelector('.row')").await;
        for label in ["Time range", "Columns", "Export", "Saved views", "Appearance and token", "Help (?)"] {
            page.click(&format!("button[title='{label}']")).await;
            page.eventually("what it opens", "document.querySelector('.panel, .dialog')").await;
            check(&page, &format!("{label} {scheme}")).await;
            page.type_keys("\u{e00c}").await;
            page.eventually("it closed", "!document.querySelector('.panel, .dialog')").await;
        }
    }
    page.finish(&site).await;
}

async fn check(page: &Page, place: &str) {
    let axe = std::env::var_os("GATELOG_AXE").unwrap_or_else(|| {
        panic!("GATELOG_AXE names no file of axe-core: run this through `cargo xtask test`, or set it")
    });
    page.execute("sync", &fs::read_to_string(axe).unwrap()).await;
    let script = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((one) =>
            ({ id: one.id, impact: one.impact, nodes: one.nodes.map((node) => node.html + ' ' + node.failureSummary) }))), (error) => done(String(error)));";
    let found = page.execute("async", script).await;
    let grave: Vec<&Value> = found
        .as_array()
        .unwrap_or_else(|| panic!("{found}"))
        .iter()
        .filter(|one| {
            one.get("impact") == Some(&json!("serious")) || one.get("impact") == Some(&json!("critical"))
        })
        .collect();
    assert!(grave.is_empty(), "{place}: {grave:#?}");
}
