//! Lets other tasks of the component run while one makes many messages, because a component has one thread.

use std::time::Duration;

use crate::runtime::Runtime;

/// Counts what one task does without a break.
pub(super) struct Pace {
    since: Duration,
    records: usize,
}

/// After this many records, other tasks get a turn; one without scripts takes some ten microseconds to
/// write.
const RECORDS_PER_TURN: usize = 32;
/// A turn of at least this length is followed by a rest of the same length, so that other tasks get half of
/// the time.
const LONG_TURN: Duration = Duration::from_millis(5);
/// The longest rest: enough for a request to be served.
const LONGEST_REST: Duration = Duration::from_millis(20);
/// The rest after a short turn.
const GIVE_WAY: Duration = Duration::from_micros(100);

impl Pace {
    /// Begins a turn.
    pub(super) fn new(runtime: &impl Runtime) -> Self {
        Self { since: runtime.ticks(), records: 0 }
    }

    /// Called after each record.
    pub(super) async fn step(&mut self, runtime: &impl Runtime) {
        self.records += 1;
        let taken = runtime.ticks().saturating_sub(self.since);
        if taken >= LONG_TURN {
            runtime.sleep(taken.min(LONGEST_REST)).await;
        } else if self.records >= RECORDS_PER_TURN {
            runtime.sleep(GIVE_WAY).await;
        } else {
            return;
        }
        *self = Self::new(runtime);
    }
}
