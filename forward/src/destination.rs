//! What a system provides to receive records: how a record is written into a batch, and how a batch is sent.

use std::fmt;

use gatelog_record::{AccessRecord, Timestamp};
use thiserror::Error;

use crate::guarantee::Guarantee;
use crate::runtime::Runtime;

/// A system that receives records.
#[expect(async_fn_in_trait, reason = "futures need not be Send: components are single-threaded")]
pub trait Destination {
    /// Records as they are sent.
    type Batch: Batch;
    /// How a record is written; decided when the record arrives.
    type Choice;
    /// What the records of a request share.
    type Request;
    /// Why a batch was not sent.
    type Error: Clone + fmt::Display + From<BrokenOff>;

    /// The delivery guarantee.
    fn guarantee(&self) -> Guarantee;

    /// Begins the records of a request that arrived at `now`.
    fn begin(&self, now: Timestamp) -> Self::Request;

    /// Whether and how a record is sent; counts it when it is not.
    fn choose(&self, record: &AccessRecord<'_>) -> Option<Self::Choice>;

    /// Appends a record to a batch.
    fn write(
        &self,
        batch: &mut Self::Batch,
        record: &AccessRecord<'_>,
        choice: Self::Choice,
        request: &Self::Request,
    );

    /// Counts a record for which there is no room.
    fn count_dropped(&self);

    /// Sends a batch, and counts what was sent and what was not. One call at a time.
    ///
    /// # Errors
    ///
    /// Why the batch was not sent. Under [`Guarantee::AtLeastOnce`] its records must then not be acknowledged.
    async fn send(&self, batch: &Self::Batch, runtime: &impl Runtime) -> Result<(), Self::Error>;
}

/// Records as they are sent.
pub trait Batch: Default {
    /// The number of records.
    fn records(&self) -> usize;

    /// Bytes that they take.
    fn bytes(&self) -> usize;
}

/// The task that was sending a batch ended early.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the task that was sending the records was cancelled")]
pub struct BrokenOff;
