//! The exchanges whose record an HTTP filter has made, so that the access logger of the same VM does not make another.
//!
//! Where the filter is among the HTTP filters of some routes and also an access logger, the gateway calls both at the end of
//! an exchange: first the filter, then the logger, which knows no stream. They agree by the time at which the
//! request began, in nanoseconds, which no two exchanges of a VM share. Over HTTP/3 the logger is called later, when the
//! client has acknowledged everything.

use std::collections::VecDeque;

use crate::host::Time;

/// Most exchanges that are remembered: those over HTTP/3 that wait for their log, or, without a logger, the latest.
const MOST: usize = 1_024;

/// Exchanges whose record is made, and whose log may still come.
#[derive(Debug, Default)]
pub struct OwnExchanges(VecDeque<Time>);

impl OwnExchanges {
    /// Remembers one; beyond the bound the oldest is forgotten.
    pub fn add(&mut self, start: Time) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(start);
    }

    /// True when none is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when this one is remembered; it is forgotten then.
    pub fn take(&mut self, start: Time) -> bool {
        // The latest is nearly always the one.
        let found = self.0.iter().rposition(|own| *own == start);
        found.and_then(|index| self.0.remove(index)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_found_once_and_the_oldest_are_forgotten() {
        let mut own = OwnExchanges::default();
        (0..2_000).for_each(|start| own.add(Time(start)));
        assert!(own.take(Time(1_999)) && !own.take(Time(1_999)));
        assert!(own.take(Time(1_000)) && !own.take(Time(100)));
        assert_eq!(own.0.len(), MOST - 2);
    }
}
