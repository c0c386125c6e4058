//! Project tasks: `cargo xtask setup | build | image | test | ci | demo | bench | prices | docs | docs-check | tidy`.

mod artifacts;
mod bench;
mod build;
mod demo;
mod documents;
mod image;
mod module;
mod prices;
mod process;
mod runtime;
mod setup;
mod step;
mod targets;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use artifacts::{Warnings, Which};

/// Project tasks. A task first fetches missing tools that it needs.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Prepare this machine: a toolchain for wasm, Envoy, MariaDB, Turso's server, Chromium.
    Setup,
    /// Build the wasm files, or Envoy's module, and check their sizes.
    Build {
        /// Everything: also the module, and what only tests and benchmarks load.
        #[arg(long)]
        all: bool,
        /// Envoy's module alone, into target/module.
        #[arg(long, conflicts_with = "all")]
        module: bool,
    },
    /// Write the filter as an OCI image for Higress, Istio and Envoy Gateway, without Docker.
    Image(image::Options),
    /// Run all checks and tests.
    Test(test::Options),
    /// What CI runs: the same as `test`.
    Ci(test::Options),
    /// Show gatelog at work: Envoy with the filter, the functions, some traffic, and the records.
    Demo(demo::Options),
    /// Measure: `bench AREA [--quick]` with real parts, `bench` alone with criterion.
    Bench {
        /// An area, such as `filter`, and its options.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Make the default price table from published ones.
    Prices(prices::Options),
    /// Make the pages of docs/ that come from the tables in the code.
    Docs,
    /// Run the commands and load the configurations in the documents.
    DocsCheck,
    /// Check the project's own rules.
    Tidy,
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Setup => setup::everything().map(drop),
        Task::Build { module: true, .. } => module::build(),
        Task::Build { all: false, .. } => artifacts::build(Which::Deployed, Warnings::Show),
        Task::Build { all: true, .. } => build::everything(Warnings::Show),
        Task::Image(options) => image::image(&options),
        Task::Test(options) | Task::Ci(options) => test::test(&options),
        Task::Demo(options) => demo::demo(&options),
        Task::Bench { args } => bench::bench(&args),
        Task::Prices(options) => prices::prices(&options),
        Task::Docs => documents::make(),
        Task::DocsCheck => documents::check(),
        Task::Tidy => tidy::tidy(),
    }
}
