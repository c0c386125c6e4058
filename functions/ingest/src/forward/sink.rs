//! What the handler sees of a receiver of stored records.

use std::fmt;

use futures::future::LocalBoxFuture;
use gatelog_functions_shared::{Failure, MetricsRecorder};
use gatelog_record::AccessRecord;

use crate::group_commit::RecordOutcome;

/// A receiver of stored records, in one instance whose environment is `H`.
pub trait Sink<H>: fmt::Debug {
    /// Forwards the stored records of a request; `outcomes` has the outcome of each.
    ///
    /// # Errors
    ///
    /// [`Failure::NotForwarded`] and [`Failure::ForwardMisconfigured`], only under `at_least_once`.
    fn forward<'s>(
        &'s self,
        records: &'s [AccessRecord<'s>],
        outcomes: &'s [RecordOutcome],
        host: &'s H,
        recorder: &'s MetricsRecorder,
    ) -> LocalBoxFuture<'s, Result<(), Failure>>;

    /// Whether records wait that no task is sending, so that [`Self::send`] must be called.
    fn has_pending(&self) -> bool;

    /// Sends what waits or arrives meanwhile, until nothing is left.
    fn send<'s>(&'s self, host: &'s H, recorder: &'s MetricsRecorder) -> LocalBoxFuture<'s, ()>;
}
