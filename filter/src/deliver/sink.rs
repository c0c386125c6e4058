//! One destination at work: its queue and the batches on their way to it.

use crate::config::Destination;
use crate::deliver::push::{Pusher, Surroundings};
use crate::deliver::queue::{Added, Notice, Queue};
use crate::host::{CallId, Host, Instant};
use crate::observe::log_throttle::Event;
use crate::observe::metrics::{Metric, Metrics};

/// A queue with its pusher.
#[derive(Debug)]
pub struct Lane {
    queue: Queue,
    pusher: Pusher,
}

impl Lane {
    /// An idle lane. `vm` names this VM to the collector.
    pub fn new(destination: &Destination, vm: &str) -> Self {
        let Destination { collector, queue, retry } = destination;
        Self {
            queue: Queue::new(queue.clone()),
            pusher: Pusher::new(collector.clone(), retry.clone(), vm.to_owned()),
        }
    }

    /// Adds a record's JSON.
    pub fn add(&mut self, json: &[u8], around: &mut Surroundings<'_, impl Host>) {
        match self.queue.add(json, around.now) {
            Added::Waiting { dropped } => note_dropped(dropped, around),
            Added::TooLarge => {
                around.metrics.add(Metric::DroppedTooLarge, 1);
                around.journal.note(Event::Refused, 1, "the record is larger than queue.max_bytes");
            }
        }
    }

    /// Takes over what waits in another lane, and what is on its way there.
    pub fn inherit(&mut self, other: Lane, around: &mut Surroundings<'_, impl Host>) {
        let dropped = self.queue.inherit(other.queue);
        note_dropped(dropped, around);
        self.pusher.inherit(other.pusher, &mut self.queue);
    }

    /// Pushes what is due; with `all`, everything.
    pub fn push(&mut self, all: bool, around: &mut Surroundings<'_, impl Host>) {
        self.pusher.run(&mut self.queue, all, around);
        let event = match self.queue.notice() {
            Some(Notice::NearlyFull) => Event::NearlyFull,
            Some(Notice::Recovered) => Event::QueueRecovered,
            None => return,
        };
        let fill = format!("{} records, {} bytes", self.queue.entries(), self.queue.bytes());
        around.journal.note(event, 1, &fill);
    }

    /// The gateway no longer wants the filter: nothing waits for another try any more.
    pub fn recall(&mut self, metrics: &mut Metrics) {
        self.pusher.recall(&mut self.queue, metrics);
    }

    /// True when a batch is complete and could be on its way.
    pub fn is_ready(&self) -> bool {
        self.queue.has_complete() && self.pusher.has_room()
    }

    /// Takes the answer to a call; false when the call is not one of this lane's.
    pub fn answered(&mut self, call: CallId, around: &mut Surroundings<'_, impl Host>) -> bool {
        self.pusher.answered(call, &mut self.queue, around)
    }

    /// True when nothing waits and nothing is on its way.
    pub fn is_idle(&self) -> bool {
        self.pusher.in_flight() == 0 && self.queue.entries() == 0
    }

    /// Gives everything up and answers how many records that were.
    pub fn abandon(&mut self, now: Instant) -> usize {
        let mut records = self.pusher.abandon();
        while let Some(batch) = self.queue.take(now, true) {
            records += batch.entries();
        }
        records
    }

    /// Records on their way.
    pub fn records_in_flight(&self) -> usize {
        self.pusher.records_in_flight()
    }

    /// Records waiting, their bytes, and batches on their way.
    pub fn load(&self) -> [usize; 3] {
        [self.queue.entries(), self.queue.bytes(), self.pusher.in_flight()]
    }
}

fn note_dropped(records: usize, around: &mut Surroundings<'_, impl Host>) {
    if records > 0 {
        around.metrics.add(Metric::DroppedQueueFull, records);
        around.journal.note(Event::QueueFull, records, "");
    }
}
