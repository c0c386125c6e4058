//! How soon a stored record is seen: in an answer of `/query/tail` that waits for it, and in the dashboard's live view.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use gatelog_testbed::browser::Browser;
use serde_json::{Value, json};

use super::client::Client;
use super::times::percentile;

/// Waits for a row of the page, and answers when it saw it, in milliseconds since 1970.
const ROW: &str = "
const [id, done] = arguments;
const look = () => (document.querySelector(`[data-id=\"${id}\"]`) ? done(Date.now()) : requestAnimationFrame(look));
look();";
/// Waits until the page follows the newest records.
const LIVE: &str = "
const done = arguments[arguments.length - 1];
const look = () => (document.querySelector('.live-note')?.innerText.includes('live: 0') ? done(1) : setTimeout(look, 20));
look();";
/// The longest that the page may take, in milliseconds.
const PATIENCE_MS: u32 = 60_000;

/// Medians in milliseconds, from the acknowledgement of a record.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// To the end of the answer of `/query/tail`.
    pub answer: f64,
    /// To the row in the page.
    pub row: f64,
}

/// Stores records one by one in a database of its own, and waits for each.
///
/// # Errors
///
/// When a record is not stored, or another one comes.
pub async fn measure(records: u32) -> anyhow::Result<Delay> {
    let folder = tempfile::tempdir()?;
    let client = Client::start(&folder.path().join("tail.db")).await?;
    // The instances' start is no part of it.
    store(&client, "first").await?;
    let mut cursor = next(&client.get("/query/tail").await?.0)?;
    let mut answers = Vec::new();
    for number in 0..records {
        let id = format!("answer-{number}");
        let path = format!("/query/tail?fields=record_id&wait=10&after={cursor}");
        let waits = async { anyhow::Ok((client.get(&path).await?.0, Instant::now())) };
        let ((answer, seen), stored) = tokio::try_join!(waits, store(&client, &id))?;
        let came = answer.pointer("/logs/0/record_id").and_then(Value::as_str);
        ensure!(came == Some(&*id), "{came:?} came, not {id}");
        answers.push(seen.saturating_duration_since(stored));
        cursor = next(&answer)?;
    }
    let rows = on_the_page(&client, records).await?;
    client.stop().await;
    Ok(Delay { answer: percentile(&answers, 50), row: percentile(&rows, 50) })
}

async fn on_the_page(client: &Client, records: u32) -> anyhow::Result<Vec<Duration>> {
    let browser = Browser::start().await?;
    let session = &browser.session;
    session.post("timeouts", &json!({ "script": PATIENCE_MS })).await?;
    session.post("url", &json!({ "url": format!("http://{}/ui/?live=1", client.address()) })).await?;
    session.execute("async", LIVE).await.context("the page does not go live")?;
    let mut rows = Vec::new();
    for number in 0..records {
        let id = format!("row-{number}");
        let body = json!({ "script": ROW, "args": [id] });
        let shows = async { session.post("execute/async", &body).await };
        let stores = async {
            store(client, &id).await?;
            anyhow::Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
        };
        let (seen, stored) = tokio::try_join!(shows, stores)?;
        let seen = Duration::from_millis(seen.as_u64().context("the page tells no time")?);
        rows.push(seen.saturating_sub(stored));
    }
    session.end().await?;
    Ok(rows)
}

/// Stores a record, and answers when that was acknowledged.
async fn store(client: &Client, id: &str) -> anyhow::Result<Instant> {
    let record = json!({ "record_id": id, "method": "GET", "path": "/", "response_code": 200 });
    let answer = client.post("/ingest", &record).await?;
    let stored = Instant::now();
    ensure!(answer.get("accepted") == Some(&json!(1)), "{id}: {answer}");
    Ok(stored)
}

fn next(answer: &Value) -> anyhow::Result<String> {
    Ok(answer.get("next").and_then(Value::as_str).context("no cursor")?.to_owned())
}
