//! Reads the records of an answer part by part, so that only one part is in memory.

use gatelog_record::Kind;
use gatelog_storage::{
    Cursor, Direction, Executor, Page, Query, Selection, StorageError, StoredRecord, query::records,
};

use crate::params::ListParams;

/// Most records of a part.
const MAX_RECORDS: u32 = 500;
/// Fewest records of a part that is cut for its size.
const MIN_RECORDS: u32 = 16;
/// Most bytes of the values of a part, but for one record. An instance answers up to 16 requests at once.
const MAX_BYTES: usize = 4 * 1_024 * 1_024;

/// Reads the records of an answer.
///
/// In the order of time each part begins behind the last record of the one before, so an export takes the same time at
/// its end as at its beginning. Other orders skip what was read.
#[derive(Debug)]
pub struct RecordReader<E> {
    database: E,
    query: Query,
    selection: Selection,
    /// Records that may still be answered; `None` for all.
    left: Option<u64>,
    /// Records in the next part, at most.
    part: u32,
    last: Option<Cursor>,
    is_done: bool,
    has_more: bool,
    /// Records that the answer skips.
    skipped: u64,
    /// Records that were read.
    read: u64,
}

impl<E: Executor> RecordReader<E> {
    /// Reads what the parameters ask for.
    pub fn new(database: E, params: &ListParams) -> Self {
        Self {
            database,
            query: params.query.clone(),
            selection: params.selection.clone(),
            left: params.page_size.map(u64::from),
            part: MAX_RECORDS,
            last: None,
            is_done: false,
            has_more: false,
            skipped: match params.query.page {
                Page::Offset { offset, .. } => offset,
                Page::After { .. } => 0,
            },
            read: 0,
        }
    }

    /// The next records; `None` behind the last ones.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredRecord>>, StorageError> {
        if self.is_done {
            return Ok(None);
        }
        // One record more than is answered tells whether there are more.
        let wanted = self.left.map_or(u64::MAX, |left| left.saturating_add(1));
        let limit = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.part);
        self.query.page = match self.query.page {
            Page::Offset { offset, .. } => Page::Offset { offset, limit },
            Page::After { cursor, .. } => Page::After { cursor, limit },
        };
        let batch = records::batch(&self.database, &self.query, &self.selection, MAX_BYTES).await?;
        let mut records = batch.records;
        let read = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.read = self.read.saturating_add(u64::from(read));
        self.is_done = records.is_empty() || (!batch.is_cut && read < limit);
        self.part = if batch.is_cut { read.saturating_mul(2) } else { self.part.saturating_mul(2) };
        self.part = self.part.clamp(MIN_RECORDS, MAX_RECORDS);
        if let Some(left) = self.left {
            if u64::from(read) > left {
                records.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                (self.is_done, self.has_more) = (true, true);
            }
            self.left = Some(left.saturating_sub(u64::from(read)));
        }
        if !self.is_done {
            self.go_on(&records, read)?;
        }
        if let Some(last) = records.last() {
            self.last = last.cursor(self.query.sort.direction);
        }
        Ok((!records.is_empty()).then_some(records))
    }

    /// Whether everything was read.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// How many records meet the filters at least, by those that were read.
    pub fn at_least(&self) -> u64 {
        if self.read == 0 { 0 } else { self.skipped.saturating_add(self.read) }
    }

    /// Where the answer ended, if there are more records in the order of time.
    pub fn next_cursor(&self) -> Option<Cursor> {
        self.last.filter(|_| self.has_more && self.is_by_time())
    }

    fn is_by_time(&self) -> bool {
        self.query.sort.by.kind == Kind::Timestamp
    }

    fn go_on(&mut self, records: &[StoredRecord], read: u32) -> Result<(), StorageError> {
        self.query.page = match self.query.page {
            page if self.is_by_time() => {
                let direction: Direction = self.query.sort.direction;
                let cursor = records.last().and_then(|last| last.cursor(direction)).ok_or_else(|| {
                    StorageError::UnexpectedAnswer {
                        statement: "page of records",
                        reason: "the last record has no start_time".to_owned(),
                    }
                })?;
                Page::After { cursor, limit: page.limit() }
            }
            Page::Offset { offset, limit } => {
                Page::Offset { offset: offset.saturating_add(u64::from(read)), limit }
            }
            after => after,
        };
        Ok(())
    }
}
