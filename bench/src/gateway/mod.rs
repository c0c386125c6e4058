//! What a filter or logger costs a real Envoy: CPU per request, throughput and memory, compared with the same Envoy
//! without one, in the same run.
//!
//! - [`variant`]: what is compared; [`native_loggers`]: configurations of those that are no wasm.
//! - [`exchange`]: the requests and answers; [`upstream`] answers, [`load`] sends.
//! - [`slices`]: short slices of load in turn; [`table`]: what they come to.
//! - [`collector`]: acknowledges and counts, so that storing costs nothing here; [`protobuf`] and [`http_message`]: as much
//!   of the formats as that takes.
//! - [`usage`]: CPU time and memory of a process.
//! - [`cores`]: Envoy runs alone on one core, everything else on another.

pub mod collector;
pub mod cores;
pub mod exchange;
pub mod http_message;
pub mod load;
pub mod native_loggers;
pub mod protobuf;
pub mod slices;
pub mod table;
pub mod upstream;
pub mod usage;
pub mod variant;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gatelog_artifacts as artifacts;
use gatelog_testbed::envoy::Envoy;
use tokio::task::block_in_place;

use crate::figure::{Figure, Target, median};
use collector::{Collector, Received};
use cores::Cores;
use exchange::Kind;
use load::{Load, Until};
use slices::{Running, Traffic, measure};
use table::Table;
use upstream::Upstream;
use variant::{Around, Proof, Variant};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Starts of every variant. Two starts of the same Envoy differ by more than two rounds of one start.
    pub starts: u32,
    /// Rounds of each start and traffic; each puts one slice of load on every variant.
    pub rounds: u32,
    /// Requests before memory is read.
    pub memory_requests: u64,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self = Self { starts: 5, rounds: 8, memory_requests: 500_000 };
    /// A quick look.
    pub const QUICK: Self = Self { starts: 2, rounds: 6, memory_requests: 50_000 };
}

/// What is measured.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// gatelog's dynamic module; left out when absent.
    pub module: Option<PathBuf>,
    /// Other builds of the wasm filter.
    pub beside: Vec<PathBuf>,
    /// Builds of the wasm filter that leave work out; nothing is checked of them but the answers.
    pub partial: Vec<PathBuf>,
    /// Names of the variants; all when empty. The one without a filter is always there.
    pub variants: Vec<String>,
    /// Names of the traffics; all when empty.
    pub traffics: Vec<String>,
}

/// Numbers of connections.
const CONNECTIONS: [u32; 2] = [1, 32];
/// How long the collector may wait for the last record.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

/// Measures and prints a table for each traffic and one line for each figure.
///
/// # Errors
///
/// When a part does not start, a request fails, or a record or its tokens are missing: a wrong result gives no figure.
pub async fn run(effort: Effort, choice: &Choice) -> anyhow::Result<()> {
    let cores = Cores::divide()?;
    match cores {
        Some(_) => println!("# Envoy on one core; load generator, upstream and collector on another"),
        None => println!("# one core for everything: throughput says nothing about Envoy alone"),
    }
    if choice.module.is_none() {
        println!("# without the dynamic module: give its file by --module to measure it too");
    }
    let variants = chosen(choice)?;
    let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let (upstream, collector) = (Upstream::start().await?, Collector::start().await?);
    let around = Around { upstream: upstream.address(), collector: collector.address() };
    let mut tables: Vec<Table> = traffics(choice).into_iter().map(Table::new).collect();
    let mut rss_mib = vec![Vec::new(); variants.len()];
    let mut running = Vec::new();
    for start in 1..=effort.starts {
        // Those of the start before end first.
        running.clear();
        let counted = |variant: &Variant| collector.received(&variant.sender());
        let before: Vec<Received> = variants.iter().map(counted).collect();
        for variant in &variants {
            let core = cores.map(|cores| cores.gateway);
            let envoy = Envoy::start_on(core, &variant.bootstrap(around), 1)
                .await
                .with_context(|| variant.name.clone())?;
            running.push(Running { variant: variant.clone(), envoy, sent: 0, sent_to_ai: 0 });
        }
        let mut samples = Vec::new();
        for table in &tables {
            let (began, idle_before) = (Instant::now(), rest_idle(cores)?);
            let of_traffic = block_in_place(|| measure(&mut running, table.traffic(), effort.rounds))?;
            let busy = 1.0 - (rest_idle(cores)? - idle_before) / began.elapsed().as_secs_f64();
            samples.push((of_traffic, busy));
        }
        for (each, rss) in running.iter().zip(&mut rss_mib) {
            rss.push(each.usage()?.rss_bytes as f64 / f64::from(1 << 20));
        }
        for (each, before) in running.iter().zip(before) {
            prove(each, before, &collector).await?;
        }
        for (table, (samples, busy)) in tables.iter_mut().zip(samples) {
            table.add(samples, busy);
        }
        println!("# start {start} of {}: every request is accounted for", effort.starts);
    }
    for table in &tables {
        table.print(&names);
    }
    println!("\n# memory of Envoy after that, median of the starts");
    for (name, rss) in names.iter().zip(&rss_mib) {
        println!("# {name}: {:.1} MiB", median(rss));
    }
    print_figures(&tables, &names);
    block_in_place(|| memory(&mut running, effort.memory_requests))?;
    let size = std::fs::metadata(artifacts::artifact("gatelog-filter")?)?.len() as f64 / 1e3;
    print(Figure { name: "filter.wasm_size".into(), value: size, unit: "kB", target: Target::AtMost(600.0) });
    Ok(())
}

fn chosen(choice: &Choice) -> anyhow::Result<Vec<Variant>> {
    let mut variants = variant::all(choice.module.as_deref(), &choice.beside, &choice.partial)?;
    for name in &choice.variants {
        anyhow::ensure!(variants.iter().any(|variant| variant.name == *name), "there is no variant {name}");
    }
    variants.retain(|variant| {
        variant.name == variant::NONE || choice.variants.is_empty() || choice.variants.contains(&variant.name)
    });
    Ok(variants)
}

fn traffics(choice: &Choice) -> Vec<Traffic> {
    let all =
        CONNECTIONS.into_iter().flat_map(|connections| Kind::ALL.map(|kind| Traffic { kind, connections }));
    all.filter(|traffic| choice.traffics.is_empty() || choice.traffics.contains(&traffic.name())).collect()
}

/// Waits until everything that went through a variant is accounted for.
async fn prove(running: &Running, before: Received, collector: &Collector) -> anyhow::Result<()> {
    let Running { variant, envoy, sent, sent_to_ai } = running;
    let expected = match variant.proof {
        Proof::None => return Ok(()),
        Proof::Line => {
            let stats = envoy.stats("^filesystem.write_buffered$").await?;
            let lines: u64 = stats.iter().map(|(_, count)| count).sum();
            anyhow::ensure!(lines == *sent, "{}: {lines} lines of {sent} requests", variant.name);
            return Ok(());
        }
        Proof::Record => Received { records: *sent, with_tokens: 0 },
        Proof::RecordWithTokens => Received { records: *sent, with_tokens: *sent_to_ai },
    };
    let deadline = Instant::now() + ARRIVAL_LIMIT;
    loop {
        let now = collector.received(&variant.sender());
        let received = Received {
            records: now.records - before.records,
            with_tokens: now.with_tokens - before.with_tokens,
        };
        if received == expected {
            return Ok(());
        }
        let is_over = received.records > expected.records || Instant::now() >= deadline;
        anyhow::ensure!(!is_over, "{}: {received:?} instead of {expected:?}", variant.name);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn print_figures(tables: &[Table], names: &[String]) {
    let number = |name: &str| names.iter().position(|each| each == name);
    for table in tables.iter().filter(|table| table.traffic().connections == 32) {
        for (name, get, chat, left) in TARGETS {
            let Some(variant) = number(name) else { continue };
            match table.traffic().kind {
                Kind::Get => {
                    print(table.cpu_figure(variant, name, get));
                    print(table.throughput_figure(variant, name, left));
                }
                Kind::Chat => print(table.cpu_figure(variant, name, chat)),
                Kind::Gzip | Kind::Sse => {}
            }
        }
    }
}

/// For a variant: most CPU time for a GET and for a chat, and least throughput of GETs, each of that without a filter.
const TARGETS: [(&str, f64, f64, f64); 3] =
    [(variant::WASM, 1.45, 1.5, 0.7), (variant::WASM_LOGGER, 1.45, 1.5, 0.7), ("module", 1.15, 1.15, 0.87)];

/// Memory after many GETs, over that of the no-op filter after as many, and its growth over as many again.
fn memory(running: &mut [Running], requests: u64) -> anyhow::Result<()> {
    println!("\n# memory of Envoy after {requests} GETs more, and after as many again");
    let mut by_name = Vec::new();
    let is_measured =
        |each: &&mut Running| [variant::NOOP, variant::WASM].contains(&each.variant.name.as_str());
    for each in running.iter_mut().filter(is_measured) {
        let mut load = Load::open(each.envoy.listener(), Kind::Get, 32)?;
        let mut after = || -> anyhow::Result<f64> {
            each.send(Kind::Get, &mut load, Until::Sent(requests))?;
            Ok(each.usage()?.rss_bytes as f64 / f64::from(1 << 20))
        };
        let (first, second) = (after()?, after()?);
        println!("# {}: {first:.1} MiB, {second:.1} MiB", each.variant.name);
        by_name.push((each.variant.name.clone(), first, second));
    }
    let of = |name: &str| by_name.iter().find(|(of, ..)| of == name);
    let (Some((_, noop, _)), Some((_, first, second))) = (of(variant::NOOP), of(variant::WASM)) else {
        return Ok(());
    };
    let figure = |name: &str, value, bound| Figure {
        name: name.into(),
        value,
        unit: "MiB",
        target: Target::AtMost(bound),
    };
    print(figure("filter.memory_over_noop", first - noop, 6.0));
    print(figure("filter.memory_growth", second - first, 1.0));
    Ok(())
}

/// Seconds that the other core has been idle; 0 when there is none.
fn rest_idle(cores: Option<Cores>) -> anyhow::Result<f64> {
    Ok(cores.map(Cores::rest_idle).transpose()?.unwrap_or_default().as_secs_f64())
}

fn print(figure: Figure) {
    println!("{figure}");
}
