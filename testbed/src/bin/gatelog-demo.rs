//! The demo: the whole path on this machine, with traffic, and the operator's view of it.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options as Start};
use gatelog_testbed::gateway_config::{Filter, Gateway};
use gatelog_testbed::runtime::Runtime;
use gatelog_testbed::upstream::Upstream;
use gatelog_testbed::{report, traffic};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Time limit for the records to get from Envoy to the database.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

/// Runs gatelog with a real Envoy, sends traffic and shows the records.
#[derive(Debug, Parser)]
struct Options {
    /// End after the tables, instead of running until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// What runs the functions [default: Spin when version 4.1 is on the path, otherwise local].
    #[arg(long, value_enum)]
    runtime: Option<RuntimeName>,
    /// How many requests to send.
    #[arg(long, default_value_t = 400)]
    requests: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RuntimeName {
    /// The local host of this project.
    Local,
    /// `spin up`.
    Spin,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let state = tempfile::tempdir()?;
    let runtime = match options.runtime {
        Some(RuntimeName::Local) => Runtime::Local,
        Some(RuntimeName::Spin) => {
            Runtime::spin().context("there is no `spin` of version 4.1 on the path")?
        }
        None => Runtime::chosen()?,
    };
    println!("starting the functions on a libSQL file, in {runtime} ...");
    let database = state.path().join("gatelog.db");
    let token = token();
    let start = Start::storing_in(&database).variables(&[("query_token", &token)]).runtime(runtime);
    let functions = Functions::start(&start).await?;
    let client = Client::with_token(&token);
    let upstream = Upstream::start().await?;
    println!("starting Envoy with the filter ...");
    let gateway = Gateway {
        upstream: upstream.address(),
        collector: functions.address(),
        filters: vec![Filter::gatelog(&artifacts::artifact("gatelog-filter")?, &json!({}))],
        access_log: None,
    };
    let envoy = Envoy::start(&gateway.bootstrap(), 1).await?;

    println!("sending {} requests ...", options.requests);
    let began = Instant::now();
    let answered = traffic::send(envoy.listener(), options.requests).await?;
    println!("{answered} of {} were answered in {:.1?}", options.requests, began.elapsed());
    let waited = await_records(&client, functions.address(), options.requests).await?;
    println!("every request has its record, {waited:.1?} after the last answer\n");
    println!("{}", report::overview(&client, functions.address()).await?);

    print_addresses(&envoy, &functions, &token);
    if !options.once {
        println!("A little traffic goes on. Ctrl-C ends it.");
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended?,
            () = traffic::keep_sending(envoy.listener(), options.requests) => {}
        }
    }
    envoy.terminate().await
}

/// An unguessable token: 128 random bits, from the seed that the standard library gives its hash maps.
fn token() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// Waits until `count` records are stored, and returns how long that took.
async fn await_records(client: &Client, functions: SocketAddr, count: usize) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let answer = client.get_json(&format!("http://{functions}/query?page_size=1")).await?;
        let stored = answer.get("total").and_then(Value::as_u64).context("/query answered no total")?;
        if stored >= count as u64 {
            anyhow::ensure!(stored == count as u64, "{stored} records of {count} requests");
            return Ok(began.elapsed());
        }
        anyhow::ensure!(
            began.elapsed() < ARRIVAL_LIMIT,
            "only {stored} of {count} records after {ARRIVAL_LIMIT:?}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

fn print_addresses(envoy: &Envoy, functions: &Functions, token: &str) {
    let (gateway, admin, functions) = (envoy.listener(), envoy.admin(), functions.address());
    println!("dashboard     http://{functions}/ui/#token={token}");
    println!("gateway       http://{gateway}/");
    println!("query         http://{functions}/query?response_code=5xx with authorization: Bearer {token}");
    println!("health        http://{functions}/health/ready");
    println!("Envoy's stats http://{admin}/stats?filter=gatelog");
}
