//! Records that wait for their messages to be made, which may take long when scripts run.

use std::collections::VecDeque;
use std::rc::Rc;

use gatelog_record::AccessRecord;

use crate::lua::limits::ScriptTime;
use crate::sink::Choice;

/// The records, oldest first.
#[derive(Default)]
pub(super) struct Backlog {
    records: VecDeque<QueuedRecord>,
    bytes: usize,
}

/// A record with what is needed to make its message.
pub(super) struct QueuedRecord {
    pub(super) record: AccessRecord<'static>,
    pub(super) choice: Choice,
    /// The time of the record's request.
    pub(super) time: Rc<ScriptTime>,
}

impl Backlog {
    /// Adds a record.
    pub(super) fn push(&mut self, queued: QueuedRecord) {
        self.bytes = self.bytes.saturating_add(queued.bytes());
        self.records.push_back(queued);
    }

    /// Takes the oldest record.
    pub(super) fn pop(&mut self) -> Option<QueuedRecord> {
        let queued = self.records.pop_front()?;
        self.bytes = self.bytes.saturating_sub(queued.bytes());
        Some(queued)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes that the records take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl QueuedRecord {
    fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.record.content_bytes())
    }
}
