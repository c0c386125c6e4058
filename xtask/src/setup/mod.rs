//! Preparing a machine: what the project needs and cargo alone does not bring.
//!
//! Each part is used from where it is, else fetched, else named in a message. What is fetched stays in the user's cache
//! folder, so that a second run, or a second checkout, finds it there.

mod cache;
mod debian;
mod envoy;
mod rustup;
mod sysroot;

use std::process::Command;

use anyhow::{Result, bail};

pub use debian::ensure_command;
pub use envoy::envoy;
pub use rustup::ensure_component;

use crate::workspace;
use sysroot::Sysroot;

/// The targets of the filter and of the components.
pub const TARGETS: &[&str] = &["wasm32-wasip1", "wasm32-wasip2"];

/// What compiles the project for WebAssembly.
#[derive(Debug)]
pub enum WasmToolchain {
    /// The active toolchain: it has the targets.
    Active,
    /// Debian's compiler with a standard library built for it.
    Debian(Sysroot),
}

impl WasmToolchain {
    /// The toolchain's cargo, in the checkout.
    ///
    /// # Errors
    /// Fails when there is no checkout.
    pub fn cargo(&self) -> Result<Command> {
        let mut command = match self {
            Self::Active => workspace::cargo()?,
            Self::Debian(sysroot) => sysroot.cargo(),
        };
        command.current_dir(workspace::root()?);
        Ok(command)
    }

    /// Whether the toolchain can run clippy for the wasm targets.
    pub fn has_clippy(&self) -> bool {
        matches!(self, Self::Active)
    }
}

/// Makes sure that tests can start an rsyslog.
///
/// # Errors
/// Fails with what to install when there is none and it cannot be installed.
pub fn rsyslog() -> Result<()> {
    ensure_command("rsyslogd", "rsyslog").map(drop)
}

/// Finds or prepares a toolchain for the wasm targets. Says nothing when there is nothing to do.
///
/// # Errors
/// Fails with what to install when no way is open on this machine.
pub fn wasm() -> Result<WasmToolchain> {
    if rustup::has_targets(TARGETS)? {
        return Ok(WasmToolchain::Active);
    }
    if let Some(sysroot) = Sysroot::cached() {
        return Ok(WasmToolchain::Debian(sysroot));
    }
    if rustup::add_targets(TARGETS) && rustup::has_targets(TARGETS)? {
        return Ok(WasmToolchain::Active);
    }
    if !sysroot::packages_installed() {
        if !debian::is_debian() {
            bail!(
                "the active toolchain has no standard library for {}; with rustup: `rustup target add {}`, else \
                 install your system's packages for these targets",
                TARGETS.join(" and "),
                TARGETS.join(" ")
            );
        }
        debian::install(sysroot::PACKAGES, "Debian's compiler for wasm")?;
    }
    Ok(WasmToolchain::Debian(Sysroot::get_or_build()?))
}
