//! Measures gatelog with real parts and prints one line for each figure. Exits with 0 whatever falls short.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};
use gatelog_bench::gateway::{self, Choice, Effort};
use gatelog_bench::{ingest, query, retention, size, syslog};
use gatelog_testbed::runtime::Runtime;

/// Measures gatelog with real parts. Each figure is compared with something measured in the same run.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    area: Area,
}

#[derive(Debug, Subcommand)]
enum Area {
    /// What the filter costs a real Envoy.
    Filter {
        /// A quick look: fewer and shorter rounds.
        #[arg(long)]
        quick: bool,
        /// Another build of the filter, to measure beside this one. May be given several times.
        #[arg(long, value_name = "FILE")]
        beside: Vec<PathBuf>,
        /// A build that leaves work out, to find what that work costs: its records are not checked. May be given several
        /// times.
        #[arg(long, value_name = "FILE")]
        partial: Vec<PathBuf>,
        /// gatelog's dynamic module, to measure it too.
        #[arg(long, value_name = "FILE")]
        module: Option<PathBuf>,
        /// Only these variants, beside the one without a filter.
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        only: Vec<String>,
        /// Only these traffics: get, chat, gzip or sse with 1 or 32 connections, as in get-32.
        #[arg(long, value_name = "NAME", value_delimiter = ',')]
        traffic: Vec<String>,
    },
    /// What queries of a large table cost.
    Query {
        /// A quick look: fewer rows and rounds.
        #[arg(long)]
        quick: bool,
        /// A file for the table. It is made unless it exists, and stays for the next run.
        #[arg(long, env = "GATELOG_BENCH_DATABASE")]
        database: Option<PathBuf>,
    },
    /// How fast ingest stores.
    Ingest {
        /// A quick look: fewer and shorter rounds.
        #[arg(long)]
        quick: bool,
        /// What runs the functions: Spin where version 4.1 is on the path, unless the variable GATELOG_RUNTIME chooses.
        #[arg(long, value_enum)]
        runtime: Option<RuntimeName>,
        /// Only these parts.
        parts: Vec<ingest::Part>,
    },
    /// What retention costs MySQL or MariaDB: deletes, and dropped partitions.
    Retention {
        /// A quick look: fewer rows.
        #[arg(long)]
        quick: bool,
        /// The server.
        #[arg(long, value_enum, default_value = "mariadb")]
        server: retention::Server,
    },
    /// How many bytes a record takes on disk, on every store.
    Size {
        /// A quick look: 100 000 records instead of a million.
        #[arg(long)]
        quick: bool,
    },
    /// What syslog costs ingest.
    Syslog {
        /// A quick look: fewer and shorter rounds.
        #[arg(long)]
        quick: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RuntimeName {
    /// The local host of this project.
    Local,
    /// `spin up`, of version 4.1.
    Spin,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Options::parse().area {
        Area::Filter { quick, beside, partial, module, only: variants, traffic: traffics } => {
            let effort = if quick { Effort::QUICK } else { Effort::FULL };
            gateway::run(effort, &Choice { module, beside, partial, variants, traffics }).await
        }
        Area::Query { quick, database } => {
            let effort = if quick { query::Effort::QUICK } else { query::Effort::FULL };
            query::run(effort, database.as_deref()).await
        }
        Area::Ingest { quick, runtime, parts } => {
            let runtime = match runtime {
                None => Runtime::chosen()?,
                Some(RuntimeName::Local) => Runtime::Local,
                Some(RuntimeName::Spin) => {
                    Runtime::spin().context("there is no `spin` of version 4.1 on the path")?
                }
            };
            let effort = if quick { ingest::Effort::QUICK } else { ingest::Effort::FULL };
            ingest::run(effort, &parts, &runtime).await
        }
        Area::Retention { quick, server } => {
            let effort = if quick { retention::Effort::QUICK } else { retention::Effort::FULL };
            retention::run(effort, server).await
        }
        Area::Size { quick } => size::run(if quick { 100_000 } else { 1_000_000 }).await,
        Area::Syslog { quick } => {
            syslog::run(if quick { syslog::Effort::QUICK } else { syslog::Effort::FULL }).await
        }
    }
}
