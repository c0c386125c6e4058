//! Prometheus and its promtool, from Debian's package. The package is unpacked into the cache, because installing it would start a
//! service.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{cache, debian};
use crate::process;

const PACKAGE: &str = "prometheus";
const BY_HAND: &str =
    "install Prometheus 2.40 or later, and name its programs in GATELOG_PROMETHEUS and GATELOG_PROMTOOL";

/// The two programs.
#[derive(Debug)]
pub struct Prometheus {
    /// `prometheus`.
    pub server: PathBuf,
    /// `promtool`.
    pub promtool: PathBuf,
}

/// Prometheus: the programs that `GATELOG_PROMETHEUS` and `GATELOG_PROMTOOL` name, otherwise those on the path, otherwise Debian's,
/// fetched once.
///
/// # Errors
/// Fails with what to do when there is none and it cannot be fetched.
pub fn prometheus() -> Result<Prometheus> {
    let named = |variable: &str| env::var_os(variable).map(PathBuf::from);
    if let (Some(server), Some(promtool)) = (named("GATELOG_PROMETHEUS"), named("GATELOG_PROMTOOL")) {
        return Ok(Prometheus { server, promtool });
    }
    if let (Some(server), Some(promtool)) = (debian::find("prometheus"), debian::find("promtool")) {
        return Ok(Prometheus { server, promtool });
    }
    ensure!(debian::is_debian(), "there is no Prometheus: {BY_HAND}");
    let folder = cache::get_or_make(&format!("{PACKAGE}-{}", env::consts::ARCH), |dir| {
        process::with_progress("fetching Prometheus (once)", || fetch(dir))
            .with_context(|| format!("cannot fetch Prometheus: {BY_HAND}"))
    })?;
    Ok(Prometheus { server: folder.join("usr/bin/prometheus"), promtool: folder.join("usr/bin/promtool") })
}

fn fetch(folder: &Path) -> Result<()> {
    debian::unpack(&[PACKAGE], folder)?;
    for program in ["prometheus", "promtool"] {
        process::capture(process::command(folder.join("usr/bin").join(program)).arg("--version"))?;
    }
    Ok(())
}
