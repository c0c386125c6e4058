//! Short slices of load on many gateways in turn, each between two slices of the gateway that does nothing more.
//!
//! The speed of a shared machine changes within seconds. So a slice lasts a tenth of a second, and what it is compared with is
//! the mean of the slices just before and just after it.

use std::time::Duration;

use anyhow::Context as _;
use gatelog_testbed::envoy::Envoy;

use super::exchange::Kind;
use super::load::{Load, Throughput, Until};
use super::usage::Usage;
use super::variant::Variant;

/// How long a slice lasts.
const SLICE: Duration = Duration::from_millis(90);
/// Requests of each connection right before a slice, which do not count: they fill caches again.
const LEAD_IN: u64 = 4;
/// Between a slice and the readings around it, for what Envoy does after an answer.
const REST: Duration = Duration::from_millis(4);
/// Requests before the first slice of a load: V8 compiles what is used much.
const WARM_UP: u64 = 1_500;

/// A variant that runs.
#[derive(Debug)]
pub struct Running {
    /// What it is.
    pub variant: Variant,
    /// Its Envoy.
    pub envoy: Envoy,
    /// Requests that it has answered.
    pub sent: u64,
    /// Those that are calls of a model.
    pub sent_to_ai: u64,
}

/// A kind of exchange over a number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// What is exchanged.
    pub kind: Kind,
    /// Connections, each with one request at a time.
    pub connections: u32,
}

/// One slice, beside those around it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its variant, by number.
    pub variant: usize,
    /// What it measured.
    pub with: Slice,
    /// The mean of the slices without a filter around it.
    pub without: Slice,
}

/// What a slice measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slice {
    /// CPU time of Envoy for a request, all its threads together, in µs.
    pub cpu_us: f64,
    /// Requests answered per second.
    pub per_second: f64,
}

/// The slices of all variants under one traffic, `rounds` times. The first of `running` is what all are compared with.
///
/// # Errors
///
/// When a request fails, or an Envoy has ended.
pub fn measure(running: &mut [Running], traffic: Traffic, rounds: u32) -> anyhow::Result<Vec<Sample>> {
    let open = |each: &Running| Load::open(each.envoy.listener(), traffic.kind, traffic.connections);
    let mut loads = running.iter().map(open).collect::<anyhow::Result<Vec<Load>>>()?;
    for (each, load) in running.iter_mut().zip(&mut loads) {
        each.send(traffic.kind, load, Until::Sent(WARM_UP))?;
    }
    let others = running.len().saturating_sub(1);
    let mut samples = Vec::new();
    for round in 0..rounds as usize {
        let mut before = slice(running, &mut loads, traffic, 0)?;
        for step in 0..others {
            // Each round begins with another variant, and every other one goes backwards.
            let place = (step + round) % others.max(1);
            let variant = 1 + if round % 2 == 0 { place } else { others - 1 - place };
            let with = slice(running, &mut loads, traffic, variant)?;
            let after = slice(running, &mut loads, traffic, 0)?;
            samples.push(Sample { variant, with, without: before.mean(after) });
            before = after;
        }
    }
    Ok(samples)
}

fn slice(
    running: &mut [Running],
    loads: &mut [Load],
    traffic: Traffic,
    variant: usize,
) -> anyhow::Result<Slice> {
    let (Some(each), Some(load)) = (running.get_mut(variant), loads.get_mut(variant)) else {
        anyhow::bail!("there is no such variant")
    };
    each.send(traffic.kind, load, Until::Sent(LEAD_IN * u64::from(traffic.connections)))?;
    rest();
    let before = each.usage()?.cpu;
    let Throughput { requests, per_second } = each.send(traffic.kind, load, Until::Elapsed(SLICE))?;
    rest();
    let spent = each.usage()?.cpu.saturating_sub(before);
    Ok(Slice { cpu_us: spent.as_secs_f64() * 1e6 / requests as f64, per_second })
}

/// Lets Envoy end what it does after the last answer; nothing tells when that is over. Only for threads of the runtime that may
/// block.
fn rest() {
    tokio::runtime::Handle::current().block_on(tokio::time::sleep(REST));
}

impl Running {
    /// Puts load on it, and counts what it was.
    ///
    /// # Errors
    ///
    /// Those of [`Load::run`].
    pub fn send(&mut self, kind: Kind, load: &mut Load, until: Until) -> anyhow::Result<Throughput> {
        let throughput = load.run(until).with_context(|| self.variant.name.clone())?;
        self.sent += throughput.requests;
        if kind.is_ai() {
            self.sent_to_ai += throughput.requests;
        }
        Ok(throughput)
    }

    /// What its Envoy has used so far.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.envoy.pid().with_context(|| format!("{}: Envoy has ended", self.variant.name))?)
    }
}

impl Traffic {
    /// Its name in figures.
    pub fn name(self) -> String {
        format!("{}-{}", self.kind.name(), self.connections)
    }
}

impl Slice {
    fn mean(self, other: Self) -> Self {
        Self {
            cpu_us: f64::midpoint(self.cpu_us, other.cpu_us),
            per_second: f64::midpoint(self.per_second, other.per_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_compared_with_the_mean_of_its_neighbours() {
        let (before, after) =
            (Slice { cpu_us: 40.0, per_second: 10.0 }, Slice { cpu_us: 60.0, per_second: 30.0 });
        let mean = before.mean(after);
        assert_eq!((mean.cpu_us, mean.per_second), (50.0, 20.0));
    }
}
