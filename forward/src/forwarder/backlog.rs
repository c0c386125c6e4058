//! Records that wait to be written, which may take long when scripts run.

use std::collections::VecDeque;
use std::rc::Rc;

use gatelog_record::AccessRecord;

use crate::destination::Destination;

/// The records, oldest first.
pub(super) struct Backlog<D: Destination> {
    records: VecDeque<QueuedRecord<D>>,
    bytes: usize,
}

/// A record with what is needed to write it.
pub(super) struct QueuedRecord<D: Destination> {
    pub(super) record: AccessRecord<'static>,
    pub(super) choice: D::Choice,
    pub(super) request: Rc<D::Request>,
}

impl<D: Destination> Default for Backlog<D> {
    fn default() -> Self {
        Self { records: VecDeque::new(), bytes: 0 }
    }
}

impl<D: Destination> Backlog<D> {
    /// Adds a record.
    pub(super) fn push(&mut self, queued: QueuedRecord<D>) {
        self.bytes = self.bytes.saturating_add(queued.bytes());
        self.records.push_back(queued);
    }

    /// Takes the oldest record.
    pub(super) fn pop(&mut self) -> Option<QueuedRecord<D>> {
        let queued = self.records.pop_front()?;
        self.bytes = self.bytes.saturating_sub(queued.bytes());
        Some(queued)
    }

    /// The number of records.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<D: Destination> QueuedRecord<D> {
    fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.record.content_bytes())
    }
}
