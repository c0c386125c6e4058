//! What to look for, typed: filters, an order, and a page.

use super::cursor::Cursor;
use super::filter::Filter;
use super::sort::Sort;

/// A question about the stored records. Everything in it is bound or comes from the field table.
#[derive(Clone, Debug)]
pub struct Query {
    /// Conditions that a record has to meet, all of them.
    pub filters: Vec<Filter>,
    /// The order of the answer.
    pub sort: Sort,
    /// Which part of the ordered records to answer.
    pub page: Page,
}

/// Which part of the ordered records to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `limit` records after the first `offset`. The database walks over the skipped ones.
    Offset {
        /// Records to skip.
        offset: u64,
        /// Most records to answer.
        limit: u32,
    },
    /// `limit` records after a place; equally fast wherever that is. The order must be by `start_time`, in the
    /// cursor's direction.
    After {
        /// The place.
        cursor: Cursor,
        /// Most records to answer.
        limit: u32,
    },
}

impl Page {
    /// Most records to answer.
    pub fn limit(self) -> u32 {
        match self {
            Self::Offset { limit, .. } | Self::After { limit, .. } => limit,
        }
    }
}
