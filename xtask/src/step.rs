//! Named steps of a longer run, each with the time it took and the command that runs it alone.

use std::time::Instant;

use anyhow::{Result, anyhow};

/// A run of several steps.
pub struct Steps {
    started: Instant,
    total: usize,
    done: usize,
}

impl Steps {
    /// A run that will have `total` steps.
    pub fn new(total: usize) -> Self {
        Self { started: Instant::now(), total, done: 0 }
    }

    /// Runs one step. `alone` is the command that runs only this step.
    ///
    /// # Errors
    /// Those of the action, with the step's name and `alone`.
    pub fn step<T>(&mut self, name: &str, alone: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
        self.done += 1;
        eprintln!("== {}/{} {name}", self.done, self.total);
        let started = Instant::now();
        let result = action();
        let (outcome, seconds) =
            (if result.is_ok() { "ok" } else { "FAILED" }, started.elapsed().as_secs_f64());
        eprintln!("== {name}: {outcome}, {seconds:.1} s");
        result.map_err(|error| anyhow!("{name} failed: {error:#}\n  alone: {alone}"))
    }

    /// Prints how long all steps took.
    pub fn finish(&self) {
        eprintln!("== all {} steps: {:.0} s", self.done, self.started.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_the_command_that_runs_it_alone() {
        let failed: Result<()> =
            Steps::new(1).step("tidy", "cargo xtask tidy", || anyhow::bail!("2 findings"));
        assert_eq!(
            format!("{:#}", failed.unwrap_err()),
            "tidy failed: 2 findings\n  alone: cargo xtask tidy"
        );
    }
}
