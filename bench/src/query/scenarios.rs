//! Every scenario over the last hour, and whether its answer is right.

#![expect(clippy::indexing_slicing, reason = "a member that JSON lacks is null")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatelog_record::Timestamp;
use gatelog_storage::scenarios::SCENARIOS;

use super::client::Client;
use super::database::{Database, END_MICROS};
use super::effort::Effort;
use super::times::{millis, percentile};

const HOUR_MICROS: i64 = 3_600_000_000;

/// Asks every scenario for the last hour, and returns the slowest one's median in milliseconds.
///
/// The answers have to equal those of a database that holds nothing but that hour, asked without a time.
///
/// # Errors
///
/// When an answer is wrong.
pub async fn measure(client: &Client, database: &Database, effort: Effort) -> anyhow::Result<f64> {
    let since = Timestamp::from_micros(END_MICROS - HOUR_MICROS);
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("hour.db");
    database.copy_since(since, &copy).await?;
    let hour = Client::start(&copy).await?;
    let records = hour.get("/query?page_size=1&total=true").await?.0["total"].as_u64().context("no total")?;
    println!("# scenarios over the last hour, {records} records, median ms");
    let until = Timestamp::from_micros(END_MICROS);
    let mut medians = Vec::new();
    for scenario in SCENARIOS {
        let path = format!("/query/scenarios/{}", scenario.name);
        let (expected, _) = hour.get(&path).await?;
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..effort.scenario_rounds {
            let (answer, time) = client.get(&format!("{path}?start={since}&end={until}")).await?;
            ensure!(answer == expected, "{}: {answer} instead of {expected}", scenario.name);
            times.push(time);
        }
        medians.push((percentile(&times, 50), scenario.name));
    }
    hour.stop().await;
    medians.sort_by(|one, other| other.0.total_cmp(&one.0));
    for line in medians.chunks(4) {
        let shown: Vec<String> = line.iter().map(|(ms, name)| format!("{name:<28}{ms:>6.1}")).collect();
        println!("#   {}", shown.join("   "));
    }
    let (slowest, _) = medians.first().context("no scenario")?;
    Ok(*slowest)
}

/// The median time of the page that a client gets without a cursor, in milliseconds, with a full count.
///
/// # Errors
///
/// When an answer is wrong.
pub async fn whole_count(client: &Client, database: &Database) -> anyhow::Result<f64> {
    let (answer, time) = client.get("/query?total=true").await?;
    ensure!(answer["total"] == database.rows, "total is {}", answer["total"]);
    Ok(millis(time))
}
