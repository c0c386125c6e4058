//! The way of a record to its collector: it waits, travels in a batch, and is kept until it is acknowledged or counted as
//! dropped.

pub mod batch;
pub mod keep_alive;
pub mod push;
pub mod queue;
pub mod sink;
