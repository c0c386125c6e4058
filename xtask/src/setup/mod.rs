//! Prepares a machine with the tools that the project needs and cargo does not install.
//!
//! Each tool is used where it is installed, otherwise fetched, otherwise named in a message. Fetched tools stay in the
//! user's cache folder for later runs and other checkouts.

mod aioquic;
mod browser;
mod cache;
mod cargo_deny;
mod databases;
mod debian;
mod envoy;
mod galera;
mod higress;
mod kubernetes;
mod mysql;
mod opentelemetry;
mod prometheus;
mod rustup;
mod sysroot;
mod wheel;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

pub use cargo_deny::cargo_deny;
pub use debian::ensure_command;
pub use envoy::envoy;
pub use rustup::ensure_component;

use crate::targets::TARGETS;
use crate::workspace;
use aioquic::aioquic;
use databases::{mariadb, tursodb};
use envoy::older_envoys;
use galera::galera;
use higress::higress_plugins;
use kubernetes::{kubectl, kubernetes_validate};
use mysql::{MySql, mysql};
use opentelemetry::opentelemetry;
use prometheus::{Prometheus, prometheus};
use sysroot::Sysroot;

/// The toolchain for WebAssembly.
#[derive(Debug)]
pub enum WasmToolchain {
    /// The active toolchain, which has the targets.
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

/// The tools that the tests need besides cargo.
#[derive(Debug)]
pub struct Machine {
    /// For the wasm files.
    pub toolchain: WasmToolchain,
    /// Programs that tests find by a variable.
    pub programs: Programs,
}

/// Programs that are not on the path.
#[derive(Debug)]
pub struct Programs {
    envoy: PathBuf,
    older_envoys: [PathBuf; 2],
    tursodb: PathBuf,
    aioquic: PathBuf,
    higress_plugins: PathBuf,
    opentelemetry: PathBuf,
    mysql: MySql,
    prometheus: Prometheus,
    galera: PathBuf,
    axe: PathBuf,
    kubectl: PathBuf,
    kubernetes_validate: PathBuf,
}

impl Programs {
    /// The variables that name the programs.
    pub fn variables(&self) -> Vec<(&'static str, &Path)> {
        let [envoy_1_38, envoy_1_39] = &self.older_envoys;
        vec![
            ("GATELOG_ENVOY", &self.envoy),
            ("GATELOG_ENVOY_1_38", envoy_1_38),
            ("GATELOG_ENVOY_1_39", envoy_1_39),
            ("GATELOG_TURSODB", &self.tursodb),
            ("GATELOG_AIOQUIC", &self.aioquic),
            ("GATELOG_HIGRESS_PLUGINS", &self.higress_plugins),
            ("GATELOG_OPENTELEMETRY", &self.opentelemetry),
            ("GATELOG_MYSQLD", &self.mysql.server),
            ("GATELOG_MYSQL", &self.mysql.client),
            ("GATELOG_PROMETHEUS", &self.prometheus.server),
            ("GATELOG_PROMTOOL", &self.prometheus.promtool),
            ("GATELOG_GALERA", &self.galera),
            ("GATELOG_AXE", &self.axe),
            ("GATELOG_KUBECTL", &self.kubectl),
            ("GATELOG_KUBERNETES_VALIDATE", &self.kubernetes_validate),
        ]
    }
}

impl fmt::Display for Programs {
    /// Writes the variables as a prefix of a shell command.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables().iter().try_for_each(|(name, file)| write!(f, "{name}={} ", file.display()))
    }
}

/// Prepares this machine for all tests.
///
/// # Errors
/// Fails with what to install when something is missing and cannot be installed.
pub fn everything() -> Result<Machine> {
    mariadb()?;
    ensure_command("rsyslogd", "rsyslog")?;
    ensure_command("skopeo", "skopeo")?;
    ensure_command("systemd-analyze", "systemd")?;
    browser::chromium()?;
    let toolchain = wasm()?;
    let programs = Programs {
        envoy: envoy()?,
        older_envoys: older_envoys()?,
        tursodb: tursodb()?,
        aioquic: aioquic()?,
        higress_plugins: higress_plugins()?,
        opentelemetry: opentelemetry()?,
        mysql: mysql()?,
        prometheus: prometheus()?,
        galera: galera()?,
        axe: browser::axe()?,
        kubectl: kubectl()?,
        kubernetes_validate: kubernetes_validate()?,
    };
    Ok(Machine { toolchain, programs })
}

/// Finds or prepares a toolchain for the wasm targets. Prints nothing when there is nothing to do.
///
/// # Errors
/// Fails with what to install when this machine offers no way.
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
