//! `gatelog-local up`: serves a Spin application on this machine where the Spin CLI is not available. The
//! options are those of `spin up`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use gatelog_spin_host::{App, AppBuilder, RunningApp};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Runs Spin applications locally, on wasmtime and libSQL.
#[derive(Debug, Parser)]
#[command(name = "gatelog-local", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve an application until Ctrl-C or SIGTERM.
    Up(Up),
}

#[derive(Debug, clap::Args)]
struct Up {
    /// The manifest, or the folder that holds spin.toml.
    #[arg(short = 'f', long = "from", value_name = "APPLICATION", default_value = ".")]
    from: PathBuf,
    /// The address to serve on; port 0 takes a free one.
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Give a variable a value; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    variable: Vec<(String, String)>,
    /// Set an environment variable in the components; may be repeated.
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// A runtime configuration, which says where databases are.
    #[arg(long, value_name = "FILE", env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// The folder for databases without another place [default: .spin beside the manifest].
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// The file of the default database.
    #[arg(long, value_name = "FILE")]
    sqlite_file: Option<PathBuf>,
    /// Do not show what the components print.
    #[arg(short, long)]
    quiet: bool,
}

fn main() -> ExitCode {
    let Command::Up(up) = Arguments::parse().command;
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(up) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(up: Up) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to run on")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?;
        let app = up.builder().start().await?;
        announce(&app);
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt.context("Ctrl-C cannot be watched")?,
            _ = terminate.recv() => {}
        }
        // A second signal does not wait for requests in flight.
        tokio::select! {
            () = app.shutdown() => {}
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        anyhow::Ok(())
    })?;
    // A statement that waits for a lock must not delay the exit.
    runtime.shutdown_background();
    Ok(())
}

impl Up {
    fn builder(self) -> AppBuilder {
        let mut builder = App::builder(self.from).listen(self.listen).print(!self.quiet);
        for (name, value) in self.variable {
            builder = builder.variable(name, value);
        }
        for (name, value) in self.env {
            builder = builder.env(name, value);
        }
        if let Some(file) = self.runtime_config_file {
            builder = builder.runtime_config(file);
        }
        if let Some(folder) = self.state_dir {
            builder = builder.state_folder(folder);
        }
        if let Some(file) = self.sqlite_file {
            builder = builder.sqlite_file(file);
        }
        builder
    }
}

fn announce(app: &RunningApp) {
    println!("Serving {} on {}", app.name(), app.url(""));
    println!("Available Routes:");
    for route in app.routes() {
        match route.pattern.strip_suffix("/...") {
            Some(prefix) => println!("  {}: {} (wildcard)", route.component, app.url(prefix)),
            None => println!("  {}: {}", route.component, app.url(&route.pattern)),
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
