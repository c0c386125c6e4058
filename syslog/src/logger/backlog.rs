//! Records that wait until somebody makes their messages, which may take long when scripts run.

use std::collections::VecDeque;
use std::rc::Rc;

use gatelog_record::AccessRecord;

use crate::lua::ScriptTime;
use crate::sink::Choice;

/// The records, oldest first.
#[derive(Default)]
pub(super) struct Backlog {
    kept: VecDeque<Kept>,
    bytes: usize,
}

/// A record with what making its message needs.
pub(super) struct Kept {
    pub(super) record: AccessRecord<'static>,
    pub(super) choice: Choice,
    /// The time of the record's request.
    pub(super) time: Rc<ScriptTime>,
}

impl Backlog {
    /// Adds a record.
    pub(super) fn push(&mut self, kept: Kept) {
        self.bytes = self.bytes.saturating_add(kept.bytes());
        self.kept.push_back(kept);
    }

    /// Takes the oldest record.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        let kept = self.kept.pop_front()?;
        self.bytes = self.bytes.saturating_sub(kept.bytes());
        Some(kept)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Bytes that the records take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.record.content_bytes())
    }
}
