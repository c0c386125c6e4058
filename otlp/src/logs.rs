//! What reading a request gives: its log records, or why it is refused as a whole.

use gatelog_record::batch::Batch;
use thiserror::Error;

/// The log records of a request.
#[derive(Debug, Default)]
pub struct Logs<'a> {
    /// The records, the log records that are not records, and the number of values lost.
    pub batch: Batch<'a>,
    /// Attributes that the record has no place for.
    pub ignored_attributes: usize,
}

/// Why a whole request is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The body is not protobuf.
    #[error("the body is not an ExportLogsServiceRequest: {source}")]
    NotProtobuf {
        /// What is wrong with it.
        source: crate::wire::Malformed,
    },
    /// The body is not JSON, or not of OTLP's form.
    #[error("the body is not an ExportLogsServiceRequest in JSON: {source}")]
    NotJson {
        /// Where and why, from the JSON reader.
        source: serde_json::Error,
    },
    /// The body holds more log records than the limit.
    #[error("the body holds more than {max_records} log records: send smaller batches")]
    TooMany {
        /// The limit.
        max_records: usize,
    },
}
