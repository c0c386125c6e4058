//! What to look for, typed: filters on the fields of the record, an order, and a page.

use gatelog_record::{Field, Timestamp};

use crate::Cursor;

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

/// A condition on one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The field, from the field table.
    pub field: &'static Field,
    /// What its value has to be.
    pub test: Test,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// At or after this time.
    NotBefore(Timestamp),
    /// At or before this time.
    NotAfter(Timestamp),
    /// One of these texts.
    TextIn(Vec<String>),
    /// None of these texts; a record without a value passes.
    TextNotIn(Vec<String>),
    /// One of these services, in the form that is given or in the other one ([`crate::service`]). A name finds its
    /// clusters on every port; a cluster finds itself and its name.
    ServiceIn(Vec<String>),
    /// None of these services in either form; a record without a value passes.
    ServiceNotIn(Vec<String>),
    /// A service whose name begins with that of this one, in either form.
    ServiceStartsWith(String),
    /// A text, or JSON text, that contains this one.
    Contains(String),
    /// A text that begins with this one.
    StartsWith(String),
    /// A text that is not empty.
    Present,
    /// A number in one of these ranges, ends included.
    NumberIn(Vec<(i64, i64)>),
    /// A number in none of these ranges; a record without a value passes.
    NumberNotIn(Vec<(i64, i64)>),
    /// At least this number.
    AtLeast(i64),
    /// At most this number.
    AtMost(i64),
}

/// The order of an answer. Records with equal values follow in the order in which they were stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sort {
    /// The field to order by.
    pub by: &'static Field,
    /// Which end comes first.
    pub direction: Direction,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, earliest first.
    Ascending,
    /// Largest, latest first.
    Descending,
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
