//! The samples of all starts as a table for each traffic, and as figures with targets.

use crate::figure::{Figure, Target, quartiles};

use super::slices::{Sample, Traffic};

/// The samples of one traffic, over all starts.
#[derive(Debug)]
pub struct Table {
    traffic: Traffic,
    samples: Vec<Sample>,
    /// How busy the core was that Envoy does not use, from 0 to 1, once for each start.
    rest_busy: Vec<f64>,
}

impl Table {
    /// Without a sample yet.
    pub fn new(traffic: Traffic) -> Self {
        Self { traffic, samples: Vec::new(), rest_busy: Vec::new() }
    }

    /// The traffic.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Adds those of one start.
    pub fn add(&mut self, samples: Vec<Sample>, rest_busy: f64) {
        self.samples.extend(samples);
        self.rest_busy.push(rest_busy);
    }

    /// Prints a line for each of the variants with these names, in Markdown.
    pub fn print(&self, names: &[String]) {
        let base = quartiles(&self.all(|sample| sample.without.cpu_us));
        let (_, busy, _) = quartiles(&self.rest_busy);
        println!(
            "\n# {}: {:.1} us of CPU without a filter [{:.1}, {:.1}]; the other core busy {:.0} % of the time",
            self.traffic.name(),
            base.1,
            base.0,
            base.2,
            busy * 100.0
        );
        println!("| variant | added us [quartiles] | CPU, ratio [quartiles] | throughput left [quartiles] |");
        println!("|---|---|---|---|");
        for (variant, name) in names.iter().enumerate().skip(1) {
            let of = |value: fn(&Sample) -> f64| quartiles(&self.of(variant, value));
            let (added, cpu, left) = (of(added_us), of(cpu_ratio), of(throughput_ratio));
            println!(
                "| {name} | {:+.1} [{:+.1}, {:+.1}] | {:.2} [{:.2}, {:.2}] | {:.2} [{:.2}, {:.2}] |",
                added.1, added.0, added.2, cpu.1, cpu.0, cpu.2, left.1, left.0, left.2
            );
        }
    }

    /// The CPU time with this variant, as a multiple of that without a filter.
    pub fn cpu_figure(&self, variant: usize, name: &str, bound: f64) -> Figure {
        let name = format!("filter.{}.{name}.cpu_of_no_filter", self.traffic.name());
        self.figure(variant, name, cpu_ratio, Target::AtMost(bound))
    }

    /// The requests per second with this variant, as a share of those without a filter.
    pub fn throughput_figure(&self, variant: usize, name: &str, bound: f64) -> Figure {
        let name = format!("filter.{}.{name}.throughput_of_no_filter", self.traffic.name());
        self.figure(variant, name, throughput_ratio, Target::AtLeast(bound))
    }

    fn figure(&self, variant: usize, name: String, value: fn(&Sample) -> f64, target: Target) -> Figure {
        let (_, value, _) = quartiles(&self.of(variant, value));
        Figure { name, value, unit: "ratio", target }
    }

    fn of(&self, variant: usize, value: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().filter(|sample| sample.variant == variant).map(value).collect()
    }

    fn all(&self, value: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(value).collect()
    }
}

fn added_us(sample: &Sample) -> f64 {
    sample.with.cpu_us - sample.without.cpu_us
}

fn cpu_ratio(sample: &Sample) -> f64 {
    sample.with.cpu_us / sample.without.cpu_us
}

fn throughput_ratio(sample: &Sample) -> f64 {
    sample.with.per_second / sample.without.per_second
}

#[cfg(test)]
mod tests {
    use super::super::exchange::Kind;
    use super::super::slices::Slice;
    use super::*;

    #[test]
    fn figures_are_medians_of_the_samples_of_their_variant() {
        let mut table = Table::new(Traffic { kind: Kind::Get, connections: 32 });
        let sample = |variant, cpu_us| Sample {
            variant,
            with: Slice { cpu_us, per_second: 8.0 },
            without: Slice { cpu_us: 50.0, per_second: 10.0 },
        };
        table.add(vec![sample(1, 75.0), sample(2, 500.0), sample(1, 80.0), sample(1, 70.0)], 0.5);
        assert_eq!(
            table.cpu_figure(1, "wasm", 1.45).to_string(),
            "figure filter.get-32.wasm.cpu_of_no_filter 1.50 ratio target <= 1.45 short"
        );
        assert!(table.throughput_figure(1, "wasm", 0.7).is_met());
    }
}
