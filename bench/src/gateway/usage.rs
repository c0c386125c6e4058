//! CPU time and memory of a process, from `/proc`.

use std::time::Duration;

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// User and system time of all threads.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
}

impl Usage {
    /// Of the process with this id.
    ///
    /// # Errors
    ///
    /// When there is no such process.
    #[cfg(target_os = "linux")]
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use procfs::process::Process;

        let stat = Process::new(i32::try_from(pid)?)
            .and_then(|process| process.stat())
            .context("no such process")?;
        let ticks = stat.utime + stat.stime;
        let cpu = Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64);
        Ok(Self { cpu, rss_bytes: stat.rss * procfs::page_size() })
    }

    /// Of the process with this id.
    ///
    /// # Errors
    ///
    /// Always: only Linux has `/proc`.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_pid: u32) -> anyhow::Result<Self> {
        anyhow::bail!("CPU and memory of a process can be read on Linux only: run this benchmark there")
    }
}
