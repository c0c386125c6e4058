//! What the filter costs a real Envoy: CPU per request, throughput and memory, compared with the same Envoy without a
//! filter and with one that does nothing, in the same run.
//!
//! - [`load`]: requests from `wrk`.
//! - [`collector`]: acknowledges and counts, so that storing costs nothing here.
//! - [`usage`]: CPU time and memory of a process.
//! - [`cores`]: Envoy runs alone on one core, everything else on another.

pub mod collector;
pub mod cores;
pub mod load;
pub mod usage;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use gatelog_artifacts as artifacts;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::upstream::Upstream;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::figure::{Figure, Target, median};
use collector::Collector;
use cores::Cores;
use load::Load;
use usage::Usage;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Starts of every variant. Two starts of the same Envoy differ by more than two rounds of one start.
    pub starts: u32,
    /// Rounds of each start; each puts load on every variant once.
    pub rounds: u32,
    /// How long each load lasts.
    pub load: Duration,
    /// Requests before memory is read.
    pub memory_requests: u64,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self =
        Self { starts: 5, rounds: 3, load: Duration::from_secs(3), memory_requests: 1_000_000 };
    /// A quick look.
    pub const QUICK: Self =
        Self { starts: 2, rounds: 2, load: Duration::from_secs(2), memory_requests: 50_000 };
}

/// What each start is made of.
struct Parts {
    upstream: SocketAddr,
    collector: SocketAddr,
    /// By name.
    filters: Vec<(String, Option<Filter>)>,
    cores: Option<Cores>,
}

struct Variant {
    name: String,
    envoy: Envoy,
}

/// One start of what is measured, and how much of it.
struct Setup {
    variants: Vec<Variant>,
    cores: Option<Cores>,
    effort: Effort,
}

/// The results of the rounds of one variant, over all starts.
#[derive(Clone, Default)]
struct Rounds {
    /// CPU time of Envoy per request, in µs.
    cpu_us: Vec<f64>,
    per_second: Vec<f64>,
    /// How busy the other core was, the one that Envoy does not use, from 0 to 1.
    rest_busy: Vec<f64>,
}

const NOOP: usize = 1;
const GATELOG: usize = 2;

/// Measures and prints one line for each figure. `others` are other builds of the filter, measured beside it.
///
/// # Errors
///
/// When a part does not start, a request fails, or a record is missing: a wrong result gives no figure.
pub async fn run(effort: Effort, others: &[PathBuf]) -> anyhow::Result<()> {
    let cores = Cores::divide()?;
    match cores {
        Some(_) => println!("# Envoy on one core; load generator, upstream and collector on another"),
        None => println!("# one core for everything: throughput says nothing about Envoy alone"),
    }
    let upstream = Upstream::start().await?;
    let collector = Collector::start().await?;
    let gatelog = artifacts::artifact("gatelog-filter")?;
    let noop = Filter {
        name: "noop".into(),
        wasm: artifacts::artifact("gatelog-noop-filter")?,
        configuration: json!({}),
    };
    let with = |wasm: &Path| Filter::gatelog(wasm, &json!({}));
    let mut filters =
        vec![("none".into(), None), ("no-op".into(), Some(noop)), ("gatelog".into(), Some(with(&gatelog)))];
    filters.extend(others.iter().map(|wasm| (wasm.display().to_string(), Some(with(wasm)))));
    let parts = Parts { upstream: upstream.address(), collector: collector.address(), filters, cores };

    let get = Load { path: "/small", body: None, connections: 32 };
    let question = "What does a gateway see? ".repeat(70);
    let body =
        json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": question }] }).to_string();
    let chat = Load { path: "/v1/chat/completions", body: Some(body), connections: 32 };
    let mut requests = 0;
    let mut gets = vec![Rounds::default(); parts.filters.len()];
    let mut chats = gets.clone();
    let mut setup = parts.start(effort).await?;
    for start in 0..effort.starts {
        if start > 0 {
            setup = parts.start(effort).await?;
        }
        measure(&setup, &get, &mut gets, &mut requests).await?;
        measure(&setup, &chat, &mut chats, &mut requests).await?;
        all_arrived(&collector, requests).await?;
    }
    report("get", &setup, &gets, 25.0)?;
    print_ratio("filter.get.throughput_of_no_filter", &gets, 0.8)?;
    report("chat", &setup, &chats, 40.0)?;

    memory(&setup, &get, &mut requests).await?;
    all_arrived(&collector, requests).await?;
    let size = std::fs::metadata(&gatelog)?.len() as f64 / 1e3;
    print(Figure { name: "filter.wasm_size".into(), value: size, unit: "kB", target: Target::AtMost(600.0) });
    Ok(())
}

impl Parts {
    async fn start(&self, effort: Effort) -> anyhow::Result<Setup> {
        let mut variants = Vec::new();
        for (name, filter) in &self.filters {
            let config = Gateway {
                upstream: self.upstream,
                collector: self.collector,
                filters: filter.clone().into_iter().collect(),
                access_log: None,
            };
            let core = self.cores.map(|cores| cores.gateway);
            let envoy = Envoy::start_on(core, &config.bootstrap(), 1).await?;
            variants.push(Variant { name: name.clone(), envoy });
        }
        Ok(Setup { variants, cores: self.cores, effort })
    }
}

/// Adds the rounds of one start.
async fn measure(setup: &Setup, load: &Load, all: &mut [Rounds], requests: &mut u64) -> anyhow::Result<()> {
    for round in 0..=setup.effort.rounds {
        for (index, (variant, rounds)) in setup.variants.iter().zip(&mut *all).enumerate() {
            let before = usage(variant)?;
            let (start, idle_before) = (Instant::now(), rest_idle(setup)?);
            let throughput = load
                .run(variant.envoy.listener(), setup.effort.load)
                .await
                .with_context(|| variant.name.clone())?;
            let busy = 1.0 - (rest_idle(setup)? - idle_before) / start.elapsed().as_secs_f64();
            let spent = usage(variant)?.cpu.saturating_sub(before.cpu);
            if index >= GATELOG {
                *requests += throughput.requests;
            }
            // The first round warms up: JIT, connections, caches.
            if round > 0 {
                rounds.cpu_us.push(spent.as_secs_f64() * 1e6 / throughput.requests as f64);
                rounds.per_second.push(throughput.per_second);
                rounds.rest_busy.push(busy);
            }
        }
    }
    Ok(())
}

fn report(load: &str, setup: &Setup, rounds: &[Rounds], target_us: f64) -> anyhow::Result<()> {
    let [none, _, gatelog, ..] = rounds else { anyhow::bail!("gatelog was not measured") };
    // The difference within each round: the machine's other load changes more slowly than a round.
    let added = |rounds: &Rounds| -> f64 {
        let each: Vec<f64> =
            rounds.cpu_us.iter().zip(&none.cpu_us).map(|(with, without)| with - without).collect();
        median(&each)
    };
    for (variant, rounds) in setup.variants.iter().zip(rounds) {
        println!(
            "# {load}, {}: {:.1} us of CPU per request, {:+.1} us; {:.0} requests/s; the other core busy {:.0} % of the time",
            variant.name,
            median(&rounds.cpu_us),
            added(rounds),
            median(&rounds.per_second),
            median(&rounds.rest_busy) * 100.0
        );
    }
    let name = format!("filter.{load}.added_cpu_per_request");
    print(Figure { name, value: added(gatelog), unit: "us", target: Target::AtMost(target_us) });
    Ok(())
}

fn print_ratio(name: &str, rounds: &[Rounds], target: f64) -> anyhow::Result<()> {
    let [none, _, gatelog, ..] = rounds else { anyhow::bail!("gatelog was not measured") };
    let ratios: Vec<f64> =
        gatelog.per_second.iter().zip(&none.per_second).map(|(with, without)| with / without).collect();
    print(Figure {
        name: name.into(),
        value: median(&ratios),
        unit: "ratio",
        target: Target::AtLeast(target),
    });
    Ok(())
}

/// Memory after many requests, over that of the no-op filter after as many, and its growth over as many again.
async fn memory(setup: &Setup, load: &Load, requests: &mut u64) -> anyhow::Result<()> {
    let effort = setup.effort;
    let mut rss_mib = vec![[0.0; 2]; setup.variants.len()];
    for half in 0..2 {
        for (index, (variant, rss)) in setup.variants.iter().zip(&mut rss_mib).enumerate().skip(NOOP) {
            let mut sent = 0;
            while sent < effort.memory_requests {
                sent += load.run(variant.envoy.listener(), effort.load).await?.requests;
            }
            if index >= GATELOG {
                *requests += sent;
            }
            if let Some(slot) = rss.get_mut(half) {
                *slot = usage(variant)?.rss_bytes as f64 / f64::from(1 << 20);
            }
        }
    }
    println!("# memory after {} requests and after as many again", effort.memory_requests);
    for (variant, rss) in setup.variants.iter().zip(&rss_mib).skip(NOOP) {
        println!("# memory, {}: {rss:.1?} MiB", variant.name);
    }
    let [_, [noop, _], [first, second], ..] = rss_mib[..] else { anyhow::bail!("gatelog was not measured") };
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

/// Waits until the collector has a record for every request that went through the filter.
async fn all_arrived(collector: &Collector, requests: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while collector.records() < requests && Instant::now() < deadline {
        sleep(Duration::from_millis(100)).await;
    }
    let records = collector.records();
    // wrk ends with requests under way: they make records too, but wrk does not count them.
    anyhow::ensure!(
        records >= requests,
        "{requests} requests were answered but only {records} records arrived"
    );
    println!("# {requests} requests answered, {records} records received");
    Ok(())
}

/// Seconds that the other core has been idle; 0 when there is none.
fn rest_idle(setup: &Setup) -> anyhow::Result<f64> {
    Ok(setup.cores.map(Cores::rest_idle).transpose()?.unwrap_or_default().as_secs_f64())
}

fn usage(variant: &Variant) -> anyhow::Result<Usage> {
    Usage::of(variant.envoy.pid().context("Envoy has ended")?)
}

fn print(figure: Figure) {
    println!("{figure}");
}
