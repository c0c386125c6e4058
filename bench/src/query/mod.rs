//! What queries of a large table cost: pages, statistics and exports through the query component in the local host,
//! compared with the same statements in this process and without an index, in the same run.
//!
//! - [`database`]: the table. [`client`]: the component.
//! - [`pages`], [`scenarios`], [`aggregates`], [`export`]: the queries, and whether their answers are right.
//! - [`ui`], [`tail`]: the dashboard in a browser, and how soon a record is seen.

pub mod aggregates;
pub mod client;
pub mod database;
mod effort;
pub mod export;
pub mod pages;
pub mod scenarios;
pub mod tail;
mod times;
pub mod ui;

pub use effort::Effort;

use std::path::Path;

use crate::figure::{Figure, Target};
use client::Client;
use database::Database;

/// Measures and prints one line for each figure. `kept` is a file for the table that outlives the run.
///
/// # Errors
///
/// When a part does not start, or an answer is wrong: a wrong answer gives no figure.
pub async fn run(effort: Effort, kept: Option<&Path>) -> anyhow::Result<()> {
    let database = Database::prepare(effort.rows, kept).await?;
    let client = Client::start(&database.file).await?;
    let pages = pages::measure(&client, &database, effort).await?;
    at_most("query.page.first.p99", pages.first, "ms", 20.0);
    at_most("query.page.last.p99", pages.last, "ms", 20.0);
    at_most("query.page.anywhere.p99", pages.anywhere, "ms", 20.0);
    at_most("query.page.with_total.p99", pages.counted, "ms", 250.0);
    at_least("query.page.native_over_unindexed", pages.unindexed, "ratio", 10.0);
    let whole_count = scenarios::whole_count(&client, &database).await?;
    println!("# a page with total=true: {whole_count:.0} ms");
    let slowest = scenarios::measure(&client, &database, effort).await?;
    at_most("query.scenario.slowest", slowest, "ms", 100.0);
    for ratio in aggregates::measure(&client, &database, effort).await? {
        println!("# aggregate {}: {:.0} ms", ratio.name, ratio.ms);
        at_most(&format!("query.aggregate.{}.of_scan", ratio.name), ratio.of_scan, "ratio", 10.0);
    }
    for load in ui::measure(&client, effort.loads).await? {
        let range = load.range;
        println!(
            "# dashboard, last {range}: rows {:.0} ms, values of fields {:.0} ms",
            load.rows, load.values
        );
        at_most(&format!("query.ui.{range}.first_paint"), load.paint, "ms", 500.0);
        at_most(&format!("query.ui.{range}.chart"), load.chart, "ms", 2_000.0);
    }
    client.stop().await;
    let delay = tail::measure(effort.tailed).await?;
    at_most("query.tail.delay", delay.answer, "ms", 2_000.0);
    at_most("query.tail.delay_on_page", delay.row, "ms", 2_000.0);
    let export = export::measure(&database, effort).await?;
    at_least("query.export.rate", export.per_second, "records/s", 20_000.0);
    at_least("query.export.of_native_reading", export.of_native, "ratio", 0.25);
    at_most("query.export.first_byte", export.first_ms, "ms", 50.0);
    at_most("query.export.memory", export.memory_mib, "MiB", 64.0);
    Ok(())
}

fn at_most(name: &str, value: f64, unit: &'static str, bound: f64) {
    println!("{}", Figure { name: name.into(), value, unit, target: Target::AtMost(bound) });
}

fn at_least(name: &str, value: f64, unit: &'static str, bound: f64) {
    println!("{}", Figure { name: name.into(), value, unit, target: Target::AtLeast(bound) });
}
