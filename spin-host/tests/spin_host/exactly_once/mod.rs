//! Every record is stored exactly once: batches sent again, in part, by many clients at once, and when the host dies
//! between the commit and the response. The tests use the real function and its real database, and the last one a
//! real process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says where by panicking")]

mod kill;
mod resend;
mod store;
