//! Records on their way from the thread that makes them to the thread that pushes them: an outbox for each worker, which the
//! pushing thread empties at each of its ticks.
//!
//! Only its worker and the pushing thread ever want an outbox, so its lock is nearly always free. It holds at most what the
//! queue of a destination holds (`queue.max_entries`, `queue.max_bytes`), for each destination of the worker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatelog_filter::context::Core;
use gatelog_filter::deliver::queue::Queue;
use gatelog_filter::deliver::sink;
use gatelog_filter::host::Host;
use gatelog_filter::observe::log_throttle::ThrottledLog;
use gatelog_filter::observe::metrics::Metrics;
use gatelog_filter::recorder::Made;

use crate::document::Document;

/// The outbox of one worker.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Waiting>);

/// What waits in an outbox.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Records, by destination.
    pub records: Vec<Bundle>,
    /// What the worker counted.
    pub metrics: Metrics,
    /// What it has to say.
    pub log: ThrottledLog,
    /// True when the pushing thread was called since it last looked.
    is_called: bool,
}

/// Records of one destination.
#[derive(Debug)]
pub struct Bundle {
    /// The configuration that they were made under.
    pub document: Arc<Document>,
    /// The number of the destination in it.
    pub destination: usize,
    /// The records.
    pub queue: Queue,
}

static OUTBOXES: Mutex<Vec<Arc<Outbox>>> = Mutex::new(Vec::new());

impl Outbox {
    /// An outbox that [`take_all`] empties.
    pub fn open() -> Arc<Self> {
        let outbox = Arc::<Self>::default();
        outboxes().push(Arc::clone(&outbox));
        outbox
    }

    /// Adds a record, and what was counted meanwhile. True when the pushing thread should look at once.
    pub fn add(&self, document: &Arc<Document>, made: Made<'_>, core: &mut Core, host: &impl Host) -> bool {
        let now = host.monotonic();
        let mut waiting = self.lock();
        let Some(queue) = waiting.queue(document, made.destination) else { return false };
        let added = queue.add(made.json, now);
        let is_complete = queue.has_complete();
        sink::count(added, &mut core.context(host, now));
        waiting.take_counts(core);
        is_complete && !std::mem::replace(&mut waiting.is_called, true)
    }

    /// Adds what was counted for an exchange without a record.
    pub fn add_counts(&self, core: &mut Core) {
        self.lock().take_counts(core);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take_counts(&mut self, core: &mut Core) {
        core.hand_over(&mut self.metrics, &mut self.log);
    }

    fn queue(&mut self, document: &Arc<Document>, destination: usize) -> Option<&mut Queue> {
        let is_it = |each: &Bundle| each.destination == destination && Arc::ptr_eq(&each.document, document);
        let known = self.records.iter().position(is_it);
        if known.is_none() {
            let limits = document.destinations.get(destination)?.queue.clone();
            let queue = Queue::new(limits);
            self.records.push(Bundle { document: Arc::clone(document), destination, queue });
        }
        let place = known.unwrap_or(self.records.len() - 1);
        self.records.get_mut(place).map(|bundle| &mut bundle.queue)
    }
}

/// What waits in all outboxes, oldest worker first. Those of workers that are gone are closed.
pub fn take_all() -> Vec<Waiting> {
    let mut all = outboxes();
    let taken = all.iter().map(|outbox| std::mem::take(&mut *outbox.lock())).collect();
    // Whoever still has one may have put something into it since.
    all.retain(|outbox| Arc::strong_count(outbox) > 1 || !outbox.lock().records.is_empty());
    taken
}

fn outboxes() -> MutexGuard<'static, Vec<Arc<Outbox>>> {
    OUTBOXES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use gatelog_filter::host::{Instant, Level, Time};
    use gatelog_filter::observe::metric::Metric;
    use gatelog_filter::rng::Rng;

    use super::*;
    use crate::document;

    struct Nowhere;

    impl Host for Nowhere {
        fn wall_time(&self) -> Time {
            Time(0)
        }

        fn monotonic(&self) -> Instant {
            Instant(1)
        }

        fn metric(&self, _metric: Metric, _amount: i64) {}

        fn log(&self, _level: Level, _message: &str) {}
    }

    #[test]
    fn an_outbox_is_bounded_calls_once_and_is_empty_after_it_was_taken() {
        let text = br#"{"collector_cluster":"outbox","queue":{"max_batch_size":2,"max_entries":3}}"#;
        let (document, outbox) = (document::open(text).unwrap(), Outbox::open());
        let mut core = Core::new(Rng::seeded(1));
        let mut add = || outbox.add(&document, Made { destination: 0, json: b"{}" }, &mut core, &Nowhere);
        let called: Vec<bool> = (0..5).map(|_| add()).collect();
        assert_eq!(called, [false, true, false, false, false]);
        let mut taken: Vec<Waiting> = take_all();
        taken.retain(|waiting| !waiting.records.is_empty());
        let [waiting] = <[Waiting; 1]>::try_from(taken).unwrap();
        assert_eq!(waiting.records.len(), 1);
        assert_eq!((waiting.records[0].queue.entries(), waiting.metrics.dropped()), (3, 2));
        assert!(take_all().iter().all(|waiting| waiting.records.is_empty()));
        drop(outbox);
    }
}
