//! What syslog costs ingest: records per second with it and with a typical script, compared with none, in the same run,
//! with a real rsyslog at the other end.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use gatelog_artifacts as artifacts;
use gatelog_spin_host::{App, RunningApp};
use gatelog_testbed::client::Client;
use gatelog_testbed::rsyslog::Rsyslog;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::figure::{Figure, Target, median};
use crate::traffic;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds; each puts load on every variant once.
    pub rounds: u32,
    /// Requests of a round, for each of the connections.
    pub requests: u64,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self = Self { rounds: 9, requests: 60 };
    /// A quick look.
    pub const QUICK: Self = Self { rounds: 3, requests: 25 };
}

/// Connections that post at once.
const CONNECTIONS: u64 = 8;
/// Records in a request, as the filter sends them.
const BATCH: u64 = 50;
/// How long messages may take to arrive after the last answer.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

/// The function with one configuration, and the records it has received.
struct Variant {
    name: &'static str,
    app: RunningApp,
    rsyslog: Option<Rsyslog>,
    next_id: u64,
    /// Records per second of each round, until the last message had arrived.
    per_second: Vec<f64>,
}

/// Measures and prints one line for each figure.
///
/// # Errors
///
/// When a part does not start, a record is not stored, or a message is missing: a wrong result gives no figure.
pub async fn run(effort: Effort) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let script = json!([{ "config": { "custom_fields_by_lua": {
        "environment": "return 'production'",
        "tenant": "return kong.request.get_header('x-tenant') or kong.client.get_consumer().username",
        "request.headers.x-forwarded-for": "return nil",
    } } }]);
    let mut variants = vec![
        Variant::start("off", folder.path(), None).await?,
        Variant::start("on", folder.path(), Some(json!([{}]))).await?,
        Variant::start("script", folder.path(), Some(script)).await?,
    ];
    for round in 0..=effort.rounds {
        for variant in &mut variants {
            let per_second = variant.round(effort.requests).await.context(variant.name)?;
            // The first round warms up.
            if round > 0 {
                variant.per_second.push(per_second);
            }
        }
    }
    for variant in &variants {
        eprintln!("{:<8}{:>10.0} records/s (median)", variant.name, median(&variant.per_second));
    }
    if let [off, on, script] = &variants[..] {
        print("syslog.on.throughput_of_off", &ratios(on, off), 0.6);
        print("syslog.script.throughput_of_off", &ratios(script, off), 0.4);
    }
    for variant in variants {
        variant.app.shutdown().await;
    }
    Ok(())
}

impl Variant {
    async fn start(name: &'static str, folder: &Path, entries: Option<Value>) -> anyhow::Result<Self> {
        let manifest = artifacts::workspace().join("spin.toml");
        let mut app = App::builder(manifest).sqlite_file(folder.join(format!("{name}.db")));
        let mut rsyslog = None;
        if let Some(entries) = entries {
            let receiver = Rsyslog::start(65_536).await?;
            app = app
                .variable("syslog_delivery", "best_effort")
                .variable("syslog_address", receiver.address().ip().to_string())
                .variable("syslog_port", receiver.address().port().to_string())
                .variable("syslog_queue_max_bytes", "67108864")
                .variable("syslog_entries", entries.to_string());
            rsyslog = Some(receiver);
        }
        Ok(Self { name, app: app.start().await?, rsyslog, next_id: 0, per_second: Vec::new() })
    }

    /// Puts load on the function and returns records per second.
    async fn round(&mut self, requests: u64) -> anyhow::Result<f64> {
        let first = self.next_id;
        self.next_id += CONNECTIONS * requests * BATCH;
        let url = self.app.url("/ingest");
        let mut bodies: Vec<Vec<String>> = Vec::new();
        for connection in 0..CONNECTIONS {
            let of_request =
                |request| traffic::batch(first + (connection * requests + request) * BATCH, BATCH);
            bodies.push((0..requests).map(of_request).collect());
        }
        let start = Instant::now();
        try_join_all(bodies.into_iter().map(|bodies| post_all(&url, bodies))).await?;
        if let Some(rsyslog) = &self.rsyslog {
            await_messages(rsyslog, self.next_id).await?;
        }
        let seconds = start.elapsed().as_secs_f64();
        if let Some(rsyslog) = &self.rsyslog {
            check(rsyslog, self.next_id, self.name == "script")?;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
        Ok((CONNECTIONS * requests * BATCH) as f64 / seconds)
    }
}

async fn post_all(url: &str, bodies: Vec<String>) -> anyhow::Result<()> {
    let client = Client::default();
    for body in bodies {
        let request = Request::post(url).header("content-type", "application/json").body(body)?;
        let answer = client.send(request).await?;
        let text = String::from_utf8_lossy(answer.body());
        ensure!(answer.status() == StatusCode::OK, "{text}");
        let stored: Value = serde_json::from_str(&text)?;
        ensure!(stored.get("accepted") == Some(&json!(BATCH)), "{text}");
    }
    Ok(())
}

async fn await_messages(rsyslog: &Rsyslog, count: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + ARRIVAL_LIMIT;
    loop {
        let lines = rsyslog.received_lines();
        if lines >= count {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{lines} of {count} messages arrived");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Checks that every message arrived once and is right.
fn check(rsyslog: &Rsyslog, count: u64, with_script: bool) -> anyhow::Result<()> {
    let received = rsyslog.received()?;
    ensure!(received.len() as u64 == count, "{} of {count} messages", received.len());
    let mut ids = std::collections::HashSet::new();
    for message in &received {
        let log: Value = serde_json::from_str(&message.text).with_context(|| message.text.clone())?;
        let id = log.pointer("/request/id").and_then(Value::as_str).context("no request.id")?;
        ensure!(ids.insert(id.to_owned()), "{id} arrived twice");
        let tenant = log.get("tenant").and_then(Value::as_str);
        ensure!(tenant == with_script.then_some("team-a"), "the tenant is {tenant:?}");
    }
    Ok(())
}

fn ratios(variant: &Variant, baseline: &Variant) -> Vec<f64> {
    variant.per_second.iter().zip(&baseline.per_second).map(|(value, base)| value / base).collect()
}

fn print(name: &str, values: &[f64], at_least: f64) {
    let figure =
        Figure { name: name.into(), value: median(values), unit: "ratio", target: Target::AtLeast(at_least) };
    println!("{figure}");
}
