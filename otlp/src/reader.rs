//! Collects the log records of a request: counts them, and turns each into a record or rejects it.

use gatelog_record::batch::Rejected;

use crate::identity::Identity;
use crate::log_record::LogRecord;
use crate::logs::{Logs, RequestError};

/// The log records read so far.
#[derive(Debug)]
pub struct Reader<'a> {
    logs: Logs<'a>,
    begun: usize,
    max_records: usize,
}

impl<'a> Reader<'a> {
    /// A reader of at most `max_records` log records.
    pub fn new(max_records: usize) -> Self {
        Self { logs: Logs::default(), begun: 0, max_records }
    }

    /// Counts a log record, before it is read.
    ///
    /// # Errors
    ///
    /// When it is one too many.
    pub fn begin(&mut self) -> Result<(), RequestError> {
        if self.begun == self.max_records {
            return Err(RequestError::TooMany { max_records: self.max_records });
        }
        self.begun += 1;
        Ok(())
    }

    /// Takes the log record that was begun last.
    pub fn take(&mut self, log: LogRecord<'a>, identity: impl FnOnce() -> Identity) {
        self.logs.ignored_attributes += log.ignored();
        match log.into_record(identity) {
            Ok((record, lost)) => {
                self.logs.batch.values_lost += lost;
                self.logs.batch.records.push((self.begun - 1, record));
            }
            Err(error) => self.reject(error),
        }
    }

    /// Rejects the log record that was begun last.
    pub fn reject(&mut self, error: String) {
        self.logs.batch.rejected.push(Rejected { index: self.begun - 1, error });
    }

    /// Everything that was read.
    pub fn finish(self) -> Logs<'a> {
        self.logs
    }
}
