//! The outcome of a commit for each record.

use gatelog_storage::StorageError;

/// The outcome for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    /// It is stored now.
    New,
    /// Its `record_id` was stored before, or by another request, or earlier in its own.
    Duplicate,
    /// It is not stored and never will be.
    Refused(Refusal),
}

/// Why a record is not stored while others of its request are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database does not accept one of its values, or the record is too large for it, and says this.
    Unfit(String),
    /// So many records of the request are refused that there was no time to try this one.
    NotTried,
}

/// The outcome for each record of a request, in order; or why none is known.
pub type CommitResult = Result<Vec<RecordOutcome>, StorageError>;
