//! Load from the load generator `wrk` in its own process.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::Command;

/// The result of one run of load.
#[derive(Clone, Copy, Debug)]
pub struct Throughput {
    /// Requests that were answered.
    pub requests: u64,
    /// Answered requests per second.
    pub per_second: f64,
}

/// The end of every script: the sums as a line that does not depend on wrk's layout.
const PRINT_SUMS: &str = "done = function(summary)\n\
    local e = summary.errors\n\
    print('sums', summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout)\n\
    end\n";

/// Runs a wrk script, which is Lua, for `duration`.
///
/// # Errors
///
/// When there is no `wrk`, or any request failed: a failure is cheaper than an answer and would count as speed.
pub async fn run_script(
    script: &str,
    address: SocketAddr,
    path: &str,
    connections: u32,
    duration: Duration,
) -> anyhow::Result<Throughput> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), format!("{script}\n{PRINT_SUMS}"))?;
    let output = Command::new("wrk")
        .args(["-t1", "--timeout", "10s", "-c", &connections.to_string(), "-d", &format!("{}s", duration.as_secs().max(1)), "-s"])
        .arg(file.path())
        .arg(format!("http://{address}{path}"))
        .output()
        .await
        .context("`wrk` does not start: install it (Debian's package `wrk`) or run this through `cargo xtask bench`")?;
    let text = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    parse(&text).with_context(|| format!("wrk said:\n{text}"))
}

fn parse(output: &str) -> anyhow::Result<Throughput> {
    let sums =
        output.lines().find_map(|line| line.strip_prefix("sums")).context("no sums in wrk's output")?;
    let numbers: Vec<u64> = sums.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [requests, duration_us, errors] = numbers[..] else {
        anyhow::bail!("wrk's sums are not three numbers")
    };
    anyhow::ensure!(errors == 0, "{errors} of {requests} requests failed");
    anyhow::ensure!(requests > 0, "no request was answered");
    Ok(Throughput { requests, per_second: requests as f64 / (duration_us as f64 / 1e6) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_and_failed_requests_refused() {
        let throughput = parse("Running 1s test\nsums\t5000\t1000000\t0\n").unwrap();
        assert_eq!((throughput.requests, throughput.per_second), (5_000, 5_000.0));
        assert!(parse("sums\t5000\t1000000\t3\n").unwrap_err().to_string().contains("3 of 5000"));
        assert!(parse("nothing").is_err());
    }
}
