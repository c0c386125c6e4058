//! `cargo xtask bench`: prepares the benchmarks' files and programs, then replaces itself with them.

use anyhow::Result;

use crate::artifacts::{self, Warnings, Which};
use crate::{process, setup, workspace};

/// Programs that the measurements of an area start, each with its Debian package.
const PROGRAMS: &[(&str, &[(&str, &str)])] = &[
    ("filter", &[("taskset", "util-linux")]),
    ("ingest", &[("wrk", "wrk")]),
    ("query", &[("chromium", "chromium"), ("chromedriver", "chromium-driver")]),
    ("retention", &[("mariadbd", "mariadb-server-core"), ("mariadb", "mariadb-client-core")]),
    ("syslog", &[("rsyslogd", "rsyslog")]),
];

/// `cargo xtask bench AREA …` measures an area with real parts, using the program `gatelog-bench`. Without an area, the
/// criterion benchmarks run. Both get the other arguments.
///
/// # Errors
/// Fails when something cannot be prepared, or the benchmarks fail.
pub fn bench(args: &[String]) -> Result<()> {
    let area = args.first().map(String::as_str).filter(|first| !first.starts_with('-'));
    for (program, package) in programs(area) {
        setup::ensure_command(program, package)?;
    }
    let envoy = setup::envoy()?;
    // Only this area starts every server.
    let servers = if area == Some("size") { Some(setup::everything()?.programs) } else { None };
    artifacts::build(Which::All, Warnings::Show)?;
    let mut cargo = workspace::cargo()?;
    match area {
        Some(_) => {
            cargo.args(["run", "--profile", "bench", "--package", "gatelog-bench", "--bin", "gatelog-bench"])
        }
        None => cargo.args(["bench", "--package", "gatelog-bench"]),
    };
    cargo.envs(servers.iter().flat_map(setup::Programs::variables));
    process::replace_with(cargo.arg("--").args(args).env("GATELOG_ENVOY", envoy))
}

fn programs(area: Option<&str>) -> &'static [(&'static str, &'static str)] {
    let found = PROGRAMS.iter().find(|(name, _)| area == Some(name));
    found.map_or(&[], |(_, programs)| programs)
}
