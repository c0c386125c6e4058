//! The runtime of the functions in the demo and the tests: the real Spin, or the project's local host.

use std::env;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{process, workspace};

/// The variable that passes the runtime to the tests.
pub const VARIABLE: &str = "GATELOG_RUNTIME";

/// The version of Spin that the functions need.
const VERSION: &str = "spin 4.";

/// A program that runs the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// The local host, which is part of the project.
    Local,
    /// `spin up`, version 4.1 or a later 4.
    Spin,
}

impl Runtime {
    /// The requested runtime, otherwise the one that [`VARIABLE`] names, otherwise Spin when version 4.1 is on `PATH`,
    /// otherwise the local host. Prints which one it is.
    ///
    /// # Errors
    /// Fails when Spin is requested but missing, or the variable has another value.
    pub fn choose(wanted: Option<Self>) -> Result<Self> {
        let wanted = match (wanted, env::var(VARIABLE).ok().as_deref()) {
            (Some(wanted), _) => Some(wanted),
            (None, None | Some("")) => None,
            (None, Some("local")) => Some(Self::Local),
            (None, Some("spin")) => Some(Self::Spin),
            (None, Some(other)) => bail!("{VARIABLE} is {other:?}: choose spin or local"),
        };
        let spin = spin();
        match (wanted, spin) {
            (Some(Self::Spin), None) => {
                bail!("there is no `spin` of version 4.1 on PATH: install it, or select the runtime local")
            }
            (Some(Self::Spin) | None, Some(version)) => {
                eprintln!("the functions run in the real Spin: {version}");
                Ok(Self::Spin)
            }
            (Some(Self::Local), _) | (None, None) => {
                eprintln!("the functions run in the local host of this project, not in Spin");
                Ok(Self::Local)
            }
        }
    }

    /// Its name in options and in [`VARIABLE`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Spin => "spin",
        }
    }
}

/// The output of `spin --version`, if the functions run on it.
fn spin() -> Option<String> {
    let file = workspace::on_path("spin")?;
    let said = process::capture(process::command(file).arg("--version")).ok()?;
    is_usable(&said).then(|| said.trim().to_owned())
}

/// Whether the functions run on the Spin that says this of itself. Spin 4.0 has only a release candidate of WASI 0.3.
fn is_usable(said: &str) -> bool {
    let minor = said.strip_prefix(VERSION).and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_spin_with_wasi_0_3_is_used() {
        for (said, expected) in [
            ("spin 4.1.0 (94a8fc8 2026-11-20)\n", true),
            ("spin 4.12.0-pre0 (1 2027-01-01)", true),
            ("spin 4.0.2 (1 2026-06-01)", false),
            ("spin 3.6.3 (1 2026-01-01)", false),
            ("Spin 6.5.2, a model checker\n", false),
            ("", false),
        ] {
            assert_eq!(is_usable(said), expected, "{said}");
        }
    }
}
