//! The order of an answer.

use gatelog_record::Field;

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
