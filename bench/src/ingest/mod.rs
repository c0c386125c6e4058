//! How fast ingest stores, as a component in the local host or the real Spin, compared with the same rows that this
//! process stores into a table with the same indexes, in the same run.
//!
//! - [`load`]: pushes from `wrk`.
//! - [`native`]: the same rows without HTTP, JSON and WebAssembly.

pub mod load;
pub mod native;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use gatelog_artifacts::workspace;
use gatelog_databases::MariaDb;
use gatelog_spin_host::App;
use gatelog_storage::{Durability, Executor};
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::runtime::Runtime;
use http::Request;
use http_body_util::{BodyExt as _, Full};

use crate::figure::{Figure, Target, median};
use crate::traffic;
use load::{Pusher, Store};
use native::Native;

/// Batches of what the filter pushes by default, and of twice as much, with what commits survive.
const BATCHES: &[(u64, Durability)] =
    &[(50, Durability::Full), (100, Durability::Full), (100, Durability::Normal)];
/// Batches under way at once: the default of a filter.
const BATCH_CONNECTIONS: u32 = 4;
/// Connections that push single records.
const SINGLE_CONNECTIONS: u32 = 32;
/// Records in a batch of the crowd.
const CROWD_BATCH: u64 = 100;
/// Connections that push such batches: one after the other in each round, the last compared with [`CROWD_BASE`].
const CROWD: &[u32] = &[1, 4, CROWD_BASE, 32, 64, 128];
/// So many connections keep the database busy, and are still few.
const CROWD_BASE: u32 = 16;
/// Size of the batch whose memory is measured.
const LARGE_BATCH_BYTES: usize = 5_000_000;
/// By so many records it grows until it has that size.
const LARGE_BATCH_STEP: u64 = 50;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds; each stores with every variant once.
    pub rounds: u32,
    /// How long each load lasts.
    pub load: Duration,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self = Self { rounds: 7, load: Duration::from_secs(4) };
    /// A quick look.
    pub const QUICK: Self = Self { rounds: 3, load: Duration::from_secs(2) };
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Batches over four connections.
    Batches,
    /// Single records over 32 connections.
    Singles,
    /// Batches of 100 over more and more connections.
    Crowd,
    /// The memory of an instance with a batch of 5 MB.
    Memory,
}

/// Measures `parts` in `runtime`, or everything when there are none, and prints one line for each figure.
///
/// # Errors
///
/// When a part does not start, a push fails, or a record is missing: a wrong result gives no figure.
pub async fn run(effort: Effort, parts: &[Part], runtime: &Runtime) -> anyhow::Result<()> {
    println!("# in {runtime}");
    let folder = tempfile::tempdir()?;
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    if wanted(Part::Batches) {
        batches(effort, folder.path(), runtime).await?;
    }
    if wanted(Part::Singles) {
        singles(effort, folder.path(), runtime).await?;
    }
    if wanted(Part::Crowd) {
        crowd(effort, folder.path(), runtime).await?;
    }
    if wanted(Part::Memory) && runtime.is_spin() {
        println!("# the memory of an instance can be seen in the local host only");
    } else if wanted(Part::Memory) {
        memory(folder.path()).await?;
    }
    Ok(())
}

/// Batches into libSQL over a few connections.
async fn batches(effort: Effort, folder: &Path, runtime: &Runtime) -> anyhow::Result<()> {
    for (records, durability) in BATCHES.iter().copied() {
        let name = format!("batches_of_{records}.{}", named(durability));
        let load = Load { name: &name, records, connections: BATCH_CONNECTIONS, at_least: 0.7 };
        libsql(effort, folder, runtime, durability, &load).await?;
    }
    Ok(())
}

/// Single records from many connections, each stored before it is acknowledged.
async fn singles(effort: Effort, folder: &Path, runtime: &Runtime) -> anyhow::Result<()> {
    for durability in [Durability::Full, Durability::Normal] {
        let name = format!("singles.{}", named(durability));
        let load = Load { name: &name, records: 1, connections: SINGLE_CONNECTIONS, at_least: 0.5 };
        libsql(effort, folder, runtime, durability, &load).await?;
    }
    let server = MariaDb::start(&[])?;
    let url = server.database()?;
    let host = format!("127.0.0.1:{}", server.port());
    let options = Options::storing_in(&folder.join("unused.db")).runtime(runtime.clone());
    let options = options.variables(&[("store", "mysql"), ("mysql_url", &url), ("mysql_host", &host)]);
    let native = Native::mysql(&server.database()?).await?;
    let load = Load { name: "singles.mariadb", records: 1, connections: SINGLE_CONNECTIONS, at_least: 0.5 };
    by_turns(effort, Functions::start(&options).await?, Store::mysql(&url).await?, native, &load).await
}

/// A load, and the share of a native insert's rows that it has to reach.
#[derive(Clone, Copy, Debug)]
struct Load<'a> {
    /// Its name in the figure.
    name: &'a str,
    /// Records in a push.
    records: u64,
    connections: u32,
    at_least: f64,
}

/// Pushes into a libSQL file, and inserts natively into another that is as durable.
async fn libsql(
    effort: Effort,
    folder: &Path,
    runtime: &Runtime,
    durability: Durability,
    load: &Load<'_>,
) -> anyhow::Result<()> {
    let file = folder.join(format!("{}.db", load.name));
    let native = Native::libsql(&folder.join(format!("{}.native.db", load.name)), durability).await?;
    let options = Options::storing_in(&file).runtime(runtime.clone());
    let options = options.variables(&[("sqlite_synchronous", named(durability))]);
    by_turns(effort, Functions::start(&options).await?, Store::libsql(&file).await?, native, load).await
}

/// Pushes, and inserts the same rows natively one batch after the other, by turns. Prints the ratio of their rows per second.
async fn by_turns<E: Executor>(
    effort: Effort,
    functions: Functions,
    store: Store,
    mut native: Native<E>,
    load: &Load<'_>,
) -> anyhow::Result<()> {
    let mut pusher = Pusher::new(functions.address(), store, load.records, load.connections);
    let (mut ratios, mut component, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=effort.rounds {
        let native_rate = native.store(load.records, effort.load).await?;
        let rate = pusher.push(effort.load).await?;
        // The first round warms up.
        if round > 0 {
            ratios.push(rate / native_rate);
            component.push(rate);
            alone.push(native_rate);
        }
    }
    functions.stop().await;
    println!(
        "# {}: {:.0} rows/s through the component, {:.0} rows/s natively",
        load.name,
        median(&component),
        median(&alone)
    );
    let name = format!("ingest.{}.rows_of_native", load.name);
    print(&name, median(&ratios), "ratio", Target::AtLeast(load.at_least));
    Ok(())
}

/// Batches into libSQL over more and more connections: each round has them all. A push that is refused is an error.
async fn crowd(effort: Effort, folder: &Path, runtime: &Runtime) -> anyhow::Result<()> {
    let file = folder.join("crowd.db");
    let functions = start(&file, runtime).await?;
    let mut pusher = Pusher::new(functions.address(), Store::libsql(&file).await?, CROWD_BATCH, CROWD_BASE);
    pusher.push(effort.load).await?;
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); CROWD.len()];
    let mut ratios = Vec::new();
    for _ in 0..effort.rounds {
        let (mut base, mut last) = (0.0, 0.0);
        for (connections, rates) in CROWD.iter().zip(&mut rates) {
            pusher.set_connections(*connections);
            last = pusher.push(effort.load).await?;
            if *connections == CROWD_BASE {
                base = last;
            }
            rates.push(last);
        }
        ratios.push(last / base);
    }
    functions.stop().await;
    for (connections, rates) in CROWD.iter().zip(&rates) {
        println!("# batches of {CROWD_BATCH} over {connections} connections: {:.0} rows/s", median(rates));
    }
    print("ingest.crowd.128_connections_of_16", median(&ratios), "ratio", Target::AtLeast(0.8));
    Ok(())
}

/// The linear memory of an instance that stores a large batch.
async fn memory(folder: &Path) -> anyhow::Result<()> {
    // These records are smaller than most, so it takes more of them to reach the size.
    let builder = App::builder(workspace().join("spin.toml")).sqlite_file(folder.join("memory.db"));
    let app = builder.variable("max_batch_records", "100000").start().await?;
    let mut records = LARGE_BATCH_STEP;
    while traffic::batch(0, records).len() < LARGE_BATCH_BYTES {
        records += LARGE_BATCH_STEP;
    }
    let body = traffic::batch(0, records);
    let request = Request::post("http://gatelog.bench/ingest").body(Full::new(Bytes::from(body)))?;
    let answer = app.call(request).await.into_body().collect().await;
    let answer = answer.context("no answer to the large batch")?.to_bytes();
    let expected = format!(r#""accepted":{records},"#);
    let answer = String::from_utf8_lossy(&answer);
    anyhow::ensure!(answer.contains(&expected), "of {records} records: {answer}");
    let peak = app.peak_memory_bytes("ingest").context("no component ingest")?;
    app.shutdown().await;
    print("ingest.memory_of_5mb_batch", peak as f64 / f64::from(1 << 20), "MiB", Target::AtMost(64.0));
    Ok(())
}

async fn start(database: &Path, runtime: &Runtime) -> anyhow::Result<Functions> {
    Functions::start(&Options::storing_in(database).runtime(runtime.clone())).await
}

/// The value of `sqlite_synchronous`.
fn named(durability: Durability) -> &'static str {
    match durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    }
}

fn print(name: &str, value: f64, unit: &'static str, target: Target) {
    println!("{}", Figure { name: name.to_owned(), value, unit, target });
}
