//! Measures gatelog with real parts and prints one line for each figure. Exits with 0 whatever falls short.

use clap::{Parser, Subcommand};
use gatelog_bench::gateway::{self, Effort};

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
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Options::parse().area {
        Area::Filter { quick } => gateway::run(if quick { Effort::QUICK } else { Effort::FULL }).await,
    }
}
