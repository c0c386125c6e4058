//! Delivers records to their collector: a record waits in a queue, travels in a batch, and is kept until the
//! collector acknowledges it or it is counted as dropped.

pub mod batch;
pub mod delivery;
pub mod keep_alive;
pub mod push;
pub mod queue;
pub mod sink;
