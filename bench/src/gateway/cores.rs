//! Which processor core does what: Envoy has one for itself, so that its throughput is what its own work allows, and
//! everything around it (the load generator, the upstream, the collector) shares another.

use std::time::Duration;

/// A core for Envoy and one for the rest.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// Envoy's, as `taskset` numbers it.
    pub gateway: usize,
    rest: usize,
}

impl Cores {
    /// Divides the cores that this process may use, and moves all its threads to the core of the rest, which the programs
    /// that it starts inherit. None when there is only one core: then nothing is divided.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    #[cfg(target_os = "linux")]
    pub fn divide() -> anyhow::Result<Option<Self>> {
        use anyhow::Context as _;
        use procfs::process::Process;
        use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let (Some(gateway), Some(rest)) = (cores.next(), cores.next()) else { return Ok(None) };
        let mut only = CpuSet::new();
        only.set(rest);
        for task in Process::myself()?.tasks()? {
            sched_setaffinity(Pid::from_raw(task?.tid), &only).context("cannot move a thread to its core")?;
        }
        Ok(Some(Self { gateway, rest }))
    }

    /// Divides the cores.
    ///
    /// # Errors
    ///
    /// Always: only Linux moves processes to cores.
    #[cfg(not(target_os = "linux"))]
    pub fn divide() -> anyhow::Result<Option<Self>> {
        anyhow::bail!("processes can be kept on a core on Linux only: run this benchmark there")
    }

    /// How long the rest's core has been idle since the system started.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    #[cfg(target_os = "linux")]
    pub fn rest_idle(self) -> anyhow::Result<Duration> {
        use anyhow::Context as _;
        use procfs::CurrentSI as _;

        let stats = procfs::KernelStats::current()?;
        let core = stats.cpu_time.get(self.rest).context("/proc/stat lacks a core")?;
        Ok(core.idle_duration())
    }

    /// How long the rest's core has been idle.
    ///
    /// # Errors
    ///
    /// Always: only Linux has `/proc`.
    #[cfg(not(target_os = "linux"))]
    pub fn rest_idle(self) -> anyhow::Result<Duration> {
        anyhow::bail!("the idle time of a core can be read on Linux only: run this benchmark there")
    }
}
