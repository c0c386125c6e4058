//! Counts of host calls, by function.

use std::fmt;

/// How often each host function was called. Displayed as one `name count` line for each function called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCalls {
    total: u64,
    counts: Vec<(&'static str, u64)>,
}

impl HostCalls {
    /// Zero calls of the functions with these names, which are counted by their index.
    pub(super) fn none(names: impl Iterator<Item = &'static str>) -> Self {
        Self { total: 0, counts: names.map(|name| (name, 0)).collect() }
    }

    /// Calls of all functions, WASI's included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Calls of one function, such as `proxy_get_property` or `clock_time_get`.
    pub fn of(&self, name: &str) -> u64 {
        self.iter().find(|(function, _)| *function == name).map_or(0, |(_, count)| count)
    }

    /// The functions that were called at least once, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().copied().filter(|(_, count)| *count > 0)
    }

    /// The calls made since `earlier`, which was read from the same VM.
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self.counts.iter().zip(&earlier.counts);
        Self {
            total: self.total.saturating_sub(earlier.total),
            counts: counts.map(|((name, now), (_, then))| (*name, now.saturating_sub(*then))).collect(),
        }
    }

    /// Counts one call of the function at `index` of the names.
    pub(super) fn count(&mut self, index: usize) {
        self.total += 1;
        if let Some((_, count)) = self.counts.get_mut(index) {
            *count += 1;
        }
    }
}

impl fmt::Display for HostCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.iter() {
            writeln!(f, "{name} {count}")?;
        }
        Ok(())
    }
}
