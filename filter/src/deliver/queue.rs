//! Records waiting to be pushed: bounded in number and bytes, grouped into batches as they come.
//!
//! The semantics are those of Kong's queue: a batch is complete with `max_batch_size` records, or due
//! `max_coalescing_delay` after its first record; when the queue is full the oldest records are dropped; a batch
//! that was taken no longer counts.
//!
//! Records are kept as the JSON text of their batch's body, so that pushing copies nothing. A record that is dropped
//! stays in that text until its whole batch goes, so a batch is closed by what its text holds, dropped or not: the memory
//! of a queue is at most `max_bytes` and one batch.

use std::collections::VecDeque;

use crate::config::sink::QueueLimits;
use crate::deliver::batch::Batch;
use crate::host::Instant;

/// Records that wait, oldest first.
#[derive(Debug)]
pub struct Queue {
    limits: QueueLimits,
    batches: VecDeque<Batch>,
    entries: usize,
    bytes: usize,
    /// Bytes of the last batch that was taken: the next batch begins with as much capacity.
    usual_bytes: usize,
    nearly_full: bool,
    /// Whether it has ever held a record. Envoy's main thread has a queue that never does.
    is_used: bool,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It waits; this many older ones were dropped for it.
    Waiting {
        /// Records dropped.
        dropped: usize,
    },
    /// It is larger than the queue.
    TooLarge,
}

/// A change of the queue's state that operators want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// 80 % of a limit is reached.
    NearlyFull,
    /// Less than 80 % of every limit is used again.
    Recovered,
}

impl Queue {
    /// An empty queue.
    pub fn new(limits: QueueLimits) -> Self {
        let (batches, entries, bytes, usual_bytes, nearly_full, is_used) = Default::default();
        Self { limits, batches, entries, bytes, usual_bytes, nearly_full, is_used }
    }

    /// Records waiting.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Bytes of the records waiting.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most records and bytes that can wait; nothing for a queue that has never held a record.
    pub fn capacity(&self) -> [usize; 2] {
        if self.is_used { [self.limits.max_entries, self.limits.max_bytes] } else { [0; 2] }
    }

    /// Adds a record's JSON, and drops the oldest records when it is one too many.
    pub fn add(&mut self, json: &[u8], now: Instant) -> Added {
        if json.len() > self.limits.max_bytes {
            return Added::TooLarge;
        }
        let spare = self.spare();
        match self.batches.back_mut().filter(|batch| batch.fits(json, &self.limits)) {
            Some(batch) => batch.add(json, spare),
            None => {
                if let Some(complete) = self.batches.back_mut() {
                    complete.give_back_room();
                }
                // A little more than the last batch took, because growing copies everything.
                let room = self.usual_bytes + self.usual_bytes / 8;
                self.batches.push_back(Batch::new(json, now, room.min(spare)));
            }
        }
        self.is_used = true;
        self.entries += 1;
        self.bytes += json.len();
        let mut dropped = 0;
        while self.entries > self.limits.max_entries || self.bytes > self.limits.max_bytes {
            self.drop_oldest();
            dropped += 1;
        }
        Added::Waiting { dropped }
    }

    /// Takes over the records of another queue, in batches of its own size, and returns how many were dropped.
    pub fn inherit(&mut self, other: Queue) -> usize {
        let mut dropped = 0;
        for batch in other.batches {
            for record in batch.records() {
                dropped += match self.add(record, batch.opened_at()) {
                    Added::Waiting { dropped } => dropped,
                    Added::TooLarge => 1,
                };
            }
        }
        dropped
    }

    /// Takes the oldest batch if it is complete or due; with `all`, whatever waits.
    pub fn take(&mut self, now: Instant, all: bool) -> Option<Batch> {
        let front = self.batches.front()?;
        // A batch with a successor is complete.
        let due = all
            || self.batches.len() > 1
            || front.is_full(&self.limits)
            || now.since(front.opened_at()) >= self.limits.max_coalescing_delay;
        if !due {
            return None;
        }
        let batch = self.batches.pop_front()?;
        self.entries -= batch.entries();
        self.bytes -= batch.bytes();
        self.usual_bytes = batch.bytes() + batch.entries();
        Some(batch)
    }

    /// Takes the oldest batch together with those after it, until it has `enough_bytes` or no other fits.
    pub fn take_joined(&mut self, enough_bytes: usize, max_entries: usize) -> Option<Batch> {
        let mut joined = self.batches.pop_front()?;
        while let Some(next) = self.batches.pop_front_if(|next| {
            joined.bytes() < enough_bytes
                && joined.bytes() + next.bytes() <= self.limits.max_batch_bytes
                && joined.entries() + next.entries() <= max_entries
        }) {
            joined.append(&next);
        }
        self.entries -= joined.entries();
        self.bytes -= joined.bytes();
        Some(joined)
    }

    /// True when a complete batch waits.
    pub fn has_complete(&self) -> bool {
        self.batches.len() > 1 || self.batches.front().is_some_and(|front| front.is_full(&self.limits))
    }

    /// Puts a batch, or a part of one, back to the front. Its records were accepted once, so the limits do not drop
    /// them.
    pub fn put_back(&mut self, batch: Batch) {
        self.is_used = true;
        self.entries += batch.entries();
        self.bytes += batch.bytes();
        self.batches.push_front(batch);
    }

    /// Returns a notice when the queue becomes nearly full, and when it no longer is.
    pub fn notice(&mut self) -> Option<Notice> {
        let nearly = |used: usize, limit: usize| used as u128 * 10 >= limit as u128 * 8;
        let nearly_full =
            nearly(self.entries, self.limits.max_entries) || nearly(self.bytes, self.limits.max_bytes);
        let notice = match (self.nearly_full, nearly_full) {
            (false, true) => Some(Notice::NearlyFull),
            (true, false) => Some(Notice::Recovered),
            _ => None,
        };
        self.nearly_full = nearly_full;
        notice
    }

    /// Bytes of memory that the last batch may take beyond its text.
    fn spare(&self) -> usize {
        let dropped = self.batches.front().map_or(0, Batch::dropped_bytes);
        (self.limits.max_bytes + self.limits.max_text()).saturating_sub(self.bytes + self.entries + dropped)
    }

    fn drop_oldest(&mut self) {
        if let Some(batch) = self.batches.front_mut() {
            self.bytes -= batch.drop_oldest();
            self.entries -= 1;
            if batch.entries() == 0 {
                self.batches.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant(1_000_000_000_000);

    fn limits() -> QueueLimits {
        QueueLimits {
            max_batch_size: 3,
            max_batch_bytes: 1_000,
            max_coalescing_delay: Duration::from_secs(1),
            max_entries: 10,
            max_bytes: 10_000,
        }
    }

    fn queue_of(limits: QueueLimits, records: std::ops::Range<usize>) -> Queue {
        let mut queue = Queue::new(limits);
        for record in records {
            queue.add(record.to_string().as_bytes(), NOW);
        }
        queue
    }

    fn text(batch: Option<Batch>) -> String {
        batch.map(|mut batch| String::from_utf8(batch.array().to_vec()).unwrap()).unwrap_or_default()
    }

    #[test]
    fn a_batch_is_taken_when_it_is_complete_or_due_or_all_is_wanted() {
        let mut queue = queue_of(limits(), 0..4);
        assert_eq!(text(queue.take(NOW, false)), "[0,1,2]");
        assert_eq!(text(queue.take(NOW, false)), "");
        assert_eq!(text(queue.take(NOW.plus(Duration::from_secs(1)), false)), "[3]");
        assert_eq!((queue.entries(), queue.bytes()), (0, 0));
        let mut queue = queue_of(limits(), 0..1);
        assert_eq!(text(queue.take(NOW, true)), "[0]");
        assert_eq!(text(queue.take(NOW, true)), "");
    }

    #[test]
    fn a_full_queue_drops_its_oldest_records() {
        let mut queue = queue_of(limits(), 0..10);
        assert_eq!(queue.add(b"10", NOW), Added::Waiting { dropped: 1 });
        assert_eq!(queue.add(b"11", NOW), Added::Waiting { dropped: 1 });
        assert_eq!((queue.entries(), text(queue.take(NOW, true))), (10, "[2]".into()));
        let mut queue = queue_of(QueueLimits { max_bytes: 5, ..limits() }, 0..5);
        assert_eq!(queue.add(b"123", NOW), Added::Waiting { dropped: 3 });
        assert_eq!(queue.add(b"123456", NOW), Added::TooLarge);
        assert_eq!((queue.entries(), queue.bytes()), (3, 5));
    }

    #[test]
    fn a_batch_does_not_outgrow_its_bytes_unless_one_record_does() {
        let mut queue = Queue::new(QueueLimits { max_batch_bytes: 5, ..limits() });
        for record in ["12", "34", "56", "1234567", "8"] {
            queue.add(record.as_bytes(), NOW);
        }
        let batches: Vec<String> =
            std::iter::from_fn(|| queue.take(NOW, true).map(|b| text(Some(b)))).collect();
        assert_eq!(batches, ["[12,34]", "[56]", "[1234567]", "[8]"]);
    }

    #[test]
    fn only_a_queue_that_has_held_a_record_has_a_capacity() {
        let mut queue = queue_of(limits(), 0..0);
        assert_eq!(queue.capacity(), [0, 0]);
        queue.add(b"1", NOW);
        queue.take(NOW, true);
        assert_eq!(queue.capacity(), [10, 10_000]);
    }

    #[test]
    fn nearly_full_and_recovered_are_told_once_each() {
        let mut queue = queue_of(limits(), 0..7);
        assert_eq!(queue.notice(), None);
        queue.add(b"7", NOW);
        assert_eq!((queue.notice(), queue.notice()), (Some(Notice::NearlyFull), None));
        queue.take(NOW, true);
        assert_eq!((queue.notice(), queue.notice()), (Some(Notice::Recovered), None));
    }

    #[test]
    fn a_large_batch_does_not_make_the_small_ones_after_it_large() {
        let mut queue = Queue::new(limits());
        queue.add(&[b'1'; 900], NOW);
        queue.take(NOW, true);
        for _ in 0..9 {
            queue.add(b"{}", NOW);
        }
        // Only the batch that is being filled has more room than it needs.
        let room: Vec<bool> =
            queue.batches.iter().map(|batch| batch.text_capacity() > 2 * batch.bytes()).collect();
        assert_eq!(room, [false, false, true]);
    }

    /// Bytes of memory that the texts of the records waiting take.
    fn held(queue: &Queue) -> usize {
        queue.batches.iter().map(|batch| batch.text_capacity()).sum()
    }

    #[test]
    fn a_queue_smaller_than_a_batch_does_not_grow_with_what_it_drops() {
        for (max_entries, max_bytes) in [(50, 16 << 20), (10_000, 65_536)] {
            let limits = QueueLimits {
                max_batch_size: 100,
                max_batch_bytes: 1 << 20,
                max_entries,
                max_bytes,
                ..limits()
            };
            let (mut queue, record) = (Queue::new(limits), vec![b'1'; 1_000]);
            for _ in 0..10_000 {
                queue.add(&record, NOW);
            }
            assert!(held(&queue) <= 300_000, "{} bytes held", held(&queue));
            assert!(queue.batches.iter().map(|batch| batch.ends_capacity()).sum::<usize>() <= 256);
            // What was dropped does not count when room is made for the next batch.
            while queue.take(NOW, true).is_some() {}
            queue.add(&record, NOW);
            assert!(held(&queue) <= 120_000, "{} bytes for one record", held(&queue));
        }
    }

    proptest! {
        #[test]
        fn no_record_is_lost_uncounted_and_the_limits_hold(
            sizes in proptest::collection::vec(1_usize..30, 0..200),
            takes in proptest::collection::vec(prop::bool::weighted(0.1), 200),
            max_batch_size in 1_usize..30,
            max_batch_bytes in 1_usize..300,
            max_entries in 1_usize..20,
            max_bytes in 1_usize..200,
        ) {
            let limits = QueueLimits { max_batch_size, max_batch_bytes, max_entries, max_bytes, ..limits() };
            let one_batch = limits.max_text();
            let mut queue = Queue::new(limits);
            let (mut dropped, mut taken) = (0, Vec::new());
            let mut entries_of = |batch: Batch| {
                let mut batch = batch;
                let records: Vec<String> = serde_json::from_slice(batch.array()).unwrap();
                assert_eq!(records.len(), batch.entries());
                assert_eq!(records.iter().map(|record| record.len() + 2).sum::<usize>() , batch.bytes() );
                assert!(records.len() <= max_batch_size && (batch.bytes() <= max_batch_bytes || records.len() == 1));
                taken.extend(records);
            };
            for (size, take) in sizes.iter().zip(takes) {
                let record = format!("\"{}\"", "x".repeat(*size));
                match queue.add(record.as_bytes(), NOW) {
                    Added::TooLarge => dropped += 1,
                    Added::Waiting { dropped: now } => dropped += now,
                }
                prop_assert!(queue.entries() <= max_entries && queue.bytes() <= max_bytes);
                // Each record has a comma or bracket beside its bytes, each batch a bracket.
                let bound = max_bytes + one_batch + 2 * max_entries + 2;
                prop_assert!(held(&queue) <= bound, "{} bytes held, {} allowed", held(&queue), bound);
                if take && let Some(batch) = queue.take(NOW, true) {
                    entries_of(batch);
                }
            }
            while let Some(batch) = queue.take(NOW, true) {
                entries_of(batch);
            }
            prop_assert_eq!(taken.len() + dropped, sizes.len());
            prop_assert_eq!((queue.entries(), queue.bytes()), (0, 0));
        }
    }
}
