//! Runs other programs: with their output shown or captured, with a time limit, or with a progress line.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a long action reports that it is still running.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// A command that reads nothing from the terminal.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a command with its output shown.
///
/// # Errors
/// Fails when it cannot start or ends with a status other than 0.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("failed ({status}): {}", line(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed on standard output.
///
/// # Errors
/// Fails when it cannot start or ends with a status other than 0; the message holds its standard error.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", line(command)))?;
    succeeded(command, &output)?;
    String::from_utf8(output.stdout).with_context(|| format!("output of {} is not UTF-8", line(command)))
}

/// Runs a command without showing its output, for at most `limit`.
///
/// # Errors
/// Fails when it cannot start, ends with a status other than 0, or does not end in time (it is killed then).
pub fn run_quietly(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", line(command)))?;
    let mut pipe = child.stderr.take().context("no pipe for standard error")?;
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        let mut stderr = Vec::new();
        let read = pipe.read_to_end(&mut stderr);
        sender.send(read.map(|_| stderr)).ok();
    });
    match ended.recv_timeout(limit) {
        Ok(stderr) => {
            let status = child.wait()?;
            succeeded(command, &Output { status, stdout: Vec::new(), stderr: stderr? })
        }
        Err(_) => {
            child.kill().ok();
            child.wait()?;
            bail!("no end after {} s: {}", limit.as_secs(), line(command))
        }
    }
}

/// Replaces this process with the command, so that the task has its exit status and its reaction to Ctrl-C.
///
/// # Errors
/// Fails when it cannot start; on systems where a process cannot become another, also when it fails.
pub fn replace_with(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    let result = {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(error).with_context(|| format!("cannot start {}", line(command)))
    };
    #[cfg(not(unix))]
    let result = run(command);
    result
}

/// Runs a long action: prints its name, then how long it has been running, then how long it took.
///
/// # Errors
/// Those of the action.
pub fn with_progress<T>(what: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{what} …");
    let start = Instant::now();
    let result = thread::scope(|scope| {
        let (done, running) = mpsc::channel::<()>();
        scope.spawn(move || {
            while running.recv_timeout(PROGRESS_EVERY) == Err(RecvTimeoutError::Timeout) {
                eprintln!("  … {} s", start.elapsed().as_secs());
            }
        });
        let result = action();
        drop(done);
        result
    })?;
    eprintln!("  done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// The command as a person would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = program.file_name().into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn succeeded(command: &Command, output: &Output) -> Result<()> {
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("failed ({}): {}\n{}", output.status, line(command), stderr.trim_end());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_killed_at_the_limit() {
        let start = Instant::now();
        let error = run_quietly(command("sleep").arg("60"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("no end after"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failed_command_is_reported_with_its_command_line_and_output() {
        let error = capture(command("sh").args(["-c", "echo broken >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("broken") && error.contains('3'), "{error}");
    }
}
