//! CPU time and memory of a process, from `/proc`.

use std::time::Duration;

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time that its threads ran, in nanoseconds each. The scheduler tells it for each thread; the process's own time
    /// is in ticks of 10 ms.
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

        let process = Process::new(i32::try_from(pid)?).context("no such process")?;
        let stat = process.stat().context("no such process")?;
        let mut nanos = 0;
        for task in process.tasks()?.flatten() {
            // A thread may end between the two.
            let text = std::fs::read_to_string(format!("/proc/{pid}/task/{}/schedstat", task.tid));
            let ran = text.ok().and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
            nanos += ran.unwrap_or(0);
        }
        Ok(Self { cpu: Duration::from_nanos(nanos), rss_bytes: stat.rss * procfs::page_size() })
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
