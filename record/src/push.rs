//! What a push from the filter to ingest has beside its body: headers in which the filter tells of itself.

/// Names the VM whose numbers the other headers give. A new VM has a new name.
pub const FILTER_HEADER: &str = "x-gatelog-filter";
/// Records still waiting in the VM when the batch was sent.
pub const QUEUE_HEADER: &str = "x-gatelog-queue-entries";
/// Records that the VM has dropped since it started.
pub const DROPPED_HEADER: &str = "x-gatelog-dropped";
/// Pushes that the VM has repeated since it started.
pub const RETRIES_HEADER: &str = "x-gatelog-retries";
