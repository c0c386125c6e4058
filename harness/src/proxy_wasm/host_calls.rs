//! Counts of host calls, by function.

use std::fmt;

use super::table;

/// How often each host function was called. Shows itself as one `name count` line for each function called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostCalls {
    total: u64,
    counts: Vec<u64>,
}

impl HostCalls {
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
        table::names().zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }

    /// The calls made since `earlier`, which was read from the same VM before.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        Self {
            total: self.total.saturating_sub(earlier.total),
            counts: self.counts.iter().zip(before).map(|(now, then)| now.saturating_sub(then)).collect(),
        }
    }

    /// Counts one call of the function at `index` of the table.
    pub(super) fn count(&mut self, index: usize) {
        self.total += 1;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(index) {
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
