//! The headers of a push in which the filter reports its state.

/// Names the VM that the other headers describe. A new VM has a new name.
pub const FILTER_HEADER: &str = "x-gatelog-filter";
/// Records still waiting in the VM when the batch was sent.
pub const QUEUE_HEADER: &str = "x-gatelog-queue-entries";
/// Records that the VM has dropped since it started.
pub const DROPPED_HEADER: &str = "x-gatelog-dropped";
/// Pushes that the VM has retried since it started.
pub const RETRIES_HEADER: &str = "x-gatelog-retries";
