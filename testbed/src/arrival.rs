//! Waits until what a gateway sent has arrived: records in `/query`, lines in Envoy's own access log.
#![expect(clippy::indexing_slicing, reason = "an absent member of JSON is null")]

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::Request;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::envoy::Envoy;
use crate::functions::Functions;

/// Time limit for a record to get from Envoy to a response of `/query`: longer than the filter retries a push.
pub const LIMIT: Duration = Duration::from_secs(70);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Every stored record, the oldest first, once there are `count`; at most 100.
///
/// # Errors
///
/// When there are more, or still fewer after [`LIMIT`], with what Envoy said.
pub async fn records(functions: &Functions, envoy: &Envoy, count: usize) -> anyhow::Result<Vec<Value>> {
    let deadline = Instant::now() + LIMIT;
    let url = format!("http://{}/query?page_size=100&sort_order=ASC", functions.address());
    loop {
        let answer = Client::default().get_json(&url).await?;
        let records = answer["logs"].as_array().with_context(|| format!("no logs: {answer:#}"))?;
        if records.len() >= count {
            ensure!(records.len() == count, "more records than requests: {records:#?}");
            return Ok(records.clone());
        }
        if Instant::now() > deadline {
            bail!("{} of {count} records after {LIMIT:?}; Envoy said:\n{}", records.len(), envoy.log());
        }
        sleep(PAUSE).await;
    }
}

/// Waits until a record of each of these request ids is stored.
///
/// # Errors
///
/// When one is stored twice, there are more than `most` records, or one is missing after [`LIMIT`], with what Envoy and
/// the functions said.
pub async fn await_ids(
    functions: &Functions,
    envoy: &Envoy,
    ids: &HashSet<String>,
    most: usize,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + LIMIT;
    let client = Client::default();
    loop {
        let url = format!("http://{}/query?format=ndjson&fields=request_id", functions.address());
        let answer = client.send(Request::get(url).body("")?).await?;
        let lines = std::str::from_utf8(answer.body())?.lines();
        let stored: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        let unique: HashSet<&str> = stored
            .iter()
            .map(|record| record["request_id"].as_str().context("no request_id"))
            .collect::<Result<_, _>>()?;
        ensure!(unique.len() == stored.len(), "a record is stored twice");
        ensure!(stored.len() <= most, "{} records of {} requests", stored.len(), ids.len());
        let missing = ids.iter().filter(|id| !unique.contains(id.as_str())).count();
        if missing == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            let (envoy, functions) = (envoy.log(), functions.log());
            bail!(
                "{missing} of {} answered requests have no record; Envoy said:\n{envoy}\nthe functions said:\n{functions}",
                ids.len()
            );
        }
        sleep(PAUSE).await;
    }
}

/// The complete lines of Envoy's own access log at `path`, once there are `count`.
///
/// # Errors
///
/// When a line is no JSON, or there are still fewer after [`LIMIT`].
pub async fn access_log(path: &Path, count: usize) -> anyhow::Result<Vec<Value>> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // Envoy may be writing the last line.
        let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
        if complete.lines().count() >= count {
            let lines = complete.lines().map(serde_json::from_str).collect::<Result<_, _>>();
            return lines.with_context(|| format!("Envoy's access log:\n{text}"));
        }
        ensure!(Instant::now() < deadline, "Envoy's access log is short:\n{text}");
        sleep(PAUSE).await;
    }
}
