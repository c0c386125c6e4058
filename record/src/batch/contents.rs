//! The result of reading a body, and why a body cannot be read.

use thiserror::Error;

use crate::fields::AccessRecord;
use crate::mend;

/// The records of a body, and the elements that are not records.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Each record with its index in the body.
    pub records: Vec<(usize, AccessRecord<'a>)>,
    /// The rejected elements, in the order of the body.
    pub rejected: Vec<Rejected>,
    /// Values that could not be kept as they were: counts that are not counts, and repairs.
    pub values_lost: usize,
}

/// One element of a body that is not a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Position in the body, from 0.
    pub index: usize,
    /// The problem; it names the key at fault, if any. It never quotes more than a line of the body.
    pub error: String,
}

/// Why a whole body is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The body has no content.
    #[error("the body is empty: send one JSON object, an array of objects, or one object a line")]
    Empty,
    /// The body is not JSON.
    #[error("the body is not JSON: {source}")]
    NotJson {
        /// Where and why, from the JSON reader.
        source: serde_json::Error,
    },
    /// The body holds more elements than the limit.
    #[error("the body holds more than {max_records} records: send smaller batches")]
    TooMany {
        /// The limit.
        max_records: usize,
    },
}

impl Batch<'_> {
    /// The same records with owned texts.
    pub(super) fn into_owned(self) -> Batch<'static> {
        let own = |(index, record): (usize, AccessRecord<'_>)| (index, record.into_owned());
        Batch {
            records: self.records.into_iter().map(own).collect(),
            rejected: self.rejected,
            values_lost: self.values_lost,
        }
    }
}

/// Whether a character may surround records: JSON's white space, and the byte order mark that some programs write at
/// the start of a file.
pub(super) fn is_blank(character: char) -> bool {
    character.is_ascii_whitespace() || character == mend::BYTE_ORDER_MARK
}
