//! The outcome of a commit for each record.

use gatelog_storage::StorageError;

/// The outcome for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    /// The record is newly stored.
    New,
    /// Its `record_id` was already stored, or stored by another request, or occurs earlier in the same
    /// request.
    Duplicate,
    /// The record is not stored and never will be.
    Refused(Refusal),
}

/// Why a record is not stored while others of its request are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database does not accept one of its values, or the record is too large for the database; holds the
    /// database's message.
    Unfit(String),
    /// So many records of the request were refused that there was no time to try this one.
    NotTried,
}

/// The outcome for each record of a request, in order, or the reason why it is unknown.
pub type CommitResult = Result<Vec<RecordOutcome>, StorageError>;
