//! A number that only increases.

use std::cell::Cell;

/// Counts events of one instance.
#[derive(Debug, Default)]
pub struct Counter(Cell<u64>);

impl Counter {
    /// Adds to the counter.
    pub fn add(&self, count: usize) {
        self.0.set(self.0.get().saturating_add(count as u64));
    }

    /// The current value.
    pub fn value(&self) -> u64 {
        self.0.get()
    }
}
