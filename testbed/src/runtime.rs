//! The runtime of the functions: the real Spin, or this project's local host.

use std::fmt;
use std::process::Command;

use anyhow::{Context as _, bail};

/// The variable that selects the runtime: `spin` or `local`. Without it, the functions run on Spin when version 4.1 is
/// on the path.
pub const VARIABLE: &str = "GATELOG_RUNTIME";

/// The version of Spin that the functions need.
const MAJOR: &str = "4.";
/// Spin 4.0 has only a release candidate of WASI 0.3.
const FIRST_MINOR: u32 = 1;

/// A program that runs the functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The local host, in this process.
    Local,
    /// `spin up`.
    Spin {
        /// The output of `spin --version`: version, commit and day.
        version: String,
    },
}

impl Runtime {
    /// The runtime that [`VARIABLE`] selects.
    ///
    /// # Errors
    ///
    /// When the variable has another value, or requires a Spin that is not installed.
    pub fn chosen() -> anyhow::Result<Self> {
        match std::env::var(VARIABLE).ok().as_deref() {
            None | Some("") => Ok(Self::spin().unwrap_or(Self::Local)),
            Some("local") => Ok(Self::Local),
            Some("spin") => Self::spin().context(
                "there is no `spin` of version 4.1 on the path: install it, or select the runtime local",
            ),
            Some(other) => bail!("{VARIABLE} is {other:?}: choose spin or local"),
        }
    }

    /// The Spin on the path, if the functions run on it.
    pub fn spin() -> Option<Self> {
        let output = Command::new("spin").arg("--version").output().ok()?;
        let version = version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self::Spin { version })
    }

    /// Whether this is the real Spin.
    pub fn is_spin(&self) -> bool {
        matches!(self, Self::Spin { .. })
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("the local host of this project"),
            Self::Spin { version } => write!(f, "the real Spin, {version}"),
        }
    }
}

/// The version in `spin 4.1.0 (94a8fc8 2026-11-20)`, if the functions run on it.
fn version(said: &str) -> Option<String> {
    let version = said.trim().strip_prefix("spin ")?;
    let minor: u32 = version.strip_prefix(MAJOR)?.split('.').next()?.parse().ok()?;
    (minor >= FIRST_MINOR).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_spin_with_wasi_0_3_is_accepted() {
        for (said, expected) in [
            ("spin 4.1.0-pre0 (94a8fc8 2026-11-20)\n", Some("4.1.0-pre0 (94a8fc8 2026-11-20)")),
            ("spin 4.0.2 (1 2026-06-01)\n", None),
            ("spin 3.4.0 (1 2025-01-01)\n", None),
            ("Spin 6.5.2, a model checker\n", None),
            ("", None),
        ] {
            assert_eq!(version(said).as_deref(), expected, "{said}");
        }
    }
}
